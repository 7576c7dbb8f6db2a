using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using static Cstp.Tests.EndToEnd.InboundRows;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.5: what is opened, for whom, and what stays closed.</summary>
public sealed class InboundEncryptionRowTests
{
    [Fact]
    public async Task M10_layers_over_the_budget_are_delivered_as_they_are()
    {
        await using TwoBoxes boxes = Boxes(new SecuringOptions { MaxLayers = 4 });
        string entity = Entity;
        for (int i = 0; i < 9; i++)
            entity = await OpaqueSignedAsync(entity, BobKey);
        string arrived = await OpenAsync(boxes, Message(Bob, entity));
        Assert.Equal(4, arrived.Split("smime=pass").Length - 1);
        Assert.Contains("application/pkcs7-mime", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello Anna", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task E1_a_changed_octet_has_one_outcome_as_for_a_key_that_is_not_ours()
    {
        await using TwoBoxes boxes = Boxes();
        byte[] cms = await EncryptAsync(Entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate);
        for (int place = cms.Length - 40; place < cms.Length; place += 7)
        {
            byte[] changed = (byte[])cms.Clone();
            changed[place] ^= 1;
            await AssertKeptAsync(boxes, Message(Bob, Opaque(changed, "authEnveloped-data")), null);
        }
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, EveKey.Certificate)), null);
    }

    [Fact]
    public async Task E2_CBC_without_signature_to_a_user_is_opened_and_marked_by_default()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Cbc, anna)), "none");
        Assert.Contains("no integrity", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task E2_CBC_whose_header_is_garbage_is_kept()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync("\u0091\u0007garbage\r\n" + Entity, ContentCipher.Aes256Cbc, anna)), null);
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync(Entity + "\u0091\u0092\r\n", ContentCipher.Aes256Cbc, anna)), null);
    }

    [Theory]
    [InlineData("8bit", "\u0091\0")]
    [InlineData("8bit", "\u0091\rx")]
    [InlineData("7bit", "x\0")]
    [InlineData("7bit", "x\rx")]
    public async Task E2_CBC_content_that_is_no_text_as_it_says_is_kept_also_where_the_server_takes_binary(string encoding, string garbage)
    {
        await using TwoBoxes boxes = Boxes();
        boxes.IntelServer.Extensions = "8BITMIME\nCHUNKING\nBINARYMIME";
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string entity = $"Content-Type: text/plain\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{garbage}\r\n";
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync(entity, ContentCipher.Aes256Cbc, anna)), null);
    }

    [Fact]
    public async Task E2_CBC_around_a_signature_that_fails_is_kept()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string signed = (await ClearSignedAsync(Entity, BobKey)).Replace("Hello Anna", "Hello Eve!", StringComparison.Ordinal);
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync(signed, ContentCipher.Aes256Cbc, anna)), null);
    }

    [Fact]
    public async Task E2_keep_and_refuse_by_setting()
    {
        await using TwoBoxes keep = Boxes(new SecuringOptions { Unauthenticated = UnauthenticatedContent.Keep });
        EncodedCertificate anna = keep.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        await AssertKeptAsync(keep, Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Cbc, anna)), null);

        await using TwoBoxes refuse = Boxes(new SecuringOptions { Unauthenticated = UnauthenticatedContent.Refuse });
        anna = refuse.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        using var client = new RawClient(refuse.Intel.OutsidePort);
        await client.BeginAsync(Bob, "anna@intel.test");
        Assert.StartsWith("550 5.7.7", await client.SendMessageAsync(Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Cbc, anna))), StringComparison.Ordinal);
        Assert.Empty(refuse.IntelServer.Messages);
    }

    [Fact]
    public async Task E3_CBC_to_the_gateway_key_is_opened_only_around_a_trusted_signature()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate gateway = boxes.Intel.GatewayCertificate;
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Cbc, gateway)), null);
        await AssertKeptAsync(boxes, Message("eve@evil.test", await EnvelopedAsync(await OpaqueSignedAsync(Entity, EveKey), ContentCipher.Aes256Cbc, gateway)), null);
        await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(await OpaqueSignedAsync(Entity, BobKey), ContentCipher.Aes256Cbc, gateway)), "pass");
    }

    [Fact]
    public async Task E5_what_a_box_sealed_stays_closed_to_whom_it_was_not_sealed_for()
    {
        await using var boxes = new TwoBoxes();
        byte[] content = Octets("From: bob@amd.test\r\nTo: anna@intel.test\r\nSubject: s\r\n\r\nHello Anna\r\n");
        RecordedMessage sealedMessage = Assert.Single(await boxes.SecureAsync(content, Bob, "anna@intel.test"));
        string eve = (await boxes.OpenAsync(sealedMessage.Content, Bob, "eve@intel.test")).Text;
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=policy\r\n\treason=\"sealed for other recipients\"\r\n", eve, StringComparison.Ordinal);
        Assert.EndsWith(sealedMessage.Text, eve, StringComparison.Ordinal);

        // Both at once: it opens for her alone.
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync(Bob, "eve@intel.test", "Anna@intel.test");
        Assert.StartsWith("250", await client.SendMessageAsync(sealedMessage.Content), StringComparison.Ordinal);
        RecordedMessage[] arrived = [.. boxes.IntelServer.Messages];
        Assert.EndsWith(Encoding.Latin1.GetString(content), arrived.Single(m => m.IsFor("Anna@intel.test")).Text, StringComparison.Ordinal);
        Assert.EndsWith(sealedMessage.Text, arrived.Single(m => m.IsFor("eve@intel.test")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task E5_a_users_key_does_not_open_for_another_recipient()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string message = Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, anna));
        Assert.Equal(message, await OpenAsync(boxes, message, "carl@intel.test"));
        Assert.Equal(message, await OpenAsync(boxes, message, "anna@intel.test", "carl@intel.test"));
        Assert.Contains("Hello Anna", await OpenAsync(boxes, message, "anna@intel.test"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task E10_compressed_content_is_not_opened()
    {
        await using TwoBoxes boxes = Boxes();
        byte[] compressed = [0x30, 0x80, 0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x09, 0xA0, 0x80, .. new byte[64]];
        await AssertKeptAsync(boxes, Message(Bob, Opaque(compressed, "compressed-data")), null);
    }

    [Fact]
    public async Task E11_8_bit_content_for_a_server_without_8BITMIME_is_refused()
    {
        await using TwoBoxes boxes = Boxes();
        boxes.IntelServer.Extensions = "PIPELINING\nENHANCEDSTATUSCODES";
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync(Bob, "anna@intel.test");
        string message = Message(Bob, await OpaqueSignedAsync("Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nf\u00fcr Anna\r\n", BobKey));
        Assert.StartsWith("554 5.6.3", await client.SendMessageAsync(message), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task E12_a_message_that_is_encrypted_already_is_passed_as_it_is()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message("juro@amd.test", await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, EveKey.Certificate));
        Assert.Equal(message, Assert.Single(await boxes.SecureAsync(Octets(message), "juro@amd.test", "anna@intel.test")).Text);
    }

    [Fact]
    public async Task E12_a_message_that_only_says_it_is_encrypted_is_secured()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message("juro@amd.test", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\nthe secret in clear\r\n");
        Assert.DoesNotContain("the secret", Assert.Single(await boxes.SecureAsync(Octets(message), "juro@amd.test", "anna@intel.test")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_are_opened_to_any_depth()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate gateway = boxes.Intel.GatewayCertificate;
        string entity = await OpaqueSignedAsync(Entity, BobKey);
        entity = await EnvelopedAsync(entity, ContentCipher.Aes256Gcm, gateway);
        entity = await OpaqueSignedAsync(entity, BobKey);
        entity = await EnvelopedAsync(entity, ContentCipher.Aes128Gcm, gateway);
        await AssertOpenedAsync(boxes, Message(Bob, entity), "pass");
    }
}
