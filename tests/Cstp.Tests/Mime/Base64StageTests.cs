using CsCheck;
using Cstp.Core.Mime;

namespace Cstp.Tests.Mime;

public sealed class Base64StageTests
{
    private static readonly byte[] s_octets = [.. Enumerable.Range(0, 120).Select(i => (byte)(i * 37))];

    [Fact]
    public async Task Encoding_is_the_runtimes_with_76_columns_wherever_the_octets_are_cut()
    {
        string expected = Convert.ToBase64String(s_octets, Base64FormattingOptions.InsertLineBreaks) + "\r\n";
        foreach (byte[][] pieces in Cuts.Of(s_octets))
            Assert.Equal(expected, Cuts.Text(await Cuts.RunAsync(pieces, (from, to) => Base64Stage.EncodeAsync(from, to, default))));
    }

    [Fact]
    public async Task Decoding_gives_the_octets_wherever_the_text_is_cut()
    {
        byte[] text = Cuts.Octets(Convert.ToBase64String(s_octets, Base64FormattingOptions.InsertLineBreaks) + "\r\n");
        foreach (byte[][] pieces in Cuts.Of(text))
            Assert.Equal(s_octets, await DecodeAsync(pieces));
    }

    [Fact]
    public void What_is_encoded_is_decoded_for_any_octets_and_pieces() =>
        Gen.Select(Gen.Byte.Array[0, 70_000], Gen.Int[1, 5_000]).Sample(
            (octets, size) =>
            {
                byte[][] pieces = [.. octets.Chunk(size)];
                byte[] text = Cuts.RunAsync(pieces, (from, to) => Base64Stage.EncodeAsync(from, to, default)).GetAwaiter().GetResult();
                Assert.Equal(octets, Convert.FromBase64String(Cuts.Text(text)));
                Assert.Equal(octets, DecodeAsync([.. text.Chunk(size)]).GetAwaiter().GetResult());
            },
            iter: 60);

    [Theory]
    [InlineData("QUJD", "ABC")]
    [InlineData("QUI=", "AB")]
    [InlineData("QQ==", "A")]
    [InlineData("QQ=\r\n=", "A")]
    [InlineData("", "")]
    [InlineData("\r\n\r\n", "")]
    [InlineData("Q\r\nU\nJ D\t", "ABC")]
    [InlineData("Q-U*J!D", "ABC")]
    [InlineData("QUJDQQ==\r\n\r\n", "ABCA")]
    public async Task Foreign_characters_are_skipped_as_RFC_2045_6_8_says(string text, string octets)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(text)))
            Assert.Equal(octets, Cuts.Text(await DecodeAsync(pieces)));
    }

    [Theory]
    [InlineData("QQ")]
    [InlineData("QUI")]
    [InlineData("Q===")]
    [InlineData("Q")]
    [InlineData("QQ=")]
    [InlineData("QUI==")]
    [InlineData("QUJD=")]
    [InlineData("=")]
    [InlineData("QQ==QUJD")]
    [InlineData("QQ=\r\nQ=")]
    public async Task Cut_text_and_text_after_the_padding_are_refused(string text)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(text)))
            await Assert.ThrowsAsync<Base64Exception>(() => DecodeAsync(pieces));
    }

    private static Task<byte[]> DecodeAsync(byte[][] pieces) => Cuts.RunAsync(pieces, (from, to) => Base64Stage.DecodeAsync(from, to, default));
}
