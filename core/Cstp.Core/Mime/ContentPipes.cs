using System.IO.Pipelines;

namespace Cstp.Core.Mime;

/// <summary>
/// The one size of pipe between two stages: what a message holds in memory is this times the number of stages. Blocks of 16 KiB,
/// at most 128 KiB waiting. They differ in who goes on where: changes of threads were a large part of what a small message cost.
/// </summary>
internal static class ContentPipes
{
    /// <summary>Between stages: whoever moves one end runs what waits at the other.</summary>
    public static PipeOptions Options { get; } = Make(PipeScheduler.Inline, PipeScheduler.Inline);

    /// <summary>From a socket: what reads leaves the socket's thread.</summary>
    public static PipeOptions FromSocket { get; } = Make(PipeScheduler.ThreadPool, PipeScheduler.Inline);

    /// <summary>To a socket: what writes leaves the socket's thread.</summary>
    public static PipeOptions ToSocket { get; } = Make(PipeScheduler.Inline, PipeScheduler.ThreadPool);

    private static PipeOptions Make(PipeScheduler reader, PipeScheduler writer) => new(
        readerScheduler: reader, writerScheduler: writer,
        minimumSegmentSize: 16 * 1024, pauseWriterThreshold: 128 * 1024, resumeWriterThreshold: 64 * 1024, useSynchronizationContext: false);
}
