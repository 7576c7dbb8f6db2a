using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.Conformance.Exchanging;

/// <summary>Keeps what is written; never full.</summary>
internal sealed class CollectingWriter : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _octets = new();
    private int _flushed;

    /// <summary>Whether somebody completed it.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>What was written and flushed.</summary>
    public byte[] Flushed => _octets.WrittenSpan[.._flushed].ToArray();

    /// <summary>Octets written, but not flushed.</summary>
    public int Unflushed => _octets.WrittenCount - _flushed;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _octets.Advance(bytes);

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _octets.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _octets.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _flushed = _octets.WrittenCount;
        return default;
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => IsCompleted = true;
}
