using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Cstp.Core.Smtp;

/// <summary>
/// What arrives on a socket, in one buffer that is small while commands are awaited and large while content flows. A reader of
/// System.IO.Pipelines over NetworkStream asks twice for every piece, or keeps 32 KiB a waiting session.
/// </summary>
/// <param name="socket">The socket; not owned.</param>
internal sealed class SocketInput(Socket socket)
{
    /// <summary>Enough for most command lines and replies; thousands of idle sessions keep two of these each.</summary>
    private const int SmallBuffer = 1024;

    /// <summary>Enough for most messages: thousands of sessions may wait for content at once.</summary>
    private const int ContentBuffer = 16 * 1024;

    /// <summary>For messages that fill the other; relaying 1 MB costs half of what it does with 4 KiB.</summary>
    private const int LargeBuffer = 64 * 1024;

    private byte[] _buffer = new byte[SmallBuffer];
    private byte[]? _small;
    private int _start;
    private int _end;
    private bool _isExamined = true;
    private bool _isFilled;
    private bool _isCompleted;
    private Stream? _secured;

    /// <summary>Whether octets arrived that were not used yet.</summary>
    public bool HasBuffered => _end > _start;

    /// <summary>Whether content is expected, and much of it.</summary>
    public bool ExpectsContent { get; set; }

    /// <summary>Octets that the buffer holds at most as it is now.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>From now on octets come through TLS.</summary>
    /// <param name="secured">What they come from; not owned.</param>
    public void Secure(Stream secured) => _secured = secured;

    /// <summary>
    /// Waits until there is something new, or the peer has ended. A lost connection is an end like any other: SMTP's own words tell
    /// whether it came too early, and clients that are done often close in the hard way.
    /// </summary>
    public async Task<ReadResult> ReadAsync()
    {
        if (_isExamined && !_isCompleted)
        {
            MakeRoom();
            try
            {
                int received = _secured is null ? await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None) : await ReadSecuredAsync(_secured);
                _end += received;
                _isFilled = _end == _buffer.Length;
                _isCompleted = received == 0;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // Reset by the peer, timed out in the network, damaged within TLS, or closed on this side.
                _isCompleted = true;
            }
        }
        return new ReadResult(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCanceled: false, _isCompleted);
    }

    /// <summary>Gives back what a read returned.</summary>
    /// <param name="consumed">Up to here it was used.</param>
    /// <param name="examined">Up to here it was looked at; the next read waits for more.</param>
    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = consumed.GetInteger();
        _isExamined = examined.GetInteger() == _end;
        if (_start == _end)
            _start = _end = 0;
    }

    /// <summary>While nothing comes, TLS holds no buffer: a read without room waits, and only then one with room decrypts.</summary>
    private async ValueTask<int> ReadSecuredAsync(Stream secured)
    {
        _ = await secured.ReadAsync(Memory<byte>.Empty);
        return await secured.ReadAsync(_buffer.AsMemory(_end));
    }

    private void MakeRoom()
    {
        if (!ExpectsContent && _end == 0)
            Shrink();
        if (ExpectsContent && _buffer.Length < (_isFilled ? LargeBuffer : ContentBuffer))
        {
            Grow(_isFilled ? LargeBuffer : ContentBuffer);
        }
        else if (_end == _buffer.Length)
        {
            if (_start > 0)
                Move(_buffer);
            else
                Grow(Math.Max(LargeBuffer, _buffer.Length * 2));
        }
    }

    private void Grow(int size)
    {
        byte[] old = _buffer, larger = ArrayPool<byte>.Shared.Rent(size);
        Move(larger);
        _buffer = larger;
        if (old.Length == SmallBuffer)
            _small = old;
        else
            ArrayPool<byte>.Shared.Return(old);
    }

    private void Move(byte[] target)
    {
        _buffer.AsSpan(_start.._end).CopyTo(target);
        (_start, _end) = (0, _end - _start);
    }

    private void Shrink()
    {
        if (_small is null)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _small) = (_small, null);
    }
}
