using System.Buffers;

namespace Cstp.Core.Smtp;

/// <summary>
/// The octets after DATA as they go on to the server: decoded and stuffed again, so that both ends see the same end of data
/// (RFC 5321 4.5.2); what that would leave as it is, nearly all, is passed on untouched.
/// </summary>
/// <param name="refuseBareNewline">Whether LF alone breaks the message, instead of becoming CRLF.</param>
internal sealed class WireRelay(bool refuseBareNewline)
{
    private readonly DataDecoder _decoder = new(refuseBareNewline);
    private readonly DotStuffing _stuffing = new();
    private ArrayBufferWriter<byte>? _odd;

    /// <summary>What is wrong, where the state is <see cref="DataState.Broken"/>.</summary>
    public string? Fault => _decoder.Fault;

    /// <summary>Whether a NUL stood in the content away from line ends.</summary>
    public bool NulSeen => _decoder.NulSeen;

    /// <summary>Passes on as much as there is, up to the end of data, which is left to the caller.</summary>
    /// <param name="wire">Octets as they came.</param>
    /// <param name="onward">Receives octets for the next server; null where nobody wants them any more.</param>
    /// <param name="consumed">Octets of <paramref name="wire"/> that belong to this message.</param>
    public DataState Pass(ReadOnlySpan<byte> wire, IBufferWriter<byte>? onward, out int consumed)
    {
        consumed = 0;
        while (consumed < wire.Length)
        {
            ReadOnlySpan<byte> rest = wire[consumed..];
            int plain = _decoder.Skip(rest);
            if (plain > 0)
            {
                onward?.Write(rest[..plain]);
                _stuffing.Pass(rest[..plain]);
                consumed += plain;
                continue;
            }
            // To the end of the odd line at most: what follows it may be plain again.
            int end = rest.IndexOf((byte)'\n');
            _odd ??= new ArrayBufferWriter<byte>();
            DataState state = _decoder.Decode(end < 0 ? rest : rest[..(end + 1)], _odd, out int used);
            if (onward is not null)
                _stuffing.Write(_odd.WrittenSpan, onward);
            _odd.ResetWrittenCount();
            consumed += used;
            if (state != DataState.Open)
                return state;
        }
        return DataState.Open;
    }
}
