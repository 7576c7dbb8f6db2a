using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Tests.EndToEnd.Faults;

/// <summary>A mail server that keeps what it took, and falls when the stage says so.</summary>
internal sealed class FaultServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _sessions = new();
    private readonly bool _isRelay;
    private readonly Task _accepting;

    public FaultServer(bool isRelay)
    {
        _isRelay = isRelay;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public SplitStage Stage { get; set; } = new(null, () => Task.CompletedTask);

    public bool RefusesSecond { get; set; }

    /// <summary>Each copy that was taken.</summary>
    public ConcurrentQueue<(string Recipient, string Content)> Held { get; } = new();

    /// <summary>Waits until no session is left.</summary>
    public async Task UntilQuietAsync(CancellationToken cancel)
    {
        while (!_sessions.IsEmpty)
            await Task.WhenAll(_sessions.Keys).WaitAsync(cancel);
    }

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
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                var done = new TaskCompletionSource();
                _sessions[done.Task] = 0;
                _ = Task.Run(async () =>
                {
                    await ServeAsync(socket);
                    _sessions.TryRemove(done.Task, out _);
                    done.SetResult();
                });
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                await using var stream = new NetworkStream(socket);
                await ConverseAsync(stream, new FaultSession(socket), Stage);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
            {
            }
        }
    }

    private async Task ConverseAsync(NetworkStream stream, FaultSession session, SplitStage stage)
    {
        Role role = stage.Enter(session, _isRelay);
        if (RefusesSecond && role == Role.FurtherServer && !_isRelay)
        {
            await WriteAsync(stream, "421 4.7.0 One connection from you is enough");
            return;
        }
        using var lines = new LineStream(stream);
        List<string> recipients = [];
        await stage.ReachAsync(role, Point.Connected);
        await WriteAsync(stream, "220 fault.test ESMTP");
        while (await lines.ReadLineAsync(_stop.Token) is { } raw)
        {
            session.Taken = null;
            string line = Encoding.Latin1.GetString(raw).TrimEnd('\r', '\n');
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await stage.ReachAsync(role, Point.Hello);
                    await WriteAsync(stream, "250-fault.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES");
                    break;
                case "MAIL":
                    recipients = [];
                    await stage.ReachAsync(role, Point.Mail);
                    await WriteAsync(stream, "250 2.1.0 Ok");
                    break;
                case "RCPT":
                    recipients.Add(line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)]);
                    await stage.ReachAsync(role, Point.Rcpt);
                    await WriteAsync(stream, "250 2.1.5 Ok");
                    break;
                case "DATA":
                    session.SawData = true;
                    await stage.ReachAsync(role, Point.Data);
                    await WriteAsync(stream, "354 Go ahead");
                    await stage.ReachAsync(role, Point.Content);
                    if (await lines.ReadDataAsync(_stop.Token) is not { } content)
                        return;
                    await stage.ReachAsync(role, Point.Dot);
                    // One that fell takes nothing any more.
                    if (session.Socket.SafeHandle.IsClosed)
                        return;
                    foreach (string recipient in recipients)
                        Held.Enqueue((recipient, Encoding.Latin1.GetString(content)));
                    session.Recipients = session.Taken = [.. recipients];
                    stage.Took(session);
                    await stage.ReachAsync(role, Point.Taken);
                    await WriteAsync(stream, "250 2.0.0 Ok: kept");
                    await stage.ReachAsync(role, Point.Replied);
                    break;
                case "QUIT":
                    await WriteAsync(stream, "221 2.0.0 Bye");
                    return;
                default:
                    await WriteAsync(stream, "250 2.0.0 Ok");
                    break;
            }
        }
    }

    private static Task WriteAsync(NetworkStream stream, string reply) => stream.WriteAsync(Encoding.Latin1.GetBytes(reply + "\r\n")).AsTask();
}
