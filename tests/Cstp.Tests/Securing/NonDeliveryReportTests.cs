using System.IO.Pipelines;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using MimeKit;

namespace Cstp.Tests.Securing;

/// <summary>The report on withheld recipients, as a reader's library finds it (RFC 3464, RFC 6533).</summary>
public sealed class NonDeliveryReportTests
{
    private const string Box = "cstpbox@amd.test";
    private const string Ascii = "juro@amd.test";
    private const string International = "j\u00fcrg@amd.test";
    private const string Header = "From: J\u00fcrg\r\nSubject: Gr\u00fc\u00dfe\r\nMessage-ID: <1@amd.test>\r\n";

    [Fact]
    public async Task To_a_sender_in_ASCII_it_is_in_seven_bits_and_recipients_beyond_are_escaped()
    {
        (byte[] octets, MultipartReport parts) = await WriteAsync(Ascii, "From: juro\r\n", "\u4f8b@elsewhere.test", "max@elsewhere.test");
        Assert.True(System.Text.Ascii.IsValid(octets));
        Assert.Equal("message/delivery-status", parts[1].ContentType.MimeType);
        HeaderList[] groups = [.. Assert.IsType<MessageDeliveryStatus>(parts[1]).StatusGroups.Skip(1)];
        Assert.Equal("utf-8; \\x{4F8B}@elsewhere.test", groups[0]["Final-Recipient"]);
        Assert.Equal("rfc822; max@elsewhere.test", groups[1]["Final-Recipient"]);
        Assert.Equal("text/rfc822-headers", parts[2].ContentType.MimeType);
        Assert.Contains("\u4f8b@elsewhere.test", Assert.IsType<TextPart>(parts[0]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u00fc+a=b@x.test", "utf-8; \\x{FC}\\x{2B}a\\x{3D}b@x.test")]
    [InlineData("\"\u00fc \\\"\"@x.test", "utf-8; \"\\x{FC}\\x{20}\\x{5C}\"\"@x.test")]
    [InlineData("a+b@m\u00fcller.test", "rfc822; a+b@xn--mller-kva.test")]
    public async Task The_escaped_form_is_that_of_RFC_6533_3(string recipient, string expected)
    {
        (_, MultipartReport parts) = await WriteAsync(Ascii, Header, recipient);
        Assert.Equal(expected, Assert.IsType<MessageDeliveryStatus>(parts[1]).StatusGroups[1]["Final-Recipient"]);
    }

    [Fact]
    public async Task To_a_sender_in_ASCII_a_header_section_beyond_ASCII_is_global_headers_encoded()
    {
        (byte[] octets, MultipartReport parts) = await WriteAsync(Ascii, Header, "max@elsewhere.test");
        Assert.True(System.Text.Ascii.IsValid(octets));
        MimePart returned = Assert.IsAssignableFrom<MimePart>(parts[2]);
        Assert.Equal("message/global-headers", returned.ContentType.MimeType);
        Assert.Equal(ContentEncoding.QuotedPrintable, returned.ContentTransferEncoding);
        Assert.Equal(Header, Encoding.UTF8.GetString(Content(returned)));
    }

    [Theory]
    [InlineData(Ascii)]
    [InlineData(International)]
    public async Task A_header_section_that_is_no_UTF8_is_a_broken_one_and_encoded(string sender)
    {
        byte[] broken = Encoding.Latin1.GetBytes(Header);
        (_, MultipartReport parts) = await WriteAsync(sender, broken, [new("max@elsewhere.test")], Box);
        MimePart returned = Assert.IsAssignableFrom<MimePart>(parts[2]);
        Assert.Equal("text/rfc822-headers", returned.ContentType.MimeType);
        Assert.Equal(ContentEncoding.QuotedPrintable, returned.ContentTransferEncoding);
        Assert.Equal(broken, Content(returned));
    }

    [Fact]
    public async Task To_a_sender_beyond_ASCII_it_is_a_global_report_in_eight_bits()
    {
        (byte[] octets, MultipartReport parts) = await WriteAsync(
            International, Encoding.UTF8.GetBytes(Header), [new("\u4f8b@elsewhere.test", "utf-8;\u4f8b+a@elsewhere.test"), new("max@elsewhere.test", "rfc822;m+m@elsewhere.test")], Box);
        Assert.Contains($"To: {International}\r\n", Encoding.UTF8.GetString(octets), StringComparison.Ordinal);
        Assert.Equal("delivery-status", parts.ReportType);
        MimePart status = Assert.IsAssignableFrom<MimePart>(parts[1]);
        Assert.Equal("message/global-delivery-status", status.ContentType.MimeType);
        Assert.Equal(ContentEncoding.EightBit, status.ContentTransferEncoding);
        string[] lines = Encoding.UTF8.GetString(Content(status)).Split("\r\n");
        Assert.Equal(
            [
                "Reporting-MTA: dns; cstp.amd.test",
                "",
                "Original-Recipient: utf-8;\u4f8b+a@elsewhere.test",
                "Final-Recipient: utf-8; \u4f8b@elsewhere.test",
                "Action: failed",
                "Status: 5.7.1",
                "",
                "Original-Recipient: rfc822;m+m@elsewhere.test",
                "Final-Recipient: rfc822; max@elsewhere.test",
                "Action: failed",
                "Status: 5.7.1",
                "",
            ],
            lines);
        TextRfc822Headers returned = Assert.IsType<TextRfc822Headers>(parts[2]);
        Assert.Equal("message/global-headers", returned.ContentType.MimeType);
        Assert.Equal("8bit", returned.Headers[HeaderId.ContentTransferEncoding]);
        Assert.Equal("Gr\u00fc\u00dfe", returned.Message!.Subject);
        Assert.Contains($"\r\n\r\n{Header}", Encoding.UTF8.GetString(octets), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_original_recipient_beyond_ASCII_is_escaped_in_seven_bits_and_an_escaped_one_stays()
    {
        (_, MultipartReport parts) = await WriteAsync(
            Ascii, "From: juro\r\n"u8.ToArray(), [new("a@x.test", "utf-8;\u4f8b@x.test"), new("b@x.test", "utf-8;\\x{4F8B}@x.test")], Box);
        Assert.All(Assert.IsType<MessageDeliveryStatus>(parts[1]).StatusGroups.Skip(1), group => Assert.Equal("utf-8;\\x{4F8B}@x.test", group["Original-Recipient"]));
    }

    [Fact]
    public async Task A_line_too_long_for_SMTP_is_encoded()
    {
        string header = $"X-Long: {new string('\u00fc', 800)}\r\n";
        (byte[] octets, MultipartReport parts) = await WriteAsync(International, header, "max@elsewhere.test");
        Assert.All(Encoding.UTF8.GetString(octets).Split("\r\n"), line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, 998));
        Assert.Equal(header, Encoding.UTF8.GetString(Content(Assert.IsAssignableFrom<MimePart>(parts[2]))));
    }

    [Fact]
    public async Task A_box_whose_own_address_is_beyond_ASCII_writes_none_but_global_reports()
    {
        const string Box = "b\u00f6x@amd.test";
        (byte[] octets, MultipartReport parts) = await WriteAsync(Ascii, "From: juro\r\n"u8.ToArray(), [new("max@elsewhere.test")], Box);
        Assert.Contains($"<{Box}>", Encoding.UTF8.GetString(octets), StringComparison.Ordinal);
        Assert.Equal("message/global-delivery-status", parts[1].ContentType.MimeType);
        Assert.True(Report(Box).IsInternational(Envelope(Ascii)));
        Assert.False(Report(NonDeliveryReportTests.Box).IsInternational(Envelope(Ascii)));
    }

    private static Task<(byte[] Octets, MultipartReport Parts)> WriteAsync(string sender, string header, params string[] recipients) =>
        WriteAsync(sender, Encoding.UTF8.GetBytes(header), [.. recipients.Select(r => new Withheld(r))], Box);

    private static async Task<(byte[] Octets, MultipartReport Parts)> WriteAsync(string sender, byte[] header, Withheld[] withheld, string box)
    {
        var octets = new MemoryStream();
        PipeWriter output = PipeWriter.Create(octets, new StreamPipeWriterOptions(leaveOpen: true));
        await Report(box).WriteAsync(Envelope(sender, withheld), HeaderSection.Parse(header), [.. Enumerable.Range(0, withheld.Length)], output, default);
        await output.CompleteAsync();
        octets.Position = 0;
        MimeMessage mail = await MimeMessage.LoadAsync(octets);
        return (octets.ToArray(), Assert.IsType<MultipartReport>(mail.Body));
    }

    private static NonDeliveryReport Report(string box) => new(box, "cstp.amd.test", outerSubject: "", TimeProvider.System);

    private static MessageEnvelope Envelope(string sender, params Withheld[] withheld) => new(
        "1", Side.Inside, Mailbox.Parse(sender), [.. withheld.Select(w => Mailbox.Parse(w.Address))], BodyValue.SevenBit, ServerTakes8Bit: true)
    {
        Notifications = [.. withheld.Select(w => new RecipientNotification(OnFailure: true, w.Original))],
    };

    private static byte[] Content(MimePart part)
    {
        var content = new MemoryStream();
        part.Content!.DecodeTo(content);
        return content.ToArray();
    }

    private sealed record Withheld(string Address, string? Original = null);
}
