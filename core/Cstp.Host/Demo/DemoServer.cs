using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Host.Demo;

/// <summary>A message as a server of the demo took it.</summary>
/// <param name="Recipients">Its recipients.</param>
/// <param name="Content">Its octets.</param>
internal sealed record TakenMessage(IReadOnlyList<string> Recipients, byte[] Content);

/// <summary>A mail server on loopback that records what it takes. Where it has an upstream, it takes nothing itself but passes all on: then it is the wire.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _sessions = new();
    private readonly Task _accepting;

    /// <summary>Starts to listen.</summary>
    public DemoServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Its port.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Where everything goes on to; null where it is taken here.</summary>
    public int? Upstream { get; set; }

    /// <summary>What was taken, or passed on.</summary>
    public ConcurrentQueue<TakenMessage> Messages { get; } = new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions.Keys);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Task session = Task.Run(() => ServeAsync(client));
                _sessions[session] = true;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The demo is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                if (Upstream is { } port)
                    await PassAsync(client, port);
                else
                    await TakeAsync(client);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The session ended; what it did not finish was not recorded.
            }
        }
    }

    private async Task TakeAsync(TcpClient client)
    {
        client.NoDelay = true;
        await using NetworkStream stream = client.GetStream();
        using var lines = new DemoLines(stream);
        await SendAsync(stream, "220 demo.test ESMTP");
        var recipients = new List<string>();
        while (await lines.ReadAsync(_stop.Token) is { } line)
        {
            string text = Encoding.Latin1.GetString(line).TrimEnd();
            switch (text.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await SendAsync(stream, "250-demo.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 104857600");
                    break;
                case "MAIL" or "RSET":
                    recipients = [];
                    await SendAsync(stream, "250 2.0.0 Ok");
                    break;
                case "RCPT":
                    recipients.Add(AddressOf(text));
                    await SendAsync(stream, "250 2.1.5 Ok");
                    break;
                case "DATA":
                    await SendAsync(stream, "354 Go ahead");
                    if (await lines.ReadContentAsync(_stop.Token) is not { } content)
                        return;
                    Messages.Enqueue(new TakenMessage(recipients, content));
                    await SendAsync(stream, "250 2.0.0 Ok: recorded");
                    break;
                case "QUIT":
                    await SendAsync(stream, "221 2.0.0 Bye");
                    return;
                default:
                    await SendAsync(stream, "250 2.0.0 Ok");
                    break;
            }
        }
    }

    private async Task PassAsync(TcpClient client, int port)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
        client.NoDelay = server.NoDelay = true;
        NetworkStream clientStream = client.GetStream();
        NetworkStream serverStream = server.GetStream();
        using var seen = new MemoryStream();
        try
        {
            await Task.WhenAll(CopyAsync(serverStream, clientStream, client.Client, null), CopyAsync(clientStream, serverStream, server.Client, seen));
        }
        finally
        {
            seen.Position = 0;
            await RecordAsync(seen);
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Socket target, MemoryStream? seen)
    {
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, _stop.Token)) > 0)
        {
            seen?.Write(buffer, 0, read);
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
        target.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Reads the messages out of what a client said.</summary>
    private async Task RecordAsync(Stream said)
    {
        using var lines = new DemoLines(said);
        var recipients = new List<string>();
        while (await lines.ReadAsync(CancellationToken.None) is { } line)
        {
            string text = Encoding.Latin1.GetString(line).TrimEnd();
            if (text.StartsWith("MAIL", StringComparison.OrdinalIgnoreCase))
                recipients = [];
            else if (text.StartsWith("RCPT", StringComparison.OrdinalIgnoreCase))
                recipients.Add(AddressOf(text));
            else if (text.Equals("DATA", StringComparison.OrdinalIgnoreCase) && await lines.ReadContentAsync(CancellationToken.None) is { } content)
                Messages.Enqueue(new TakenMessage(recipients, content));
        }
    }

    private static string AddressOf(string command) => command[(command.IndexOf('<', StringComparison.Ordinal) + 1)..command.IndexOf('>', StringComparison.Ordinal)];

    private static async Task SendAsync(NetworkStream stream, string reply) => await stream.WriteAsync(Encoding.ASCII.GetBytes(reply + "\r\n"));
}
