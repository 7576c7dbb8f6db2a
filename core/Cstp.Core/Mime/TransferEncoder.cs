using System.Buffers;
using System.Buffers.Text;

namespace Cstp.Core.Mime;

/// <summary>Encodes the body of one entity for a 7-bit way as it streams by (RFC 2045 6).</summary>
internal abstract class TransferEncoder
{
    /// <summary>Leaves octets as they are.</summary>
    public static TransferEncoder Identity() => new IdentityEncoder();

    /// <summary>quoted-printable, for text.</summary>
    public static TransferEncoder QuotedPrintable() => new QuotedPrintableEncoder();

    /// <summary>base64, for everything else.</summary>
    public static TransferEncoder Base64Lines() => new Base64Encoder();

    /// <summary>Encodes the next octets.</summary>
    /// <param name="octets">Without a line end, or exactly CRLF.</param>
    /// <param name="output">Receives the text.</param>
    public abstract void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output);

    /// <summary>The body is over; the line end before a delimiter is written by others.</summary>
    /// <param name="output">Receives what is left.</param>
    public abstract void End(IBufferWriter<byte> output);

    /// <summary>Whether <see cref="End"/> leaves the last line without its end.</summary>
    public virtual bool LeavesLineOpen => false;

    private sealed class IdentityEncoder : TransferEncoder
    {
        public override void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output) => output.Write(octets);

        public override void End(IBufferWriter<byte> output)
        {
        }
    }

    private sealed class QuotedPrintableEncoder : TransferEncoder
    {
        /// <summary>76 columns with the soft line break's equals sign.</summary>
        private const int Columns = 75;

        private static readonly byte[] s_digits = "0123456789ABCDEF"u8.ToArray();

        private int _column;
        private byte? _space;

        public override void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
        {
            if (octets.SequenceEqual("\r\n"u8))
            {
                FlushSpace(output, atLineEnd: true);
                output.Write(octets);
                _column = 0;
                return;
            }
            foreach (byte octet in octets)
            {
                FlushSpace(output, atLineEnd: false);
                if (octet is (byte)' ' or (byte)'\t')
                    _space = octet;
                else
                    Put(octet, octet is >= (byte)'!' and <= (byte)'~' and not (byte)'=', output);
            }
        }

        public override void End(IBufferWriter<byte> output) => FlushSpace(output, atLineEnd: true);

        private void FlushSpace(IBufferWriter<byte> output, bool atLineEnd)
        {
            if (_space is { } space)
                Put(space, !atLineEnd, output);
            _space = null;
        }

        private void Put(byte octet, bool literal, IBufferWriter<byte> output)
        {
            int width = literal ? 1 : 3;
            if (_column + width > Columns)
            {
                output.Write("=\r\n"u8);
                _column = 0;
            }
            _column += width;
            if (literal)
                output.Write([octet]);
            else
                output.Write([(byte)'=', s_digits[octet >> 4], s_digits[octet & 15]]);
        }
    }

    private sealed class Base64Encoder : TransferEncoder
    {
        private readonly byte[] _line = new byte[57];
        private int _held;
        private bool _any;

        public override bool LeavesLineOpen => _any;

        public override void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
        {
            while (!octets.IsEmpty)
            {
                int count = Math.Min(_line.Length - _held, octets.Length);
                octets[..count].CopyTo(_line.AsSpan(_held));
                _held += count;
                octets = octets[count..];
                if (_held == _line.Length)
                    Flush(output);
            }
        }

        public override void End(IBufferWriter<byte> output) => Flush(output);

        private void Flush(IBufferWriter<byte> output)
        {
            if (_held == 0)
                return;
            if (_any)
                output.Write("\r\n"u8);
            _any = true;
            Span<byte> text = output.GetSpan(80);
            Base64.EncodeToUtf8(_line.AsSpan(0, _held), text, out _, out int written);
            output.Advance(written);
            _held = 0;
        }
    }
}
