using System.Text;
using Cstp.Core.Mime;

namespace Cstp.Tests.Mime;

public sealed class AddressFieldTests
{
    [Theory]
    [InlineData("From: J\u00fcrg <j\u00fcrg@amd.test>", "j\u00fcrg@amd.test")]
    [InlineData("From: juro@m\u00fcller.test", "juro@xn--mller-kva.test")]
    [InlineData("From: juro@M\u00dcLLER.test", "juro@xn--mller-kva.test")]
    [InlineData("From: juro@xn--mller-kva.test", "juro@xn--mller-kva.test")]
    [InlineData("From: \"j\u00fc rg\"@amd.test", "\"j\u00fc rg\"@amd.test")]
    [InlineData("From: =?utf-8?q?J=C3=BCrg?= <juro@amd.test>", "juro@amd.test")]
    [InlineData("From: ju\u0308rg@amd.test", "ju\u0308rg@amd.test")]
    public void An_address_in_UTF8_is_read_as_it_is(string field, string address) => Assert.Equal(address, OuterHeader.FromOf([Field(Encoding.UTF8.GetBytes(field))])?.ToString());

    [Theory]
    [InlineData("From: j\u00fcrg@amd.test")]
    public void What_is_no_UTF8_is_nobodys_address(string field) => Assert.Null(OuterHeader.FromOf([Field(Encoding.Latin1.GetBytes(field))]));

    [Fact]
    public void A_name_in_another_charset_hides_no_address_in_ASCII() => Assert.Equal("juro@amd.test", OuterHeader.FromOf([Field(Encoding.Latin1.GetBytes("From: J\u00fcrg <juro@amd.test>"))])?.ToString());

    private static HeaderField Field(byte[] octets) => new(new ReadOnlyMemory<byte>([.. octets, .. "\r\n"u8]));
}
