using System.Text;
using Cstp.Core.Securing;
using MimeKit;

namespace Cstp.Tests.EndToEnd;

/// <summary>Rule 2 with <c>sign_without_certificate</c>: what is clear-signed, and what becomes of 8-bit content (RFC 8551 3.1.3).</summary>
public sealed class ClearSigningTests
{
    private const string EightBit =
        "From: juro@amd.test\r\nTo: x@elsewhere.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\nContent-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n--m\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "Gr\u00c3\u00bc\u00c3\u009fe = \r\n.\r\ntrailing \t\r\n\r\n--m\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\u0001\u0002\u00ff\u00fe\r\n--m\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: inner\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\u00e4\u00f6\u00fc\r\n--m--\r\nepilogue\r\n";

    private static async Task<string> SignAsync(EightBitSigning eightBit, string message)
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true, EightBit = eightBit });
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(message), "juro@amd.test", "x@elsewhere.test"));
        if (wire.Text != message)
        {
            RecordedMessage arrived = await boxes.OpenAsync(wire.Content, "juro@amd.test", "anna@intel.test");
            Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        }
        return wire.Text;
    }

    [Fact]
    public async Task Declared_8_bit_content_stays_unsigned_by_default() => Assert.Equal(EightBit, await SignAsync(EightBitSigning.Unsigned, EightBit));

    [Fact]
    public async Task Declared_8_bit_content_is_signed_opaquely_by_setting()
    {
        string wire = await SignAsync(EightBitSigning.Opaque, EightBit);
        Assert.Contains("smime-type=signed-data", wire, StringComparison.Ordinal);
        Assert.All(wire, c => Assert.True(c < 128));
    }

    [Fact]
    public async Task Declared_8_bit_content_is_encoded_anew_by_setting_and_means_the_same()
    {
        string wire = await SignAsync(EightBitSigning.Reencode, EightBit);
        Assert.Contains("multipart/signed", wire, StringComparison.Ordinal);
        Assert.All(wire, c => Assert.True(c < 128));
        Assert.All(wire.Split("\r\n"), line => Assert.True(line.Length <= 998));
        MimeMessage before = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(EightBit)));
        MimeMessage after = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(wire)));
        Assert.Equal(Leaves(before.Body), Leaves(((Multipart)after.Body!)[0]));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    public async Task A_single_8_bit_part_is_encoded_anew(string type)
    {
        string message = $"From: juro@amd.test\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{string.Concat(Enumerable.Repeat("\u00e4 long line ", 500))}\r\n\r\nlast\r\n";
        string wire = await SignAsync(EightBitSigning.Reencode, message);
        Assert.All(wire, c => Assert.True(c < 128));
        MimeMessage before = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(message)));
        MimeMessage after = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(wire)));
        Assert.Equal(Leaves(before.Body), Leaves(((Multipart)after.Body!)[0]));
    }

    [Fact]
    public async Task A_7_bit_message_is_clear_signed_with_its_body_as_it_was()
    {
        const string Plain = "From: juro@amd.test\r\nTo: x@elsewhere.test\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
        string wire = await SignAsync(EightBitSigning.Unsigned, Plain);
        Assert.Contains("micalg=sha-256", wire, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: text/plain\r\n\r\nHello\r\n\r\n--", wire, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_signed_already_is_not_signed_again()
    {
        string signed = SmimeWorkshop.Message("juro@amd.test", await SmimeWorkshop.ClearSignedAsync("Content-Type: text/plain\r\n\r\nx\r\n", SmimeWorkshop.Identity("juro@amd.test")));
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true });
        Assert.Equal(signed, Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(signed), "juro@amd.test", "x@elsewhere.test")).Text);
    }

    private static IEnumerable<string> Leaves(MimeEntity? entity)
    {
        switch (entity)
        {
            case Multipart multipart:
                return multipart.SelectMany(Leaves);
            case MessagePart message:
                return Leaves(message.Message!.Body);
            default:
                var content = new MemoryStream();
                ((MimePart)entity!).Content!.DecodeTo(content);
                return [$"{entity.ContentType.MimeType}: {Convert.ToHexString(content.ToArray())}"];
        }
    }
}
