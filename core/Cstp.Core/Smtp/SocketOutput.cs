using System.Buffers;
using System.Net.Sockets;

namespace Cstp.Core.Smtp;

/// <summary>What is to be sent on a socket: gathered, then sent with one system call.</summary>
/// <param name="socket">The socket; not owned.</param>
internal sealed class SocketOutput(Socket socket) : IBufferWriter<byte>
{
    /// <summary>A block from the pool; given back when it is sent.</summary>
    private const int Block = 4 * 1024;

    private const int LargeBlock = 64 * 1024;

    private byte[] _buffer = [];
    private int _written;
    private Stream? _secured;

    /// <summary>Octets that wait to be sent.</summary>
    public int Unsent => _written;

    /// <summary>From now on octets go through TLS.</summary>
    /// <param name="secured">What they go into; not owned.</param>
    public void Secure(Stream secured) => _secured = secured;

    /// <inheritdoc/>
    public void Advance(int count) => _written += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_written);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_written);
    }

    /// <summary>Writes octets.</summary>
    /// <param name="octets">Copied.</param>
    public void Write(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(GetSpan(octets.Length));
        Advance(octets.Length);
    }

    /// <summary>Sends what was written, and waits until the system took it.</summary>
    /// <param name="cancel">Ends the waiting; what was sent by then is unknown.</param>
    /// <exception cref="ConnectionLostException">The peer is gone, or the connection was closed on this side.</exception>
    public async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (_written == 0)
            return;
        try
        {
            if (_secured is not null)
                await _secured.WriteAsync(_buffer.AsMemory(0, _written), cancel);
            else
            {
                for (int sent = 0; sent < _written;)
                    sent += await socket.SendAsync(_buffer.AsMemory(sent.._written), SocketFlags.None, cancel);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException || (e is IOException and not ConnectionLostException))
        {
            throw new ConnectionLostException(e.Message);
        }
        byte[] done = _buffer;
        _buffer = [];
        _written = 0;
        ArrayPool<byte>.Shared.Return(done);
    }

    private void MakeRoom(int sizeHint)
    {
        int needed = _written + Math.Max(sizeHint, 1);
        if (needed <= _buffer.Length)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(_written == 0 && needed <= Block ? Block : Math.Max(needed, Math.Max(LargeBlock, _buffer.Length * 2)));
        _buffer.AsSpan(0, _written).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
