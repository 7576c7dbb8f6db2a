using System.Buffers;

namespace Cstp.Core.Smtp;

/// <summary>Content on its way to the wire has a line end that SMTP does not know.</summary>
/// <param name="message">Which.</param>
internal sealed class LineEndException(string message) : Exception(message);

/// <summary>Doubles the dot that begins a line (RFC 5321 4.5.2).</summary>
internal sealed class DotStuffing
{
    private enum Position
    {
        LineStart,
        InLine,
        AfterCarriageReturn,
    }

    private Position _position = Position.LineStart;

    /// <summary>Whether the content ends where a line ends, so that the final dot may follow.</summary>
    public bool IsAtLineStart => _position == Position.LineStart;

    /// <summary>Writes content with dots doubled.</summary>
    /// <param name="content">Lines ending in CRLF; may end anywhere.</param>
    /// <param name="wire">Receives the octets.</param>
    /// <exception cref="LineEndException">CR or LF stands alone.</exception>
    public void Write(ReadOnlySpan<byte> content, IBufferWriter<byte> wire)
    {
        while (!content.IsEmpty)
        {
            if (_position == Position.AfterCarriageReturn)
            {
                if (content[0] != '\n')
                    throw new LineEndException("CR without LF in content");
                wire.Write("\n"u8);
                _position = Position.LineStart;
                content = content[1..];
                continue;
            }
            if (_position == Position.LineStart && content[0] == '.')
                wire.Write("."u8);
            int end = content.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                wire.Write(content);
                _position = Position.InLine;
                return;
            }
            if (content[end] == '\n')
                throw new LineEndException("LF without CR in content");
            wire.Write(content[..(end + 1)]);
            _position = Position.AfterCarriageReturn;
            content = content[(end + 1)..];
        }
    }
}
