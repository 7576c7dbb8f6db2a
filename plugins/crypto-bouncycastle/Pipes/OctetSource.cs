using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.CryptoBouncyCastle.Pipes;

/// <summary>Pulls octets out of a pipe, one segment at a time, holding nothing but the pipe's own buffer.</summary>
/// <remarks>
/// What <see cref="Take"/> gave out stays valid until the next <see cref="FillAsync"/>. The caller completes the pipe.
/// </remarks>
internal sealed class OctetSource(PipeReader reader, CancellationToken cancel)
{
    private ReadOnlySequence<byte> _unread;
    private ReadOnlyMemory<byte> _segment;
    private SequencePosition _bufferEnd;
    private bool _held;
    private bool _ended;

    /// <summary>Octets at hand without waiting.</summary>
    public int Available => _segment.Length;

    /// <summary>Takes up to <paramref name="most"/> of the octets at hand.</summary>
    public ReadOnlyMemory<byte> Take(long most)
    {
        int count = (int)Math.Min(most, _segment.Length);
        ReadOnlyMemory<byte> taken = _segment[..count];
        _segment = _segment[count..];
        return taken;
    }

    /// <summary>Takes one octet; there must be one at hand.</summary>
    public byte TakeOctet()
    {
        byte octet = _segment.Span[0];
        _segment = _segment[1..];
        return octet;
    }

    /// <summary>Waits until octets are at hand.</summary>
    /// <returns>Whether there are any; false at the end of input.</returns>
    public ValueTask<bool> FillAsync() => _segment.IsEmpty ? ReadAsync() : ValueTask.FromResult(true);

    /// <summary>Reads and discards what is left, so that the stage before never waits for a reader who gave up.</summary>
    public async ValueTask DrainAsync()
    {
        do
        {
            _segment = default;
        }
        while (await ReadAsync());
    }

    private async ValueTask<bool> ReadAsync()
    {
        while (true)
        {
            while (!_unread.IsEmpty)
            {
                _segment = _unread.First;
                _unread = _unread.Slice(_segment.Length);
                if (!_segment.IsEmpty)
                    return true;
            }

            Release();
            if (_ended)
                return false;
            await ReadPipeAsync();
        }
    }

    private async ValueTask ReadPipeAsync()
    {
        ReadResult read;
        try
        {
            read = await reader.ReadAsync(cancel);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new PipeFaultException("reading the input pipe failed", fault);
        }

        _unread = read.Buffer;
        _bufferEnd = read.Buffer.End;
        _held = true;
        _ended = read.IsCompleted;
        if (!read.IsCanceled)
            return;
        Release();
        throw new OperationCanceledException("reading the input was cancelled");
    }

    private void Release()
    {
        if (!_held)
            return;
        _held = false;
        _unread = default;
        reader.AdvanceTo(_bufferEnd);
    }
}
