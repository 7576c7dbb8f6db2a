using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.EndToEnd.Harness;

/// <summary>Stands on the wire between two boxes: passes octets on and looks for those that nobody should be able to read.</summary>
internal sealed class WireTap : IAsyncDisposable
{
    /// <summary>What a secret content repeats; the tap counts how often it crosses.</summary>
    public const string Secret = "for-the-recipients-eyes-only";

    /// <summary>Octets kept of each connection and direction, for tests that look closer.</summary>
    private const int Kept = 64 * 1024;

    private readonly byte[] _secret = Encoding.ASCII.GetBytes(Secret);
    private readonly Func<int> _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly ConcurrentQueue<MemoryStream> _seen = new();
    private readonly Task _accepting;
    private long _octets;
    private int _sightings;

    /// <param name="target">The port to pass on to, asked for each connection.</param>
    public WireTap(Func<int> target)
    {
        _target = target;
        _listener.Start(512);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Octets that crossed, both ways.</summary>
    public long Octets => Interlocked.Read(ref _octets);

    /// <summary>How often the secret crossed readable.</summary>
    public int Sightings => _sightings;

    /// <summary>The beginning of every connection, one text a direction.</summary>
    public IReadOnlyList<string> Seen => [.. _seen.Select(Text)];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
    }

    private static string Text(MemoryStream seen)
    {
        lock (seen)
            return Encoding.Latin1.GetString(seen.GetBuffer().AsSpan(0, (int)seen.Length));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket near = await _listener.AcceptSocketAsync(_stop.Token);
                Task connection = Task.Run(() => PassAsync(near));
                _connections[connection] = 0;
                _ = connection.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task PassAsync(Socket near)
    {
        using (near)
        using (var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            try
            {
                near.NoDelay = far.NoDelay = true;
                await far.ConnectAsync(IPAddress.Loopback, _target(), over.Token);
                await Task.WhenAll(PumpAsync(near, far, over), PumpAsync(far, near, over));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // A reset on one side is a reset on the other.
                near.LingerState = far.LingerState = new LingerOption(true, 0);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, CancellationTokenSource over)
    {
        var seen = new MemoryStream();
        _seen.Enqueue(seen);
        byte[] buffer = new byte[_secret.Length + 32 * 1024];
        int tail = 0;
        try
        {
            while (true)
            {
                int read = await from.ReceiveAsync(buffer.AsMemory(tail), over.Token);
                if (read == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }
                Interlocked.Add(ref _octets, read);
                Keep(seen, buffer.AsSpan(tail, read));
                if (buffer.AsSpan(0, tail + read).IndexOf(_secret) >= 0)
                    Interlocked.Increment(ref _sightings);
                await to.SendAsync(buffer.AsMemory(tail, read), over.Token);
                int whole = tail + read;
                tail = Math.Min(_secret.Length - 1, whole);   // the secret may lie across two reads
                buffer.AsSpan(whole - tail, tail).CopyTo(buffer);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await over.CancelAsync();
            throw new OperationCanceledException("one end was reset", e);
        }
    }

    private static void Keep(MemoryStream seen, ReadOnlySpan<byte> octets)
    {
        lock (seen)
            seen.Write(octets[..Math.Min(octets.Length, Kept - (int)seen.Length)]);
    }
}
