using System.Buffers;

namespace Cstp.Core.Smtp;

/// <summary>How the octets after DATA stand.</summary>
internal enum DataState
{
    /// <summary>More content follows.</summary>
    Open,

    /// <summary>CRLF . CRLF was read.</summary>
    Ended,

    /// <summary>A line end that other servers may read differently (RFC 5321 2.3.8): the connection cannot be trusted any more.</summary>
    Broken,
}

/// <summary>
/// Turns the octets on the wire into content: finds the end of data, takes out doubled dots and makes line ends CRLF
/// (RFC 5321 4.1.1.4, 4.5.2). Decides on raw octets only, before anything is normalised.
/// </summary>
/// <param name="refuseBareNewline">Whether LF alone breaks the message, instead of becoming CRLF.</param>
/// <param name="endsWithDot">Whether a dot on a line of its own ends the message; in chunks, dots mean nothing (RFC 3030 2).</param>
internal sealed class DataDecoder(bool refuseBareNewline, bool endsWithDot = true) : IContentDecoder
{
    private static readonly SearchValues<byte> s_special = SearchValues.Create("\r\n\0"u8);

    private enum Position
    {
        LineStart,
        AfterBareNewline,
        InLine,
        AfterCarriageReturn,
        AfterDot,
        AfterDotCarriageReturn,
    }

    private Position _position = Position.LineStart;

    /// <inheritdoc/>
    public string? Fault { get; private set; }

    /// <summary>Whether a NUL stood in the content away from line ends.</summary>
    public bool NulSeen { get; private set; }

    /// <summary>Passes over octets whose content, stuffed again, is what they are: whole lines without surprises, and the begin of one.</summary>
    /// <param name="wire">Octets as they came.</param>
    /// <returns>How many from the front; 0 where the next ones are for <see cref="Decode"/>.</returns>
    public int Skip(ReadOnlySpan<byte> wire) => Skip(wire, withDots: true);

    /// <param name="wire">Octets as they came.</param>
    /// <param name="withDots">Whether lines with a doubled dot are passed over, too: as content they have one.</param>
    private int Skip(ReadOnlySpan<byte> wire, bool withDots)
    {
        int at = 0;
        while (at < wire.Length)
        {
            if (_position == Position.LineStart)
            {
                if (wire[at] == '.' && endsWithDot)
                {
                    if (!withDots || at + 1 == wire.Length || wire[at + 1] != '.')
                        return at;
                    at += 2;
                    _position = Position.InLine;
                }
                else if (wire[at] == 0)
                {
                    return at;
                }
            }
            else if (_position != Position.InLine)
            {
                return at;
            }
            int run = wire[at..].IndexOfAny(s_special);
            if (run != 0)
                _position = Position.InLine;
            if (run < 0)
                return wire.Length;
            at += run;
            if (wire[at] != '\r' || at + 1 == wire.Length || wire[at + 1] != '\n')
                return at;
            at += 2;
            _position = Position.LineStart;
        }
        return at;
    }

    /// <summary>Decodes as much as there is, up to and with the end of data.</summary>
    /// <param name="wire">Octets as they came.</param>
    /// <param name="content">Receives content; each line ends in CRLF.</param>
    /// <param name="consumed">Octets of <paramref name="wire"/> that belong to this message.</param>
    public DataState Decode(ReadOnlySpan<byte> wire, IBufferWriter<byte> content, out int consumed)
    {
        int at = 0;
        while (at < wire.Length)
        {
            int plain = Skip(wire[at..], withDots: false);
            if (plain > 0)
            {
                content.Write(wire.Slice(at, plain));
                at += plain;
                continue;
            }
            byte octet = wire[at];
            switch (_position)
            {
                case Position.LineStart when octet == '.' && endsWithDot:
                    _position = Position.AfterDot;
                    at++;
                    continue;
                case Position.LineStart or Position.AfterBareNewline when octet == 0:
                    return Break("NUL at the start of a line", at, out consumed);
                case Position.AfterDot:
                    switch (octet)
                    {
                        case (byte)'\r':
                            _position = Position.AfterDotCarriageReturn;
                            at++;
                            continue;
                        case (byte)'\n' when refuseBareNewline:
                            return Break("LF without CR", at, out consumed);
                        case (byte)'\n':
                            content.Write(".\r\n"u8);
                            _position = Position.AfterBareNewline;
                            at++;
                            continue;
                        case 0:
                            return Break("NUL after a dot at the start of a line", at, out consumed);
                        default:
                            _position = Position.InLine;
                            break;
                    }
                    break;
                case Position.AfterDotCarriageReturn:
                    if (octet != '\n')
                        return Break("CR without LF", at, out consumed);
                    consumed = at + 1;
                    return DataState.Ended;
                case Position.AfterCarriageReturn:
                    if (octet != '\n')
                        return Break("CR without LF", at, out consumed);
                    content.Write("\r\n"u8);
                    _position = Position.LineStart;
                    at++;
                    continue;
            }

            switch (octet)
            {
                case (byte)'\r':
                    _position = Position.AfterCarriageReturn;
                    break;
                case (byte)'\n':
                    if (refuseBareNewline)
                        return Break("LF without CR", at, out consumed);
                    content.Write("\r\n"u8);
                    _position = Position.AfterBareNewline;
                    break;
                case 0:
                    NulSeen = true;
                    content.Write("\0"u8);
                    _position = Position.InLine;
                    break;
                default:
                    _position = Position.InLine;
                    continue;
            }
            at++;
        }
        consumed = at;
        return DataState.Open;
    }

    /// <summary>The message ends here, without a dot. DATA carries whole lines alone: the last one gets its line end.</summary>
    /// <param name="content">Receives it.</param>
    public DataState End(IBufferWriter<byte> content)
    {
        if (_position == Position.AfterCarriageReturn)
            return Break("CR without LF", 0, out _);
        if (_position == Position.InLine)
            content.Write("\r\n"u8);
        return DataState.Ended;
    }

    private DataState Break(string fault, int at, out int consumed)
    {
        Fault = fault;
        consumed = at;
        return DataState.Broken;
    }
}
