using System.Buffers;
using System.IO.Pipelines;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>The host's output pipe, with its back-pressure; what fails there is no fault of the message.</summary>
/// <param name="pipe">Written, never completed.</param>
/// <param name="cancel">Ends the writing.</param>
internal sealed class PipeOutput(PipeWriter pipe, CancellationToken cancel)
{
    /// <summary>Room to write into directly.</summary>
    /// <param name="size">Octets wanted.</param>
    public Span<byte> Room(int size) => pipe.GetSpan(size);

    /// <summary>What was written into the room.</summary>
    /// <param name="count">Octets.</param>
    public void Advance(int count) => pipe.Advance(count);

    /// <summary>Writes.</summary>
    /// <param name="octets">The octets.</param>
    public void Write(ReadOnlySpan<byte> octets) => pipe.Write(octets);

    /// <summary>Hands over what was written.</summary>
    /// <exception cref="IOException">Nobody reads any more.</exception>
    public async ValueTask FlushAsync()
    {
        FlushResult flush;
        try
        {
            flush = await pipe.FlushAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InputFaultException(e);
        }
        if (flush.IsCompleted)
            throw new InputFaultException(new IOException("the next stage stopped reading"));
        if (flush.IsCanceled)
            throw new OperationCanceledException("writing was cancelled");
    }
}
