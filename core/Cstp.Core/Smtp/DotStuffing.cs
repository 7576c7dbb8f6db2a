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

    /// <summary>Takes note of lines that go to the wire as they are, since their dots are doubled already.</summary>
    /// <param name="stuffed">Such lines; may end within one, but not between CR and LF.</param>
    public void Pass(ReadOnlySpan<byte> stuffed)
    {
        if (!stuffed.IsEmpty)
            _position = stuffed[^1] == '\n' ? Position.LineStart : Position.InLine;
    }

    /// <summary>Writes content with dots doubled.</summary>
    /// <param name="content">Lines ending in CRLF; may end anywhere.</param>
    /// <param name="wire">Receives the octets.</param>
    /// <exception cref="LineEndException">CR or LF stands alone.</exception>
    public void Write(ReadOnlySpan<byte> content, IBufferWriter<byte> wire)
    {
        int written = 0;
        for (int at = 0; at < content.Length;)
        {
            if (_position == Position.AfterCarriageReturn)
            {
                if (content[at] != '\n')
                    throw new LineEndException("CR without LF in content");
                _position = Position.LineStart;
                at++;
                continue;
            }
            if (_position == Position.LineStart && content[at] == '.')
            {
                wire.Write(content[written..at]);
                wire.Write("."u8);
                written = at;
            }
            int end = content[at..].IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                _position = Position.InLine;
                break;
            }
            at += end + 1;
            if (content[at - 1] == '\n')
                throw new LineEndException("LF without CR in content");
            _position = Position.AfterCarriageReturn;
        }
        wire.Write(content[written..]);
    }
}
