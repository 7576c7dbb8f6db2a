using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.EndToEnd.Crash;

/// <summary>The server behind intel: keeps what it accepted, and falls when the scene says so.</summary>
internal sealed class FragileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _sessions = new();
    private readonly Task _accepting;

    public FragileServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What it accepted.</summary>
    public ConcurrentQueue<string> Held { get; } = new();

    public Scene? Scene { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                Task session = Task.Run(() => ServeAsync(client));
                _sessions[session] = 0;
                _ = session.ContinueWith(done => _sessions.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            client.NoDelay = true;
            await using var stream = new NetworkStream(client);
            try
            {
                if (await ConverseAsync(stream))
                    client.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
            }
        }
    }

    /// <summary>One session.</summary>
    /// <returns>Whether it ends in a fall.</returns>
    private async Task<bool> ConverseAsync(NetworkStream stream)
    {
        using var lines = new LineStream(stream);
        if (await StepAsync(stream, ProtocolState.Banner, "220 fragile.test ESMTP"))
            return true;
        while (await ReadAsync(lines) is { } line)
        {
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    if (await StepAsync(stream, ProtocolState.Ehlo, "250-fragile.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"))
                        return true;
                    break;
                case "MAIL":
                    if (await StepAsync(stream, ProtocolState.Mail, "250 2.1.0 Ok"))
                        return true;
                    break;
                case "RCPT":
                    if (await StepAsync(stream, ProtocolState.Rcpt, "250 2.1.5 Ok"))
                        return true;
                    break;
                case "DATA":
                    if (await StepAsync(stream, ProtocolState.Data, "354 Go ahead"))
                        return true;
                    if (await TakeAsync(lines) is not { } content || await FallsAsync(ProtocolState.AfterDot, Moment.Early))
                        return true;
                    Held.Enqueue(content);
                    if (await FallsAsync(ProtocolState.AfterDot, Moment.Late))
                        return true;
                    await WriteAsync(stream, "250 2.0.0 Ok: kept");
                    break;
                case "QUIT":
                    return await StepAsync(stream, ProtocolState.Quit, "221 2.0.0 Bye");
                default:
                    await WriteAsync(stream, "250 2.0.0 Ok");
                    break;
            }
        }
        return false;
    }

    /// <summary>Reads a message to its dot.</summary>
    /// <returns>Null for a fall.</returns>
    private async Task<string?> TakeAsync(LineStream lines)
    {
        var content = new StringBuilder();
        for (int number = 1; await ReadAsync(lines) is { } line; number++)
        {
            if (line == ".")
                return content.ToString();
            content.Append(line.StartsWith('.') ? line.AsSpan(1) : line).Append("\r\n");
            if ((number == 1 && await FallsAsync(ProtocolState.Content, Moment.Early))
                || (number == 100 && await FallsAsync(ProtocolState.Content, Moment.Late))
                || (line == Letter.LastLine && (await FallsAsync(ProtocolState.BeforeDot, Moment.Early) || await FallsAsync(ProtocolState.BeforeDot, Moment.Late))))
                return null;
        }
        throw new IOException("cut within content");
    }

    private async Task<bool> StepAsync(NetworkStream stream, ProtocolState state, string reply)
    {
        if (await FallsAsync(state, Moment.Early))
            return true;
        await WriteAsync(stream, reply);
        return await FallsAsync(state, Moment.Late);
    }

    private async Task<bool> FallsAsync(ProtocolState state, Moment moment) => Scene is not null && await Scene.FallsAsync(Witness.Server, state, moment);

    private async Task<string?> ReadAsync(LineStream lines) =>
        await lines.ReadLineAsync(_stop.Token) is { } raw ? Encoding.Latin1.GetString(raw).TrimEnd('\r', '\n') : null;

    private static Task WriteAsync(NetworkStream stream, string reply) => stream.WriteAsync(Encoding.Latin1.GetBytes(reply + "\r\n")).AsTask();
}
