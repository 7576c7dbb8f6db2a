using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.Core.Mime;

/// <summary>Makes every line of verified content end in CRLF, the last one too (RFC 5321 2.3.8).</summary>
internal static class LineEnds
{
    /// <summary>Normalises.</summary>
    /// <param name="content">Read to its end; CR without LF was ruled out before.</param>
    /// <param name="lines">Receives the lines.</param>
    /// <param name="cancel">Ends the work.</param>
    public static async Task NormaliseAsync(PipeReader content, PipeWriter lines, CancellationToken cancel)
    {
        byte last = (byte)'\n';
        while (true)
        {
            ReadResult read = await content.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("normalising line ends was cancelled");
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                last = Normalise(segment.Span, last, lines);
            content.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && last != '\n')
                lines.Write("\r\n"u8);
            if ((await lines.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (read.IsCompleted)
                return;
        }
    }

    private static byte Normalise(ReadOnlySpan<byte> content, byte last, IBufferWriter<byte> lines)
    {
        int written = 0;
        for (int at = 0; at < content.Length;)
        {
            int newline = content[at..].IndexOf((byte)'\n');
            if (newline < 0)
                break;
            at += newline;
            byte before = at > 0 ? content[at - 1] : last;
            if (before != '\r')
            {
                lines.Write(content[written..at]);
                lines.Write("\r"u8);
                written = at;
            }
            at++;
        }
        lines.Write(content[written..]);
        return content.IsEmpty ? last : content[^1];
    }
}
