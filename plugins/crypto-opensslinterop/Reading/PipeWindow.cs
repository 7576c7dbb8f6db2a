using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>The front of a pipe: as many octets as are asked for, taken one after the other.</summary>
/// <param name="pipe">Read, never completed.</param>
/// <param name="cancel">Ends the reading.</param>
internal sealed class PipeWindow(PipeReader pipe, CancellationToken cancel)
{
    private ReadOnlySequence<byte> _buffer;
    private bool _holds;
    private bool _ended;

    /// <summary>Octets taken so far.</summary>
    public long Position { get; private set; }

    /// <summary>Waits until there are octets to look at.</summary>
    /// <param name="count">How many are wanted.</param>
    /// <returns>How many there are, fewer only at the end.</returns>
    public async ValueTask<long> LookAsync(int count)
    {
        while (_buffer.Length < count && !_ended)
        {
            if (_holds)
                pipe.AdvanceTo(_buffer.Start, _buffer.End);
            _holds = false;
            ReadResult read;
            try
            {
                read = await pipe.ReadAsync(cancel);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InputFaultException(e);
            }
            if (read.IsCanceled)
                throw new OperationCanceledException("reading was cancelled");
            _holds = true;
            _buffer = read.Buffer;
            _ended = read.IsCompleted;
        }
        return _buffer.Length;
    }

    /// <summary>Copies octets that are there, without taking them.</summary>
    /// <param name="target">Filled whole.</param>
    public void Peek(Span<byte> target) => _buffer.Slice(0, target.Length).CopyTo(target);

    /// <summary>The next piece in one memory, at most so long; valid until the next call.</summary>
    /// <param name="most">Octets at most.</param>
    public ReadOnlyMemory<byte> Piece(long most)
    {
        ReadOnlyMemory<byte> first = _buffer.First;
        return first.Length > most ? first[..(int)most] : first;
    }

    /// <summary>Takes octets that are there.</summary>
    /// <param name="count">How many.</param>
    public void Take(int count)
    {
        _buffer = _buffer.Slice(count);
        Position += count;
    }

    /// <summary>Reads to the end and throws away.</summary>
    public async ValueTask DrainAsync()
    {
        while (await LookAsync(1) > 0)
            Take((int)Math.Min(_buffer.Length, int.MaxValue));
        Release();
    }

    /// <summary>Gives the pipe back to others, all that was not taken included.</summary>
    public void Release()
    {
        if (_holds)
            pipe.AdvanceTo(_buffer.Start, _buffer.Start);
        _holds = false;
        _buffer = default;
    }
}
