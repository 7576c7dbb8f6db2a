using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Bench;

/// <summary>
/// Clients that are slowed, each from an address of its own in 127.1.0.0/16: they speak before they are greeted and wait for the greeting; or, found
/// out later, they greet with an address that is not theirs, and wait for each reply, with a connection to the server behind them.
/// </summary>
/// <param name="port">The box.</param>
/// <param name="clients">How many.</param>
/// <param name="afterGreeting">Whether they are found out by what they greet with.</param>
internal sealed class SlowedCrowd(int port, int clients, bool afterGreeting) : IAsyncDisposable
{
    /// <summary>How many come at the same time; the box's backlog is 1,024.</summary>
    private const int AtOnce = 50;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private static readonly byte[] s_early = Encoding.ASCII.GetBytes("EHLO client.crowd.test\r\n");

    private static readonly byte[] s_forged = Encoding.ASCII.GetBytes("EHLO [198.51.100.1]\r\n");

    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _arriving = new(AtOnce);
    private List<Task> _tasks = [];
    private int _waiting;

    /// <summary>Clients that are connected and hear nothing.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Lets all of them come, and waits until all wait.</summary>
    public async Task GatherAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(s_patience);
        _tasks = [.. Enumerable.Range(0, clients).Select(client => WaitAgainAndAgainAsync(client, _end.Token))];
        while (Waiting < clients)
        {
            if (_tasks.FirstOrDefault(task => task.IsFaulted) is { } broken)
                await broken;
            await Task.Delay(50, patience.Token);
        }
        // Until the box has accepted the last, and has waited whether it waits for its greeting.
        await Task.Delay(TimeSpan.FromSeconds(2), patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _arriving.Dispose();
    }

    private async Task WaitAgainAndAgainAsync(int client, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            await _arriving.WaitAsync(cancel);
            Socket? socket = null;
            try
            {
                socket = await ConnectAsync(client, cancel);
                if (afterGreeting)
                    await ReadAsync(socket, cancel);
                await socket.SendAsync(afterGreeting ? s_forged : s_early, cancel);
            }
            finally
            {
                _arriving.Release();
            }
            using (socket)
            {
                Interlocked.Increment(ref _waiting);
                try
                {
                    await ReadAsync(socket, cancel);
                    while (afterGreeting)
                    {
                        await socket.SendAsync(s_forged, cancel);
                        await ReadAsync(socket, cancel);
                    }
                }
                finally
                {
                    Interlocked.Decrement(ref _waiting);
                }
            }
        }
    }

    private static async Task ReadAsync(Socket socket, CancellationToken cancel)
    {
        byte[] reply = new byte[1024];
        if (await socket.ReceiveAsync(reply, cancel) == 0)
            throw new IOException("the box closed without a word");
    }

    private async Task<Socket> ConnectAsync(int client, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(client >> 8), (byte)client]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
