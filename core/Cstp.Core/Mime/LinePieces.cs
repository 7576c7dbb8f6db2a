using System.Buffers;

namespace Cstp.Core.Mime;

/// <summary>Cuts content into lines, and lines that are too long to wait for their end into pieces.</summary>
internal static class LinePieces
{
    /// <summary>Octets that a line has at least where it comes in pieces.</summary>
    public const int Piece = 4096;

    /// <summary>Takes a line with its LF, or a piece of one.</summary>
    /// <param name="buffer">What arrived; cut by what was taken.</param>
    /// <param name="isLast">Whether nothing more comes.</param>
    /// <param name="line">The line or piece.</param>
    /// <param name="whole">Whether it ends in LF.</param>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line, out bool whole)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (reader.TryAdvanceTo((byte)'\n'))
        {
            line = buffer.Slice(0, reader.Position);
            buffer = buffer.Slice(reader.Position);
            whole = true;
            return true;
        }
        whole = false;
        // The CR of a line end that is cut in two stays until the LF is there.
        if (buffer.Length > Piece || (isLast && buffer.Length > 0))
        {
            long length = isLast ? buffer.Length : buffer.Length - 1;
            line = buffer.Slice(0, length);
            buffer = buffer.Slice(length);
            return true;
        }
        line = default;
        return false;
    }

    /// <summary>Whether a line ends in CRLF.</summary>
    /// <param name="line">The line.</param>
    public static bool EndsInCrlf(ReadOnlySequence<byte> line)
    {
        if (line.Length < 2)
            return false;
        Span<byte> end = stackalloc byte[2];
        line.Slice(line.Length - 2).CopyTo(end);
        return end.SequenceEqual("\r\n"u8);
    }

    /// <summary>Whether there are blanks and line ends alone, or nothing.</summary>
    /// <param name="line">A line, a piece, or a part of one.</param>
    public static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (ReadOnlyMemory<byte> segment in line)
        {
            if (segment.Span.IndexOfAnyExcept(" \t\r\n"u8) >= 0)
                return false;
        }
        return true;
    }
}
