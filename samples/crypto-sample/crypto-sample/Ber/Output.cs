using System.Buffers;
using System.IO.Pipelines;

namespace CryptoSample.Ber;

/// <summary>Octets into a pipe, at the pace of its reader.</summary>
/// <param name="writer">The pipe.</param>
/// <param name="cancel">Ends waiting.</param>
internal sealed class Output(PipeWriter writer, CancellationToken cancel)
{
    /// <summary>Writes octets and waits until there is room for more.</summary>
    /// <param name="octets">The octets; a piece of the message, never all of it.</param>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets)
    {
        writer.Write(octets.Span);
        await FlushAsync();
    }

    /// <summary>Lets the reader see what was written.</summary>
    /// <exception cref="IOException">The reader gave up.</exception>
    public async ValueTask FlushAsync()
    {
        FlushResult flush = await writer.FlushAsync(cancel);
        if (flush.IsCanceled)
            throw new OperationCanceledException("the flush was cancelled");
        if (flush.IsCompleted)
            throw new IOException("the reader of the output gave up");
    }
}
