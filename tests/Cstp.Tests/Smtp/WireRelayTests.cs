using System.Buffers;
using System.Text;
using CsCheck;
using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

/// <summary>What is passed on is what decoding and stuffing would make, however the octets are cut.</summary>
public sealed class WireRelayTests
{
    private const string Telling = "\r\n\r\n\r\n..\0ab";

    [Theory]
    [MemberData(nameof(DataDecoderTests.Rows), MemberType = typeof(DataDecoderTests))]
    public void Rows_are_passed_on_as_decoded_and_stuffed_cut_at_each_octet(string row, string wire, string? content, bool nul)
    {
        byte[] octets = Encoding.Latin1.GetBytes(wire);
        Assert.NotEmpty(row);
        for (int cut = 0; cut < octets.Length; cut++)
        {
            (DataState state, byte[] onward, WireRelay relay) = Relay([octets[..cut], octets[cut..]], refuse: false);
            Assert.Equal(content is null ? DataState.Broken : DataState.Ended, state);
            Assert.Equal(nul, relay.NulSeen);
            if (content is null)
                Assert.NotNull(relay.Fault);
            else
                Assert.Equal(Stuffed(Encoding.Latin1.GetBytes(content)), onward);
        }
    }

    [Fact]
    public void Random_octets_in_random_pieces_end_where_they_end_for_the_decoder() =>
        Gen.Select(Gen.Int[0, Telling.Length - 1].Select(i => (byte)Telling[i]).Array[0, 60], Gen.Int[1, 9], Gen.Bool).Sample((octets, size, refuse) =>
        {
            var decoder = new DataDecoder(refuse);
            var content = new ArrayBufferWriter<byte>();
            DataState expected = decoder.Decode(octets, content, out int consumed);
            (DataState state, byte[] onward, WireRelay relay) = Relay(octets.Chunk(size), refuse);
            if (state != expected || relay.Fault != decoder.Fault || relay.NulSeen != decoder.NulSeen)
                return false;
            byte[] stuffed = Stuffed(content.WrittenSpan);
            return expected == DataState.Broken ? stuffed.AsSpan().StartsWith(onward) || onward.AsSpan().StartsWith(stuffed) : onward.AsSpan().SequenceEqual(stuffed);
        }, iter: 20_000);

    [Fact]
    public void Nobody_who_wants_the_octets_changes_nothing_about_where_they_end()
    {
        var relay = new WireRelay(refuseBareNewline: false);
        Assert.Equal(DataState.Ended, relay.Pass("a\r\n..b\nc\r\n.\r\nQUIT\r\n"u8, null, out int consumed));
        Assert.Equal("a\r\n..b\nc\r\n.\r\n".Length, consumed);
    }

    private static (DataState State, byte[] Onward, WireRelay Relay) Relay(IEnumerable<byte[]> pieces, bool refuse)
    {
        var relay = new WireRelay(refuse);
        var onward = new ArrayBufferWriter<byte>();
        DataState state = DataState.Open;
        foreach (byte[] piece in pieces)
        {
            state = relay.Pass(piece, onward, out _);
            if (state != DataState.Open)
                break;
        }
        return (state, onward.WrittenSpan.ToArray(), relay);
    }

    private static byte[] Stuffed(ReadOnlySpan<byte> content)
    {
        var wire = new ArrayBufferWriter<byte>();
        new DotStuffing().Write(content, wire);
        return wire.WrittenSpan.ToArray();
    }
}
