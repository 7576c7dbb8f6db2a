using System.Buffers;
using System.Text;
using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

public sealed class DataDecoderTests
{
    /// <summary>Octets after DATA; <c>null</c> content means that the connection must be closed.</summary>
    public static TheoryData<string, string, string?, bool> Rows => new()
    {
        { "S1 LF.LF", "a\n.\nMAIL\r\n.\r\n", "a\r\n.\r\nMAIL\r\n", false },
        { "S2 LF.CRLF", "a\n.\r\nMAIL\r\n.\r\n", "a\r\n.\r\nMAIL\r\n", false },
        { "S3 CRLF.LF", "a\r\n.\nMAIL\r\n.\r\n", "a\r\n.\r\nMAIL\r\n", false },
        { "S4 CR.CR", "a\r.\rMAIL\r\n.\r\n", null, false },
        { "S5 CR.CRLF", "a\r.\r\nMAIL\r\n.\r\n", null, false },
        { "S6 CRLF.CR", "a\r\n.\rMAIL\r\n.\r\n", null, false },
        { "S7 CRLF.CR CRLF", "a\r\n.\r\r\nMAIL\r\n.\r\n", null, false },
        { "S8 CR CRLF.CRLF", "a\r\r\n.\r\nMAIL\r\n.\r\n", null, false },
        { "S9 LF CR.LF CR", "a\n\r.\n\rMAIL\r\n.\r\n", null, false },
        { "S10 CR NUL LF", "a\r\0\n.\r\n", null, false },
        { "S11 CRLF NUL.CRLF", "a\r\n\0.\r\nMAIL\r\n.\r\n", null, false },
        { "S12 CRLF.NUL CRLF", "a\r\n.\0\r\nMAIL\r\n.\r\n", null, false },
        { "S13 NUL elsewhere", "a\0b\r\n.\r\n", "a\0b\r\n", true },
        { "S14 bare LF", "a\nb\r\n.\r\n", "a\r\nb\r\n", false },
        { "S14 bare CR", "a\rb\r\n.\r\n", null, false },
        { "S15 VT and FF around a dot", "a\v.\v\r\n\f.\f\r\n.\r\n", "a\v.\v\r\n\f.\f\r\n", false },
        { "S15 U+0085 and U+2028 around a dot", "\u00c2\u0085.\u00c2\u0085\r\n\u00e2\u0080\u00a8.\r\n.\r\n", "\u00c2\u0085.\u00c2\u0085\r\n\u00e2\u0080\u00a8.\r\n", false },
        { "S17 doubled dot", "..\r\n.\r\n", ".\r\n", false },
        { "S17 dot that was not doubled", ".x\r\n.\r\n", "x\r\n", false },
        { "S17 empty message", ".\r\n", "", false },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Rows_hold_whole_and_cut_at_each_octet(string row, string wire, string? content, bool nul)
    {
        byte[] octets = Encoding.Latin1.GetBytes(wire);
        AssertRow(row, octets, [octets.Length], content, nul, refuseBareNewline: false);
        for (int cut = 1; cut < octets.Length; cut++)
            AssertRow(row, octets, [cut, octets.Length - cut], content, nul, refuseBareNewline: false);
        AssertRow(row, octets, [.. Enumerable.Repeat(1, octets.Length)], content, nul, refuseBareNewline: false);
    }

    [Theory]
    [InlineData("S1", "a\n.\nMAIL\r\n.\r\n")]
    [InlineData("S2", "a\n.\r\nMAIL\r\n.\r\n")]
    [InlineData("S3", "a\r\n.\nMAIL\r\n.\r\n")]
    [InlineData("S14", "a\nb\r\n.\r\n")]
    public void Bare_LF_closes_where_the_settings_refuse_it(string row, string wire)
    {
        byte[] octets = Encoding.Latin1.GetBytes(wire);
        for (int cut = 1; cut < octets.Length; cut++)
            AssertRow(row, octets, [cut, octets.Length - cut], null, false, refuseBareNewline: true);
    }

    [Fact]
    public void S18_what_follows_the_end_of_data_is_left_for_the_next_command()
    {
        var decoder = new DataDecoder(false);
        var content = new ArrayBufferWriter<byte>();
        Assert.Equal(DataState.Ended, decoder.Decode("a\r\n.\r\nRSET\r\n"u8, content, out int consumed));
        Assert.Equal(6, consumed);
    }

    private static void AssertRow(string row, byte[] octets, IReadOnlyList<int> pieces, string? content, bool nul, bool refuseBareNewline)
    {
        var decoder = new DataDecoder(refuseBareNewline);
        var decoded = new ArrayBufferWriter<byte>();
        DataState state = DataState.Open;
        int at = 0;
        foreach (int piece in pieces)
        {
            state = decoder.Decode(octets.AsSpan(at, piece), decoded, out int consumed);
            at += consumed;
            if (state != DataState.Open)
                break;
            Assert.Equal(piece, consumed);
        }
        if (content is null)
        {
            Assert.True(state == DataState.Broken, $"{row}: {state}");
            Assert.NotNull(decoder.Fault);
            return;
        }
        Assert.True(state == DataState.Ended, $"{row}: {state}");
        Assert.Equal(octets.Length, at);
        Assert.Equal(content, Encoding.Latin1.GetString(decoded.WrittenSpan));
        Assert.Equal(nul, decoder.NulSeen);

        // What goes on to the server ends where it did, and nowhere earlier.
        var wire = new ArrayBufferWriter<byte>();
        var stuffing = new DotStuffing();
        stuffing.Write(decoded.WrittenSpan, wire);
        Assert.True(stuffing.IsAtLineStart);
        var again = new DataDecoder(true);
        var content2 = new ArrayBufferWriter<byte>();
        Assert.Equal(DataState.Ended, again.Decode([.. wire.WrittenSpan, .. ".\r\n"u8], content2, out int all));
        Assert.Equal(wire.WrittenCount + 3, all);
        Assert.True(content2.WrittenSpan.SequenceEqual(decoded.WrittenSpan));
    }
}
