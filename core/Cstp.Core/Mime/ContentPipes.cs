using System.IO.Pipelines;

namespace Cstp.Core.Mime;

/// <summary>The one size of pipe between two stages: what a message holds in memory is this times the number of stages.</summary>
internal static class ContentPipes
{
    /// <summary>Blocks of 16 KiB, at most 128 KiB waiting.</summary>
    public static PipeOptions Options { get; } = new(
        minimumSegmentSize: 16 * 1024, pauseWriterThreshold: 128 * 1024, resumeWriterThreshold: 64 * 1024, useSynchronizationContext: false);
}
