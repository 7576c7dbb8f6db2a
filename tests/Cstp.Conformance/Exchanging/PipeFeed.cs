using System.IO.Pipelines;

namespace Cstp.Conformance.Exchanging;

/// <summary>Writes much into a pipe, of which little is held at a time.</summary>
/// <param name="writer">Completed at the end.</param>
/// <param name="total">Octets to be written.</param>
internal sealed class PipeFeed(PipeWriter writer, long total)
{
    private const int Portion = 16 * 1024;

    private long _written;

    /// <summary>Octets that were written so far.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Writes octets of a pattern.</summary>
    /// <param name="seen">Gets each portion.</param>
    public async Task RunAsync(Action<ReadOnlySpan<byte>>? seen = null)
    {
        byte[] portion = new byte[Portion];
        for (long count = 0; count < total; count += Portion)
        {
            BitConverter.TryWriteBytes(portion, count);
            ReadOnlyMemory<byte> next = portion.AsMemory(0, (int)Math.Min(Portion, total - count));
            seen?.Invoke(next.Span);
            if (!await WriteAsync(next))
                return;
        }
        await writer.CompleteAsync();
    }

    /// <summary>Writes octets that exist.</summary>
    /// <param name="octets">The octets.</param>
    public async Task RunAsync(ReadOnlyMemory<byte> octets)
    {
        for (int count = 0; count < octets.Length; count += Portion)
        {
            if (!await WriteAsync(octets.Slice(count, Math.Min(Portion, octets.Length - count))))
                return;
        }
        await writer.CompleteAsync();
    }

    private async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> portion)
    {
        FlushResult flush = await writer.WriteAsync(portion);
        Interlocked.Add(ref _written, portion.Length);
        return !flush.IsCompleted;
    }
}
