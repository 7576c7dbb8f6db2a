using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Cstp.Tests.EndToEnd;

/// <summary>A message that a server took.</summary>
internal sealed record RecordedMessage(string Mail, IReadOnlyList<string> Recipients, byte[] Content)
{
    public string Text => Encoding.Latin1.GetString(Content);

    /// <summary>Whether it came through TLS.</summary>
    public bool IsSecured { get; init; }

    /// <summary>Whether it came by BDAT.</summary>
    public bool CameInChunks { get; init; }

    public bool IsFor(string address) => Recipients.Contains($"RCPT TO:<{address}>");
}

/// <summary>A mail server on loopback that records what it gets, octet for octet, and answers as it is told.</summary>
internal sealed class RecordingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly Task _accepting;

    public RecordingServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<RecordedMessage> Messages { get; } = new();

    /// <summary>Every command line of every session, in order of arrival.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    /// <summary>Commands that came through TLS.</summary>
    public ConcurrentQueue<string> SecuredCommands { get; } = new();

    /// <summary>With what it answers STARTTLS; null for a server without TLS. The keyword is added to <see cref="Extensions"/> outside of TLS.</summary>
    public SslServerAuthenticationOptions? Tls { get; set; }

    /// <summary>Octets in clear behind the 220 that begins TLS.</summary>
    public string BehindStartTls { get; set; } = "";

    /// <summary>TLS that came about.</summary>
    public ConcurrentQueue<(SslProtocols Version, string Name)> Handshakes { get; } = new();

    /// <summary>Offered besides, in TLS alone.</summary>
    public string SecuredExtensions { get; set; } = "";

    public string Extensions { get; set; } = "PIPELINING\n8BITMIME\nSIZE 104857600\nENHANCEDSTATUSCODES\nDSN";

    /// <summary>When it begins to read content after its 354.</summary>
    public Task ReadsContent { get; set; } = Task.CompletedTask;

    /// <summary>After its 354 it reads nothing any more, and says this once it is known; null for a server that reads.</summary>
    public Task<string>? AnswersUnread { get; set; }

    /// <summary>At the end of an answer: with it the server closes.</summary>
    public const string Farewell = " and goodbye";

    /// <summary>Answers a command otherwise than usual; null for the usual. "DOT" stands for the final dot.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _sessions.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                Stream stream = client.GetStream();
                var reader = new LineStream(stream);
                SslStream? secured = null;
                await Send(stream, Answer("CONNECT") ?? "220 recorder.test ESMTP");
                string mail = "";
                List<string> recipients = [];
                var chunks = new MemoryStream();
                while (await reader.ReadLineAsync(_stop.Token) is { } raw)
                {
                    string line = Encoding.Latin1.GetString(raw).TrimEnd('\r', '\n');
                    Commands.Enqueue(line);
                    if (secured is not null)
                        SecuredCommands.Enqueue(line);
                    string verb = line.Split(' ')[0].ToUpperInvariant();
                    byte[] chunk = verb == "BDAT" ? new byte[int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)] : [];
                    await reader.ReadExactlyAsync(chunk, _stop.Token);
                    string? told = Answer(line);
                    if (told == "CUT")
                    {
                        client.Client.LingerState = new LingerOption(true, 0);
                        return;
                    }
                    if (told is not null)
                    {
                        await Send(stream, told.Replace(Farewell, "", StringComparison.Ordinal));
                        if (told.EndsWith(Farewell, StringComparison.Ordinal))
                            return;
                        continue;
                    }
                    switch (verb)
                    {
                        case "EHLO":
                            string offers = Extensions + (Tls is null ? "" : secured is null ? "\nSTARTTLS" : "\n" + SecuredExtensions);
                            string[] lines = ["recorder.test", .. offers.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
                            await Send(stream, string.Join("\r\n", lines.Select((l, i) => $"250{(i < lines.Length - 1 ? '-' : ' ')}{l}")));
                            break;
                        case "MAIL":
                            mail = line;
                            recipients = [];
                            chunks.SetLength(0);
                            await Send(stream, "250 2.1.0 Ok");
                            break;
                        case "RCPT":
                            recipients.Add(line);
                            await Send(stream, "250 2.1.5 Ok");
                            break;
                        case "BDAT":
                            chunks.Write(chunk);
                            if (!line.EndsWith("LAST", StringComparison.Ordinal))
                            {
                                await Send(stream, "250 2.0.0 Ok");
                                break;
                            }
                            Messages.Enqueue(new RecordedMessage(mail, recipients, chunks.ToArray()) { IsSecured = secured is not null, CameInChunks = true });
                            chunks.SetLength(0);
                            await Send(stream, "250 2.0.0 Ok: queued");
                            break;
                        case "DATA":
                            await Send(stream, "354 Go ahead");
                            if (AnswersUnread is not null)
                            {
                                await Send(stream, await AnswersUnread.WaitAsync(_stop.Token));
                                await Task.Delay(Timeout.Infinite, _stop.Token);
                            }
                            await ReadsContent.WaitAsync(_stop.Token);
                            byte[]? content = await reader.ReadDataAsync(_stop.Token);
                            if (content is null)
                                return;
                            string reply = Answer("DOT") ?? "250 2.0.0 Ok: queued";
                            if (reply == "CUT")
                            {
                                client.Client.LingerState = new LingerOption(true, 0);
                                return;
                            }
                            if (reply.StartsWith('2'))
                                Messages.Enqueue(new RecordedMessage(mail, recipients, content) { IsSecured = secured is not null });
                            await Send(stream, reply);
                            break;
                        case "STARTTLS" when Tls is not null && secured is null:
                            await Send(stream, "220 2.0.0 Ready" + (BehindStartTls.Length > 0 ? "\r\n" + BehindStartTls : ""));
                            secured = new SslStream(stream, leaveInnerStreamOpen: false);
                            await secured.AuthenticateAsServerAsync(Tls, _stop.Token);
                            Handshakes.Enqueue((secured.SslProtocol, secured.TargetHostName));
                            stream = secured;
                            reader = new LineStream(stream);
                            break;
                        case "QUIT":
                            await Send(stream, "221 2.0.0 Bye");
                            return;
                        default:
                            await Send(stream, "250 2.0.0 Ok");
                            break;
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or AuthenticationException)
            {
            }
        }
    }

    private static Task Send(Stream stream, string reply) => stream.WriteAsync(Encoding.Latin1.GetBytes(reply + "\r\n")).AsTask();
}

/// <summary>Reads lines and message content off a stream.</summary>
internal sealed class LineStream(Stream stream) : IDisposable
{
    private readonly BufferedStream _stream = new(stream, 64 * 1024);

    public async Task<byte[]?> ReadLineAsync(CancellationToken cancel)
    {
        var line = new List<byte>();
        byte[] one = new byte[1];
        while (await _stream.ReadAsync(one, cancel) == 1)
        {
            line.Add(one[0]);
            if (one[0] == '\n')
                return [.. line];
        }
        return null;
    }

    public ValueTask ReadExactlyAsync(byte[] octets, CancellationToken cancel) => _stream.ReadExactlyAsync(octets, cancel);

    /// <summary>Content with dots taken out; null where the connection ended before the final dot.</summary>
    public async Task<byte[]?> ReadDataAsync(CancellationToken cancel)
    {
        var content = new MemoryStream();
        while (await ReadLineAsync(cancel) is { } line)
        {
            if (line is [(byte)'.', (byte)'\r', (byte)'\n'])
                return content.ToArray();
            content.Write(line[0] == '.' ? line.AsSpan(1) : line);
        }
        return null;
    }

    public void Dispose() => _stream.Dispose();
}
