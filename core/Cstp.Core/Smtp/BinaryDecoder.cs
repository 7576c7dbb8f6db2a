using System.Buffers;

namespace Cstp.Core.Smtp;

/// <summary>
/// Takes content that came as BODY=BINARYMIME (RFC 3030 3): the body is any octets and stays as it is. The header section is lines all the
/// same (RFC 5322 2.2): with others, two programs could find two different ends of it.
/// </summary>
internal sealed class BinaryDecoder : IContentDecoder
{
    private static readonly SearchValues<byte> s_special = SearchValues.Create("\r\n\0"u8);

    private enum Position
    {
        LineStart,
        InLine,
        AfterCarriageReturn,
        AfterCarriageReturnAtLineStart,
        Body,
    }

    private Position _position = Position.LineStart;

    /// <inheritdoc/>
    public string? Fault { get; private set; }

    /// <inheritdoc/>
    public bool NulSeen => false;

    /// <inheritdoc/>
    public DataState Decode(ReadOnlySpan<byte> wire, IBufferWriter<byte> content, out int consumed)
    {
        for (int at = 0; at < wire.Length && _position != Position.Body; at++)
        {
            if (_position is Position.AfterCarriageReturn or Position.AfterCarriageReturnAtLineStart)
            {
                if (wire[at] != '\n')
                    return Break("CR without LF in the header section", at, out consumed);
                _position = _position == Position.AfterCarriageReturn ? Position.LineStart : Position.Body;
                continue;
            }
            int run = wire[at..].IndexOfAny(s_special);
            if (run != 0)
                _position = Position.InLine;
            if (run < 0)
                break;
            at += run;
            if (wire[at] != '\r')
                return Break(wire[at] == 0 ? "NUL in the header section" : "LF without CR in the header section", at, out consumed);
            _position = _position == Position.LineStart ? Position.AfterCarriageReturnAtLineStart : Position.AfterCarriageReturn;
        }
        content.Write(wire);
        consumed = wire.Length;
        return DataState.Open;
    }

    /// <inheritdoc/>
    public DataState End(IBufferWriter<byte> content)
    {
        if (_position is Position.Body or Position.LineStart)
            return DataState.Ended;
        return Break("the last line of the header section has no end", 0, out _);
    }

    private DataState Break(string fault, int at, out int consumed)
    {
        Fault = fault;
        consumed = at;
        return DataState.Broken;
    }
}
