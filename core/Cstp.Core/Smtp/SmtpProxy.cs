using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>The listeners and their sessions.</summary>
/// <param name="services">What all sessions share.</param>
internal sealed class SmtpProxy(SmtpServices services) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, Task> _sessions = new();
    private readonly List<Socket> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _kill = new();
    private long _lastId;

    /// <summary>The bound addresses by side.</summary>
    public IReadOnlyList<SmtpListener> Bound { get; private set; } = [];

    /// <summary>Sessions in progress.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Whether every listener is still served.</summary>
    public bool IsAccepting => _accepting.TrueForAll(accepting => !accepting.IsCompleted);

    /// <summary>Whether new sessions are not wanted any more.</summary>
    public bool IsDraining => _stop.IsCancellationRequested;

    /// <summary>Opens the listeners and begins to accept.</summary>
    /// <exception cref="IOException">An address cannot be bound; the message names it.</exception>
    public void Start()
    {
        var bound = new List<SmtpListener>();
        foreach (SmtpListener listener in services.Network.Listeners)
        {
            Socket socket;
            try
            {
                socket = services.Network.Bind(listener);
                socket.Listen(1024);
            }
            catch (SocketException e)
            {
                throw new IOException($"cannot listen on {listener.EndPoint} ({listener.Side}): {e.Message}. Stop what uses it, or choose another address.", e);
            }
            _listeners.Add(socket);
            bound.Add(listener with { EndPoint = (IPEndPoint)socket.LocalEndPoint! });
            _accepting.Add(AcceptAsync(socket, listener));
        }
        Bound = bound;
        SmtpLog.Listening(services.Logger, Names(Side.Inside), Names(Side.Outside));
    }

    /// <summary>The bound addresses of a side, for people.</summary>
    /// <param name="side">The side.</param>
    public string Names(Side side) => string.Join(',', Bound.Where(l => l.Side == side).Select(l => l.EndPoint));

    /// <summary>Takes no new sessions, lets those in progress end, and cuts what is left after the drain time.</summary>
    public async Task DrainAsync()
    {
        await _stop.CancelAsync();
        foreach (Socket listener in _listeners)
            listener.Dispose();
        await Task.WhenAll(_accepting);
        SmtpLog.Draining(services.Logger, _sessions.Count);
        await _drain.CancelAsync();
        Task all = Task.WhenAll(_sessions.Values);
        await Task.WhenAny(all, Task.Delay(services.Options.DrainTimeout, services.Time));
        await _kill.CancelAsync();
        await Task.WhenAll(_sessions.Values);
    }

    /// <summary>Cuts everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _kill.CancelAsync();
        foreach (Socket listener in _listeners)
            listener.Dispose();
        await Task.WhenAll(_accepting);
        await Task.WhenAll(_sessions.Values);
        _stop.Dispose();
        _kill.Dispose();
        _drain.Dispose();
    }

    private async Task AcceptAsync(Socket socket, SmtpListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket accepted;
            try
            {
                accepted = await socket.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (_stop.IsCancellationRequested)
                    return;
                // Out of descriptors, or the client was gone already: later ones may fare better.
                SmtpLog.AcceptFailed(services.Logger, listener.EndPoint, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), services.Time);
                continue;
            }
            if (_sessions.Count >= services.Options.MaxSessions)
            {
                Turn(accepted);
                continue;
            }
            long number = Interlocked.Increment(ref _lastId);
            Task session = Task.Run(() => RunAsync(number, accepted, listener));
            _sessions[number] = session;
            if (session.IsCompleted)
                _sessions.TryRemove(number, out _);
        }
    }

    private async Task RunAsync(long number, Socket accepted, SmtpListener listener)
    {
        try
        {
            var client = (IPEndPoint)accepted.RemoteEndPoint!;
            var destination = (IPEndPoint)accepted.LocalEndPoint!;
            await new SmtpSession($"s{number:x}", new SmtpConnection(accepted), listener, client, destination, services, _drain.Token).RunAsync(_kill.Token);
        }
        catch (SocketException)
        {
            // Gone before it was looked at.
            accepted.Dispose();
        }
        finally
        {
            _sessions.TryRemove(number, out _);
        }
    }

    private void Turn(Socket accepted)
    {
        try
        {
            SmtpLog.TooManySessions(services.Logger, accepted.RemoteEndPoint!, _sessions.Count);
            accepted.Send(Encoding.ASCII.GetBytes("421 Too many connections; try again later\r\n"), SocketFlags.None);
        }
        catch (SocketException)
        {
            // It did not wait.
        }
        services.Metrics.Refused(421, null);
        accepted.Dispose();
    }
}
