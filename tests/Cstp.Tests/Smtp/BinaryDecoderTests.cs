using System.Buffers;
using System.Text;
using CsCheck;
using Cstp.Core.Smtp;
using Cstp.Tests.Mime;

namespace Cstp.Tests.Smtp;

public sealed class BinaryDecoderTests
{
    [Theory]
    [InlineData("A: 1\r\n\r\n\0\r\n.\r\n\r\r\n\n", null)]
    [InlineData("\r\n\n\r\0", null)]
    [InlineData("A: 1\r\n\r\n", null)]
    [InlineData("A: 1\r\n", null)]
    [InlineData("", null)]
    [InlineData("A: 1", "the last line of the header section has no end")]
    [InlineData("A: 1\r", "the last line of the header section has no end")]
    [InlineData("A: 1\r\n\r", "the last line of the header section has no end")]
    [InlineData("A: 1\n\r\nbody", "LF without CR in the header section")]
    [InlineData("A: 1\r\n\nbody", "LF without CR in the header section")]
    [InlineData("\nbody", "LF without CR in the header section")]
    [InlineData("A: \r1\r\n\r\nbody", "CR without LF in the header section")]
    [InlineData("A: 1\r\n\r\r\nbody", "CR without LF in the header section")]
    [InlineData("A: \0\r\n\r\nbody", "NUL in the header section")]
    public void The_header_section_is_lines_and_the_body_is_anything_wherever_it_is_cut(string content, string? fault)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(content)))
            Assert.Equal(fault is null ? (content, null) : (null, fault), Decode(pieces));
    }

    [Fact]
    public void What_is_taken_has_one_end_of_the_header_section_for_every_reader() =>
        Gen.Char["\r\n\0a:\u00ff"].Array[0, 12].Sample(characters =>
        {
            string content = new(characters);
            (string? taken, _) = Decode([Cuts.Octets(content)]);
            int end = content.StartsWith("\r\n", StringComparison.Ordinal) ? 0 : content.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and int found ? found + 2 : content.Length;
            string header = content[..end];
            bool isLines = header.Length == 0 || header.EndsWith("\r\n", StringComparison.Ordinal);
            bool isTaken = isLines && header.Replace("\r\n", "", StringComparison.Ordinal).IndexOfAny(['\r', '\n', '\0']) < 0;
            return taken == (isTaken ? content : null);
        });

    private static (string? Content, string? Fault) Decode(byte[][] pieces)
    {
        var decoder = new BinaryDecoder();
        var content = new ArrayBufferWriter<byte>();
        foreach (byte[] piece in pieces)
        {
            if (decoder.Decode(piece, content, out int consumed) == DataState.Broken)
                return (null, decoder.Fault);
            Assert.Equal(piece.Length, consumed);
        }
        return decoder.End(content) == DataState.Ended ? (Encoding.Latin1.GetString(content.WrittenSpan), null) : (null, decoder.Fault);
    }
}
