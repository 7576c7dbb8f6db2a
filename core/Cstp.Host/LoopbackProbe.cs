using System.Net.Sockets;

namespace Cstp.Host;

/// <summary>An octet that the process sends to itself. It arrives while timers, the thread of sockets and the thread pool do their work, which all sessions need.</summary>
internal sealed class LoopbackProbe : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _octet = new byte[1];

    /// <summary>Makes the socket; its abstract name leaves no file, and connected to itself it takes nothing from others.</summary>
    public LoopbackProbe()
    {
        var self = new UnixDomainSocketEndPoint($"\0cstp-{Guid.NewGuid():n}");
        _socket.Bind(self);
        _socket.Connect(self);
    }

    /// <summary>Sends and waits. One call at a time.</summary>
    /// <param name="limit">How long.</param>
    /// <param name="cancel">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Whether it arrived in time.</returns>
    public async Task<bool> AnswersAsync(TimeSpan limit, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(limit);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        // What came too late for an earlier call is no answer to this one.
        while (_socket.Available > 0)
            _socket.Receive(_octet);
        // Received first, so that it waits for the thread of sockets.
        ValueTask<int> arrival = _socket.ReceiveAsync(_octet, SocketFlags.None, patience.Token);
        _socket.Send(_octet);
        try
        {
            return await arrival == 1;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
