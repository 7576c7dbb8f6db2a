using System.Buffers;
using System.IO.Pipelines;

namespace CryptoSample.Ber;

/// <summary>The octets of a pipe, piece by piece. Completing the pipe is the caller's business.</summary>
/// <param name="reader">The pipe.</param>
/// <param name="cancel">Ends waiting.</param>
internal sealed class Input(PipeReader reader, CancellationToken cancel)
{
    private ReadOnlySequence<byte> _buffer;
    private bool _holds;
    private bool _ended;

    /// <summary>Octets taken so far.</summary>
    public long Position { get; private set; }

    /// <summary>The next piece; empty at the end.</summary>
    /// <exception cref="IOException">Whoever writes the pipe failed: that is never the message's fault.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync()
    {
        while (_buffer.IsEmpty && !_ended)
        {
            Release();
            ReadResult read;
            try
            {
                read = await reader.ReadAsync(cancel);
            }
            catch (Exception failure) when (failure is not IOException && !cancel.IsCancellationRequested)
            {
                throw new IOException($"reading failed: {failure.Message}", failure);
            }
            if (read.IsCanceled)
                throw new OperationCanceledException("the read was cancelled");
            _buffer = read.Buffer;
            _holds = true;
            _ended = read.IsCompleted;
        }
        foreach (ReadOnlyMemory<byte> piece in _buffer)
        {
            if (!piece.IsEmpty)
                return piece;
        }
        return default;
    }

    /// <summary>Takes octets that were peeked at.</summary>
    /// <param name="octets">How many.</param>
    public void Take(int octets)
    {
        _buffer = _buffer.Slice(octets);
        Position += octets;
    }

    /// <summary>Reads what is left, so that whoever writes the pipe does not wait.</summary>
    public async ValueTask DrainAsync()
    {
        while (await PeekAsync() is { IsEmpty: false } piece)
            Take(piece.Length);
    }

    /// <summary>Gives the buffer back to the pipe. Must be called in the end.</summary>
    public void Release()
    {
        if (_holds)
            reader.AdvanceTo(_buffer.Start);
        _holds = false;
        _buffer = default;
    }
}
