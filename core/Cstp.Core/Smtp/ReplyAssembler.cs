using System.Buffers;
using System.Text;

namespace Cstp.Core.Smtp;

/// <summary>Puts a server's reply together from its lines (RFC 5321 4.2.1). State survives every split into segments.</summary>
internal sealed class ReplyAssembler
{
    /// <summary>Octets of a line: four times RFC 5321 4.5.3.1.5.</summary>
    private const int MaxLine = 2_048;

    private const int MaxLines = 128;

    private List<string> _lines = [];
    private int _code;

    /// <summary>Whether a reply has begun and not ended.</summary>
    public bool IsInReply => _lines.Count > 0;

    /// <summary>Takes lines off the front of a buffer until one reply is whole.</summary>
    /// <param name="buffer">What arrived; cut by what was taken.</param>
    /// <returns>The reply, or null where more octets are needed.</returns>
    /// <exception cref="SmtpProtocolException">It is no reply.</exception>
    public ServerReply? TryTake(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            var reader = new SequenceReader<byte>(buffer);
            if (!reader.TryReadTo(out ReadOnlySequence<byte> raw, (byte)'\n'))
            {
                if (buffer.Length >= MaxLine)
                    throw new SmtpProtocolException($"reply line over {MaxLine} octets");
                return null;
            }
            if (raw.Length >= MaxLine)
                throw new SmtpProtocolException($"reply line over {MaxLine} octets");
            string line = Encoding.Latin1.GetString(raw);
            buffer = buffer.Slice(reader.Position);
            if (Add(line))
            {
                var reply = new ServerReply(_code, _lines);
                _lines = [];
                return reply;
            }
        }
    }

    private bool Add(string line)
    {
        if (!line.EndsWith('\r'))
            throw new SmtpProtocolException("reply line that ends in LF alone");
        line = line[..^1];
        if (line.Any(c => c is < ' ' and not '\t' or '\x7f'))
            throw new SmtpProtocolException("control character in a reply");
        if (line.Length < 3 || line[0] is < '2' or > '5' || line[1] is < '0' or > '5' || !char.IsAsciiDigit(line[2]))
            throw new SmtpProtocolException("line that begins with no reply code");
        int code = int.Parse(line.AsSpan(0, 3), provider: null);
        if (_lines.Count > 0 && code != _code)
            throw new SmtpProtocolException($"reply that begins with {_code} and goes on with {code}");
        bool more = line.Length > 3 && line[3] == '-';
        if (!more && line.Length > 3 && line[3] != ' ')
            throw new SmtpProtocolException("reply code that is followed by neither space nor hyphen");
        _code = code;
        _lines.Add(line);
        if (_lines.Count > MaxLines)
            throw new SmtpProtocolException($"reply of over {MaxLines} lines");
        return !more;
    }
}
