using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Bench;

/// <summary>Peers that are slow in each state of a session, and peers that have no end.</summary>
/// <param name="port">The box.</param>
/// <param name="signed">A message whose signer cannot be looked up.</param>
internal sealed class HostileCrowd(int port, byte[] signed) : IAsyncDisposable
{
    /// <summary>Slow clients of one state.</summary>
    private const int OfAState = 100;

    private const int Senders = 20;

    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _tasks = [];
    private long _recipients;
    private long _headerOctets;
    private long _lineOctets;
    private int _signed;
    private int _next;

    public int Slow => 6 * OfAState;

    public long Recipients => Interlocked.Read(ref _recipients);

    public double HeaderMiB => Interlocked.Read(ref _headerOctets) / 1024.0 / 1024;

    public double LineMiB => Interlocked.Read(ref _lineOctets) / 1024.0 / 1024;

    public int Signed => _signed;

    /// <summary>Lets all of them come; each comes again when it is closed.</summary>
    public void Come()
    {
        string[] before = ["", "EHLO slow.test", "MAIL FROM:<slow@crowd.test>", "RCPT TO:<guest@amd.test>", "DATA", "Subject: slow\r\n\r\n"];
        for (int state = 0; state < before.Length; state++)
        {
            for (int i = 0; i < OfAState; i++)
            {
                int reached = state;
                Again(session => TrickleAsync(session, before, reached));
            }
        }
        for (int i = 0; i < 4; i++)
            Again(RecipientsAsync);
        for (int i = 0; i < 2; i++)
        {
            Again(HeaderAsync);
            Again(LineAsync);
        }
        for (int i = 0; i < Senders; i++)
            Again(SignedAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private void Again(Func<HostileSession, Task> attack)
    {
        int number = _next++;
        _tasks.Add(Task.Run(async () =>
        {
            while (!_end.IsCancellationRequested)
            {
                try
                {
                    using HostileSession session = await HostileSession.ConnectAsync(port, new IPAddress([127, 3, (byte)(number >> 8), (byte)number]), _end.Token);
                    await attack(session);
                }
                catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
                {
                    await Task.Delay(200);
                }
            }
        }));
    }

    /// <summary>Goes as far as a state quickly, and then on with one octet a second.</summary>
    private async Task TrickleAsync(HostileSession session, string[] steps, int reached)
    {
        for (int i = 1; i <= reached; i++)
        {
            if (i < 5)
                await session.AskAsync(steps[i]);
            else
                await session.SendAsync(Encoding.ASCII.GetBytes(steps[i]));
        }
        byte[] octet = [(byte)'x'];
        while (true)
        {
            await session.SendAsync(octet);
            await Task.Delay(1000, _end.Token);
        }
    }

    private async Task RecipientsAsync(HostileSession session)
    {
        await session.AskAsync("EHLO many.test");
        await session.AskAsync("MAIL FROM:<many@crowd.test>");
        Task reading = session.DrainAsync();
        const int Block = 500;
        for (int i = 0; !reading.IsCompleted; i += Block)
        {
            var lines = new StringBuilder();
            for (int j = 0; j < Block; j++)
                lines.Append("RCPT TO:<guest").Append(i + j).Append("@amd.test>\r\n");
            await session.SendAsync(Encoding.ASCII.GetBytes(lines.ToString()));
            Interlocked.Add(ref _recipients, Block);
        }
        await reading;
    }

    private async Task HeaderAsync(HostileSession session)
    {
        foreach (string line in new[] { "EHLO head.test", "MAIL FROM:<head@crowd.test>", "RCPT TO:<guest@amd.test>", "DATA" })
            await session.AskAsync(line);
        byte[] fields = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"X-More: {new string('h', 900)}\r\n", 16)));
        Task reading = session.DrainAsync();
        while (!reading.IsCompleted)
        {
            await session.SendAsync(fields);
            Interlocked.Add(ref _headerOctets, fields.Length);
            await Task.Delay(5, _end.Token);
        }
        await reading;
    }

    private async Task LineAsync(HostileSession session)
    {
        byte[] piece = Encoding.ASCII.GetBytes(new string('l', 16 * 1024));
        Task reading = session.DrainAsync();
        while (!reading.IsCompleted)
        {
            await session.SendAsync(piece);
            Interlocked.Add(ref _lineOctets, piece.Length);
            await Task.Delay(5, _end.Token);
        }
        await reading;
    }

    private async Task SignedAsync(HostileSession session)
    {
        foreach (string line in new[] { "EHLO signed.test", "MAIL FROM:<mila@crowd.test>", "RCPT TO:<juro@amd.test>", "DATA" })
            await session.AskAsync(line);
        await session.SendAsync(signed);
        await session.AskAsync(".");
        Interlocked.Increment(ref _signed);
    }
}
