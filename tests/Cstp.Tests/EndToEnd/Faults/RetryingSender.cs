using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Tests.EndToEnd.Faults;

/// <summary>Sends one message as a mail server does: each recipient stays in the queue until his own 2xx.</summary>
/// <param name="sender">The reverse-path.</param>
/// <param name="content">The message.</param>
/// <param name="recipients">To whom.</param>
internal sealed class RetryingSender(string sender, string content, IReadOnlyList<string> recipients)
{
    private readonly List<string> _queue = [.. recipients];

    public bool IsDone => _queue.Count == 0;

    /// <summary>What was said, for people.</summary>
    public List<string> Story { get; } = [];

    /// <summary>One attempt with all who are left.</summary>
    public async Task AttemptAsync(int port, SplitStage stage)
    {
        Story.Add($"--- to {string.Join(' ', _queue)}");
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            stage.Client = socket;
            await using var stream = new NetworkStream(socket);
            using var lines = new LineStream(stream);
            await ConverseAsync(stream, lines, stage);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Story.Add($"lost: {e.Message}");
        }
    }

    private async Task ConverseAsync(NetworkStream stream, LineStream lines, SplitStage stage)
    {
        if (!await HearAsync(lines, '2'))
            return;
        await stage.ReachAsync(Role.Client, Point.Connected);
        if (!await AskAsync(stream, lines, "EHLO sender.test", '2'))
            return;
        await stage.ReachAsync(Role.Client, Point.Hello);
        if (!await AskAsync(stream, lines, $"MAIL FROM:<{sender}>", '2'))
            return;
        await stage.ReachAsync(Role.Client, Point.Mail);
        var accepted = new List<string>();
        foreach (string recipient in _queue)
        {
            if (await AskAsync(stream, lines, $"RCPT TO:<{recipient}>", '2'))
                accepted.Add(recipient);
            await stage.ReachAsync(Role.Client, Point.Rcpt);
        }
        if (accepted.Count == 0 || !await AskAsync(stream, lines, "DATA", '3'))
            return;
        await stage.ReachAsync(Role.Client, Point.Data);
        byte[] wire = RawClient.Stuff(Encoding.Latin1.GetBytes(content));
        await stream.WriteAsync(wire.AsMemory(0, wire.Length / 2));
        await stage.ReachAsync(Role.Client, Point.Content);
        await stream.WriteAsync(wire.AsMemory(wire.Length / 2));
        await stream.WriteAsync(".\r\n"u8.ToArray());
        await stage.ReachAsync(Role.Client, Point.Dot);
        bool taken = await HearAsync(lines, '2');
        stage.ClientHeard = taken;
        if (taken)
            _queue.RemoveAll(accepted.Contains);
        await stage.ReachAsync(Role.Client, Point.Replied);
        await AskAsync(stream, lines, "QUIT", '2');
    }

    private async Task<bool> AskAsync(NetworkStream stream, LineStream lines, string command, char expected)
    {
        Story.Add($"C {command}");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(command + "\r\n"));
        return await HearAsync(lines, expected);
    }

    private async Task<bool> HearAsync(LineStream lines, char expected)
    {
        using var patience = new CancellationTokenSource(RawClient.Patience);
        while (true)
        {
            byte[] raw = await lines.ReadLineAsync(patience.Token) ?? throw new IOException("the box closed");
            string line = Encoding.Latin1.GetString(raw).TrimEnd('\r', '\n');
            if (line.Length > 3 && line[3] == '-')
                continue;
            Story.Add($"S {line}");
            return line[0] == '5' ? throw new InvalidOperationException($"refused for good because of a fall: {line}") : line[0] == expected;
        }
    }
}
