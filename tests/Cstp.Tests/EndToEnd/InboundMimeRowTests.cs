using Cstp.Abstractions;
using static Cstp.Tests.EndToEnd.InboundRows;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.3: MIME that programs read differently, through a running box.</summary>
public sealed class InboundMimeRowTests
{
    [Fact]
    public async Task M1_two_Content_Type_fields_are_neutral_and_stay()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, "Content-Type: text/plain\r\n" + await OpaqueSignedAsync(Entity, BobKey)), "neutral");
    }

    [Fact]
    public async Task M1_two_transfer_encodings_are_neutral_and_stay()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, "Content-Transfer-Encoding: 7bit\r\n" + await OpaqueSignedAsync(Entity, BobKey)), "neutral");
    }

    [Theory]
    [InlineData("boundary=bb", "boundary=cc; boundary=bb")]
    [InlineData("protocol=\"application/pkcs7-signature\"", "protocol=\"application/pkcs7-signature\"; protocol=\"x/y\"")]
    public async Task M1_a_parameter_given_twice_is_neutral_and_stays(string once, string twice)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey));
        await AssertKeptAsync(boxes, message.Replace(once, twice, StringComparison.Ordinal), "neutral");
    }

    [Theory]
    [InlineData("Content-Type :")]
    [InlineData("Content-Type\r\n :")]
    [InlineData("C\u00f6ntent-Type:")]
    public async Task M2_a_broken_field_name_is_not_SMIME_and_passes(string name)
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, (await OpaqueSignedAsync(Entity, BobKey)).Replace("Content-Type:", name, StringComparison.Ordinal)), null);
    }

    [Fact]
    public async Task M2_a_message_without_empty_line_passes()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, $"From: {Bob}\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\n", null);
    }

    [Fact]
    public async Task M3_the_type_is_read_in_odd_case_and_with_comments()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = (await OpaqueSignedAsync(Entity, BobKey)).Replace("application/pkcs7-mime;", "(a comment) aPPlication/PKCS7-mime (b) ;", StringComparison.Ordinal);
        await AssertOpenedAsync(boxes, Message(Bob, entity), "pass");
    }

    [Fact]
    public async Task M3_an_encoded_word_means_nothing()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = (await OpaqueSignedAsync(Entity, BobKey)).Replace("application/pkcs7-mime", "=?us-ascii?q?application/pkcs7-mime?=", StringComparison.Ordinal);
        await AssertKeptAsync(boxes, Message(Bob, entity), null);
    }

    [Theory]
    [InlineData("; boundary=bb", "")]
    [InlineData("boundary=bb", "boundary=\"\"")]
    [InlineData("boundary=bb", "boundary=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    [InlineData("--bb--", "--bb")]
    [InlineData("--bb--", "")]
    [InlineData("Hello Anna", "Hello Anna\r\n--bbx\r\nmore")]
    [InlineData("Hello Anna", "Hello Anna\r\n--bb\r\nContent-Type: text/plain\r\n\r\nmore")]
    public async Task M4_a_boundary_that_programs_may_read_differently_is_neutral_and_stays(string right, string wrong)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey));
        string changed = message.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(message, changed);
        await AssertKeptAsync(boxes, changed, "neutral");
    }

    [Theory]
    [InlineData("\r\n\r\n--bb\r\nContent-Type: text/plain", "\r\n\r\nPay 1000 to Eve\r\n\r\n--bb\r\nContent-Type: text/plain")]
    [InlineData("--bb--\r\n", "--bb--\r\nPay 1000 to Eve\r\n")]
    public async Task M5_text_around_the_parts_is_neutral_and_never_verified(string right, string wrong)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey));
        string changed = message.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(message, changed);
        await AssertKeptAsync(boxes, changed, "neutral");
    }

    [Theory]
    [InlineData("This is an S/MIME signed message", "pass")]
    [InlineData("This is a cryptographically signed message in MIME format.", "pass")]
    [InlineData("This is an S/MIME signed message\r\nPay 1000 to Eve", "neutral")]
    [InlineData("This is an S/MIME signed message, so pay 1000 to Eve", "neutral")]
    public async Task M5_what_programs_write_before_the_first_part_is_no_text_of_anybodys(string preamble, string result)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey)).Replace("\r\n\r\n--bb\r\nContent-Type: text/plain", $"\r\n\r\n{preamble}\r\n\r\n--bb\r\nContent-Type: text/plain", StringComparison.Ordinal);
        string arrived = await OpenAsync(boxes, message);
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived, StringComparison.Ordinal);
        Assert.EndsWith(message, arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M5_one_part_is_neutral_and_stays()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=bb\r\n\r\n--bb\r\n" + Entity + "\r\n--bb--\r\n"), "neutral");
    }

    [Theory]
    [InlineData("multipart/mixed; boundary=m")]
    [InlineData("multipart/alternative; boundary=m")]
    [InlineData("multipart/related; boundary=m")]
    public async Task M6_an_encrypted_part_inside_other_mail_is_never_opened(string type)
    {
        await using TwoBoxes boxes = Boxes();
        string part = await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate);
        await AssertKeptAsync(boxes, Message(Bob, $"Content-Type: {type}\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n<img src=\"http://evil.test/\r\n--m\r\n{part}\r\n--m--\r\n"), null);
    }

    [Fact]
    public async Task M6_an_encrypted_message_inside_message_rfc822_is_never_opened()
    {
        await using TwoBoxes boxes = Boxes();
        string inner = Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate));
        await AssertKeptAsync(boxes, Message(Bob, "Content-Type: message/rfc822\r\n\r\n" + inner), null);
    }

    [Fact]
    public async Task M7_a_multipart_in_base64_is_neutral_and_stays()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, "Content-Transfer-Encoding: base64\r\n" + await ClearSignedAsync(Entity, BobKey)), "neutral");
    }

    [Fact]
    public async Task M7_octets_after_the_padding_are_neutral_and_stay()
    {
        await using TwoBoxes boxes = Boxes();
        byte[] cms = await SignAsync(Entity, BobKey);
        while (cms.Length % 3 == 0)
            cms = await SignAsync(Entity + new string('x', Random.Shared.Next(1, 9)) + "\r\n", BobKey);
        await AssertKeptAsync(boxes, Message(Bob, Opaque(cms, "signed-data") + "QUJD\r\n"), "neutral");
    }

    [Theory]
    [InlineData("quoted-printable")]
    [InlineData("x-unknown")]
    public async Task M7_an_unknown_transfer_encoding_is_neutral_and_stays(string encoding)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await OpaqueSignedAsync(Entity, BobKey)).Replace("Encoding: base64", $"Encoding: {encoding}", StringComparison.Ordinal);
        await AssertKeptAsync(boxes, message, "neutral");
    }

    [Fact]
    public async Task M7_cut_base64_is_neutral_and_stays()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await OpaqueSignedAsync(Entity, BobKey));
        await AssertKeptAsync(boxes, message[..^30].TrimEnd() + "\r\n", "neutral");
    }

    [Fact]
    public async Task M8_the_CMS_decides_what_a_layer_is_and_smime_type_is_a_hint()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message(Bob, Opaque(await SignAsync(Entity, BobKey), "enveloped-data")), "pass");
    }

    [Fact]
    public async Task M9_ten_thousand_fields_and_parts_are_passed()
    {
        await using TwoBoxes boxes = Boxes();
        string fields = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"X-{i}: y\r\n"));
        string parts = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"--m\r\n\r\n{i}\r\n"));
        await AssertKeptAsync(boxes, Message(Bob, $"{fields}Content-Type: multipart/mixed; boundary=m\r\n\r\n{parts}--m--\r\n"), null);
    }

    [Fact]
    public async Task S19_lines_inside_a_layer_may_end_in_LF_alone()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string entity = Entity.Replace("\r\n", "\n", StringComparison.Ordinal);
        await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, BobKey)), "pass");
        await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(entity, ContentCipher.Aes256Cbc, anna)), "none");
        string signed = (await OpaqueSignedAsync(entity, BobKey)).Replace("\r\n", "\n", StringComparison.Ordinal);
        await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(signed, ContentCipher.Aes256Gcm, anna)), "pass");

        // A clear signature is over CRLF, whatever the file had in which it was encrypted; it stays, and holds at the reader's.
        string clear = await ClearSignedAsync(Entity, BobKey);
        string arrived = await OpenAsync(boxes, Message(Bob, await EnvelopedAsync(clear.Replace("\r\n", "\n", StringComparison.Ordinal), ContentCipher.Aes256Gcm, anna)));
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", arrived, StringComparison.Ordinal);
        Assert.EndsWith(clear[clear.IndexOf("--bb", StringComparison.Ordinal)..], arrived, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hello Anna\r\n")]
    [InlineData("Hello Anna")]
    [InlineData("")]
    public async Task M2_a_layer_without_a_MIME_entity_inside_stays_and_loses_nothing(string content)
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        await AssertStaysAsync(boxes, Message(Bob, await OpaqueSignedAsync(content, BobKey)));
        await AssertStaysAsync(boxes, Message(Bob, await EnvelopedAsync(content, ContentCipher.Aes256Gcm, anna)));
    }

    [Fact]
    public async Task M9_a_header_section_over_the_limit_inside_a_layer_stays_there()
    {
        await using TwoBoxes boxes = Boxes();
        string content = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"X-{i}: yyyyyyyyyyyyyyyyyyyy\r\n")) + Entity;
        await AssertStaysAsync(boxes, Message(Bob, await OpaqueSignedAsync(content, BobKey)));
    }

    [Theory]
    [InlineData("a\n.\nb\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\nno end", "a\r\nno end\r\n")]
    public async Task S19_line_ends_inside_a_layer_are_normalised_and_stuffed(string inside, string arrives)
    {
        await using TwoBoxes boxes = Boxes();
        string arrived = await OpenAsync(boxes, Message(Bob, await OpaqueSignedAsync("Content-Type: text/plain\r\n\r\n" + inside, BobKey)));
        Assert.EndsWith("\r\n\r\n" + arrives, arrived, StringComparison.Ordinal);
        Assert.Single(boxes.IntelServer.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\r.\rb\r\n")]
    [InlineData("a\r\n.\rb\r\n")]
    [InlineData("a\0b\r\n")]
    [InlineData("a\r")]
    public async Task S19_a_bare_CR_or_NUL_inside_a_layer_is_refused(string inside)
    {
        await using TwoBoxes boxes = Boxes();
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync(Bob, "anna@intel.test");
        Assert.StartsWith("554 5.6.3", await client.SendMessageAsync(Message(Bob, await OpaqueSignedAsync("Content-Type: text/plain\r\n\r\n" + inside, BobKey))), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
    }
}
