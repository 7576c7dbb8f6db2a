using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.CryptoBouncyCastle.Pipes;

/// <summary>Writes octets into a pipe and waits whenever its reader is slower.</summary>
internal sealed class OctetSink(PipeWriter writer, CancellationToken cancel)
{
    // A flush costs a wake-up of the reader; 16 KiB keeps that small and the latency, too.
    private const int FlushEvery = 16 * 1024;

    private int _unflushed;

    /// <summary>Copies octets into the pipe's buffer, without waiting.</summary>
    public void Write(ReadOnlySpan<byte> octets)
    {
        try
        {
            writer.Write(octets);
        }
        catch (Exception fault)
        {
            throw new PipeFaultException("writing the output pipe failed", fault);
        }

        _unflushed += octets.Length;
    }

    /// <summary>Copies octets and waits for the reader when enough have gathered.</summary>
    public ValueTask WriteAsync(ReadOnlySpan<byte> octets)
    {
        Write(octets);
        return _unflushed < FlushEvery ? ValueTask.CompletedTask : FlushAsync();
    }

    /// <summary>Hands everything to the reader.</summary>
    public async ValueTask FlushAsync()
    {
        if (_unflushed == 0)
            return;
        _unflushed = 0;
        FlushResult flush;
        try
        {
            flush = await writer.FlushAsync(cancel);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new PipeFaultException("writing the output pipe failed", fault);
        }

        if (flush.IsCanceled)
            throw new OperationCanceledException("writing the output was cancelled");
        if (flush.IsCompleted)
            throw new PipeFaultException("the reader of the output gave up");
    }
}
