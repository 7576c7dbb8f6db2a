using System.IO.Pipelines;

namespace Cstp.Core.Mime;

/// <summary>Disk, memory or descriptors are short: the message cannot be held.</summary>
/// <param name="message">What is short, and where.</param>
/// <param name="cause">What the system said.</param>
internal sealed class SpoolException(string message, Exception cause) : IOException(message, cause);

/// <summary>
/// Holds messages until they are verified: small ones in memory within one budget of the process, others in an unlinked file
/// that is encrypted under a key that exists in memory only.
/// </summary>
/// <param name="options">Where and how much.</param>
/// <remarks>Safe for all threads.</remarks>
internal sealed class Spool(SpoolOptions options)
{
    private long _inMemory;

    /// <summary>Octets that are held in memory now, over all messages.</summary>
    public long InMemory => Interlocked.Read(ref _inMemory);

    /// <summary>Holds a message.</summary>
    /// <param name="header">Octets that come first.</param>
    /// <param name="body">Read to its end.</param>
    /// <param name="cancel">Ends the holding.</param>
    /// <returns>The message; to be disposed.</returns>
    /// <exception cref="SpoolException">There is no room.</exception>
    public async Task<HeldMessage> HoldAsync(ReadOnlyMemory<byte> header, PipeReader body, CancellationToken cancel)
    {
        var writer = new HeldMessageWriter(this, options);
        try
        {
            writer.Write(header.Span);
            while (true)
            {
                ReadResult read = await body.ReadAsync(cancel);
                if (read.IsCanceled)
                    throw new OperationCanceledException("holding the message was cancelled");
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                    writer.Write(segment.Span);
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return writer.Finish();
            }
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Takes from the budget.</summary>
    /// <param name="octets">How much.</param>
    /// <returns>Whether there was room.</returns>
    internal bool TryReserve(int octets)
    {
        if (Interlocked.Add(ref _inMemory, octets) <= options.Memory)
            return true;
        Interlocked.Add(ref _inMemory, -octets);
        return false;
    }

    /// <summary>Gives back to the budget.</summary>
    /// <param name="octets">How much.</param>
    internal void Release(int octets) => Interlocked.Add(ref _inMemory, -octets);
}
