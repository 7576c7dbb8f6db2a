using Cstp.Abstractions;
using Cstp.Core.Securing;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Sections 6.3 to 6.5: what a stranger may send, through a running box.</summary>
public sealed class InboundRowTests
{
    private const string Entity = "Content-Type: text/plain\r\n\r\nHello Anna\r\n";
    private const string Bob = "bob@amd.test";

    private static readonly CmsIdentity s_bob = Identity(Bob);
    private static readonly CmsIdentity s_eve = Identity("eve@evil.test");

    private static TwoBoxes Boxes(SecuringOptions? options = null)
    {
        var boxes = new TwoBoxes(securing: options);
        boxes.Intel.TrustUser(s_bob.Certificate, Bob);
        return boxes;
    }

    private static async Task<string> OpenAsync(TwoBoxes boxes, string message, params string[] to) =>
        (await boxes.OpenAsync(Octets(message), Bob, to.Length > 0 ? to : ["anna@intel.test"])).Text;

    /// <summary>Kept: the octets as they came, under a result or none.</summary>
    private static async Task AssertKeptAsync(TwoBoxes boxes, string message, string? result)
    {
        string arrived = await OpenAsync(boxes, message);
        if (result is null)
        {
            Assert.Equal(message, arrived);
            return;
        }
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived, StringComparison.Ordinal);
        Assert.EndsWith(message, arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("smime=pass", arrived, StringComparison.Ordinal);
    }

    private static async Task<string> AssertOpenedAsync(TwoBoxes boxes, string message, string result)
    {
        string arrived = await OpenAsync(boxes, message);
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nHello Anna\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("pkcs7", arrived, StringComparison.Ordinal);
        return arrived;
    }

    [Fact]
    public async Task A_trusted_users_opaque_signature_passes_and_comes_off()
    {
        await using TwoBoxes boxes = Boxes();
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(Entity, s_bob)), "pass");
        Assert.Contains($"body.smime-identifier={Bob}", arrived, StringComparison.Ordinal);
        Assert.Contains("Subject: outside\r\n", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trusted_users_clear_signature_passes_and_stays_for_the_reader()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob));
        string arrived = await OpenAsync(boxes, message);
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", arrived, StringComparison.Ordinal);
        Assert.EndsWith(message, arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_signer_is_policy_and_kept_in_the_store_as_untrusted()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message("eve@evil.test", await OpaqueSignedAsync(Entity, s_eve)), "policy");
        Assert.Contains(boxes.Intel.Collected, c => c.Certificate.Equals(s_eve.Certificate) && c.Source == "eve@evil.test");
    }

    [Fact]
    public async Task M1_two_Content_Type_fields_are_neutral_and_stay()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, "Content-Type: text/plain\r\n" + await OpaqueSignedAsync(Entity, s_bob)), "neutral");
    }

    [Fact]
    public async Task M1_two_transfer_encodings_are_neutral_and_stay()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, "Content-Transfer-Encoding: 7bit\r\n" + await OpaqueSignedAsync(Entity, s_bob)), "neutral");
    }

    [Theory]
    [InlineData("boundary=bb", "boundary=cc; boundary=bb")]
    [InlineData("protocol=\"application/pkcs7-signature\"", "protocol=\"application/pkcs7-signature\"; protocol=\"x/y\"")]
    public async Task M1_a_parameter_given_twice_is_neutral_and_stays(string once, string twice)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob));
        await AssertKeptAsync(boxes, message.Replace(once, twice, StringComparison.Ordinal), "neutral");
    }

    [Theory]
    [InlineData("Content-Type :")]
    [InlineData("Content-Type\r\n :")]
    [InlineData("C\u00f6ntent-Type:")]
    public async Task M2_a_broken_field_name_is_not_SMIME_and_passes(string name)
    {
        await using TwoBoxes boxes = Boxes();
        await AssertKeptAsync(boxes, Message(Bob, (await OpaqueSignedAsync(Entity, s_bob)).Replace("Content-Type:", name, StringComparison.Ordinal)), null);
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
        string entity = (await OpaqueSignedAsync(Entity, s_bob)).Replace("application/pkcs7-mime;", "(a comment) aPPlication/PKCS7-mime (b) ;", StringComparison.Ordinal);
        await AssertOpenedAsync(boxes, Message(Bob, entity), "pass");
    }

    [Fact]
    public async Task M3_an_encoded_word_means_nothing()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = (await OpaqueSignedAsync(Entity, s_bob)).Replace("application/pkcs7-mime", "=?us-ascii?q?application/pkcs7-mime?=", StringComparison.Ordinal);
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
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob));
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
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob));
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
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob)).Replace("\r\n\r\n--bb\r\nContent-Type: text/plain", $"\r\n\r\n{preamble}\r\n\r\n--bb\r\nContent-Type: text/plain", StringComparison.Ordinal);
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
        await AssertKeptAsync(boxes, Message(Bob, "Content-Transfer-Encoding: base64\r\n" + await ClearSignedAsync(Entity, s_bob)), "neutral");
    }

    [Fact]
    public async Task M7_octets_after_the_padding_are_neutral_and_stay()
    {
        await using TwoBoxes boxes = Boxes();
        byte[] cms = await SignAsync(Entity, s_bob);
        while (cms.Length % 3 == 0)
            cms = await SignAsync(Entity + new string('x', Random.Shared.Next(1, 9)) + "\r\n", s_bob);
        await AssertKeptAsync(boxes, Message(Bob, Opaque(cms, "signed-data") + "QUJD\r\n"), "neutral");
    }

    [Theory]
    [InlineData("quoted-printable")]
    [InlineData("x-unknown")]
    public async Task M7_an_unknown_transfer_encoding_is_neutral_and_stays(string encoding)
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await OpaqueSignedAsync(Entity, s_bob)).Replace("Encoding: base64", $"Encoding: {encoding}", StringComparison.Ordinal);
        await AssertKeptAsync(boxes, message, "neutral");
    }

    [Fact]
    public async Task M7_cut_base64_is_neutral_and_stays()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await OpaqueSignedAsync(Entity, s_bob));
        await AssertKeptAsync(boxes, message[..^30].TrimEnd() + "\r\n", "neutral");
    }

    [Fact]
    public async Task M8_the_CMS_decides_what_a_layer_is_and_smime_type_is_a_hint()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message(Bob, Opaque(await SignAsync(Entity, s_bob), "enveloped-data")), "pass");
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
    public async Task M10_layers_over_the_budget_are_delivered_as_they_are()
    {
        await using TwoBoxes boxes = Boxes(new SecuringOptions { MaxLayers = 4 });
        string entity = Entity;
        for (int i = 0; i < 9; i++)
            entity = await OpaqueSignedAsync(entity, s_bob);
        string arrived = await OpenAsync(boxes, Message(Bob, entity));
        Assert.Equal(4, arrived.Split("smime=pass").Length - 1);
        Assert.Contains("application/pkcs7-mime", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello Anna", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M11_inner_fields_without_protection_stay_inside()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = "Subject: inner\r\nFrom: boss@amd.test\r\nReceived: forged\r\n" + Entity;
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, s_bob)), "pass");
        Assert.Contains("Subject: outside\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("inner", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M11_protection_in_an_unsigned_layer_is_never_restored()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = "Subject: inner\r\nContent-Type: text/plain; hp=\"cipher\"\r\n\r\nHello Anna\r\n";
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate)), "none");
        Assert.Contains("Subject: outside\r\n", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M11_trace_fields_protected_by_a_user_are_never_restored()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = $"From: {Bob}\r\nSubject: inner\r\nReceived: forged\r\nDKIM-Signature: forged\r\nAuthentication-Results: x; forged\r\nARC-Seal: forged\r\nReturn-Path: forged\r\nBcc: forged\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nHello Anna\r\n";
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, s_bob)), "pass");
        Assert.Contains("Subject: inner\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("Subject: outside", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M11_a_sealed_block_of_an_untrusted_signer_restores_nothing()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = "CSTP-Sealed: 1; hp-outer=0; content-type=asis; rcpt=00\r\nFrom: boss@amd.test\r\nSubject: inner\r\nContent-Type: text/plain\r\n\r\nHello Anna\r\n";
        string arrived = await AssertOpenedAsync(boxes, Message("eve@evil.test", await OpaqueSignedAsync(entity, s_eve)), "policy");
        Assert.Contains("From: eve@evil.test\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("boss", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S19_lines_inside_a_layer_may_end_in_LF_alone()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string entity = Entity.Replace("\r\n", "\n", StringComparison.Ordinal);
        await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, s_bob)), "pass");
        await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(entity, ContentCipher.Aes256Cbc, anna)), "none");
        string signed = (await OpaqueSignedAsync(entity, s_bob)).Replace("\r\n", "\n", StringComparison.Ordinal);
        await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(signed, ContentCipher.Aes256Gcm, anna)), "pass");

        // A clear signature is over CRLF, whatever the file had in which it was encrypted; it stays, and holds at the reader's.
        string clear = await ClearSignedAsync(Entity, s_bob);
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
        await AssertStaysAsync(boxes, Message(Bob, await OpaqueSignedAsync(content, s_bob)));
        await AssertStaysAsync(boxes, Message(Bob, await EnvelopedAsync(content, ContentCipher.Aes256Gcm, anna)));
    }

    [Fact]
    public async Task M9_a_header_section_over_the_limit_inside_a_layer_stays_there()
    {
        await using TwoBoxes boxes = Boxes();
        string content = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"X-{i}: yyyyyyyyyyyyyyyyyyyy\r\n")) + Entity;
        await AssertStaysAsync(boxes, Message(Bob, await OpaqueSignedAsync(content, s_bob)));
    }

    private static async Task AssertStaysAsync(TwoBoxes boxes, string message) =>
        Assert.EndsWith(message, await OpenAsync(boxes, message), StringComparison.Ordinal);

    [Fact]
    public async Task M12_a_protected_From_that_differs_from_the_outer_one_is_policy_and_stays()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = $"From: other@amd.test\r\nSubject: inner\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nHello Anna\r\n";
        await AssertKeptAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, s_bob)), "policy");
    }

    [Theory]
    [InlineData("Authentication-Results: cstp.intel.test; smime=pass\r\n")]
    [InlineData("authentication-RESULTS: CSTP.Intel.TEST; smime=pass\r\n")]
    [InlineData("Authentication-Results:\r\n cstp.intel.test;\r\n smime=pass\r\n")]
    [InlineData("Authentication-Results: (a (nested) comment) cstp.intel.test 1; smime=pass\r\n")]
    [InlineData("Authentication-Results: \"cstp.intel.test\"; smime=pass\r\n")]
    [InlineData("Authentication-Results: \"cstp.\\intel.test\"; smime=pass\r\n")]
    [InlineData("Authentication-Results : cstp.intel.test; smime=pass\r\n")]
    [InlineData("Authentication-Results: cstp.intel.test\r\n")]
    [InlineData("Authentication-Results: cstp.intel.test/1; smime=pass\r\n")]
    public async Task M13_a_forged_result_is_removed_however_it_is_written(string forged)
    {
        await using TwoBoxes boxes = Boxes();
        const string Plain = "From: bob@amd.test\r\nAuthentication-Results: other.test; spf=pass\r\n\r\nHello Anna\r\n";
        Assert.Equal(Plain, await OpenAsync(boxes, forged + forged + Plain));
        string signed = await AssertOpenedAsync(boxes, Message("eve@evil.test", await OpaqueSignedAsync(Entity, s_eve), forged), "policy");
        Assert.DoesNotContain("smime=pass", signed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M13_a_thousand_forged_results_are_all_removed_and_those_of_others_stay()
    {
        await using TwoBoxes boxes = Boxes();
        const string Plain = "From: bob@amd.test\r\nAuthentication-Results: xcstp.intel.test; smime=pass\r\nAuthentication-Results: cstp.intel.test.evil; smime=pass\r\n\r\nHello Anna\r\n";
        Assert.Equal(Plain, await OpenAsync(boxes, string.Concat(Enumerable.Repeat("Authentication-Results: cstp.intel.test; smime=pass\r\n", 1000)) + Plain));
    }

    [Fact]
    public async Task J1_a_detached_signature_that_also_holds_content_is_never_verified()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, ClearSigned(Entity, await SignAsync(Entity, s_bob)));
        string arrived = await OpenAsync(boxes, message);
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=fail", arrived, StringComparison.Ordinal);
        Assert.EndsWith(message, arrived, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"bob@amd.test\" <eve@evil.test>")]
    [InlineData("bob@amd.test, eve@evil.test")]
    [InlineData("bob@amd.test (eve@evil.test) <eve@evil.test>")]
    [InlineData("bob@amd.test.evil.test")]
    [InlineData("bob@\u0430md.test")]
    public async Task J4_only_the_one_address_of_From_counts(string from)
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message(from, await OpaqueSignedAsync(Entity, s_bob)), "policy");
    }

    [Fact]
    public async Task J4_two_From_fields_are_policy()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(Entity, s_bob), "From: eve@evil.test\r\n"), "policy");
    }

    [Fact]
    public async Task J5_a_trusted_certificate_of_another_domain_is_policy()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message("bob@nvidia.test", await OpaqueSignedAsync(Entity, s_bob)), "policy");
    }

    [Fact]
    public async Task J9_a_micalg_that_lies_is_verified_from_the_held_content()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob, micalg: "sha-512"));
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", await OpenAsync(boxes, message), StringComparison.Ordinal);
        message = Message(Bob, await ClearSignedAsync(Entity, s_bob, micalg: "unknown"));
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", await OpenAsync(boxes, message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task J14_a_list_footer_inside_fails_and_outside_is_neutral()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, s_bob));
        await AssertKeptAsync(boxes, message.Replace("Hello Anna\r\n", "Hello Anna\r\n-- list footer\r\n", StringComparison.Ordinal), "fail");
        await AssertKeptAsync(boxes, message + "-- list footer\r\n", "neutral");
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
        await AssertKeptAsync(boxes, Message(Bob, await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, s_eve.Certificate)), null);
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

    [Fact]
    public async Task E2_CBC_around_a_signature_that_fails_is_kept()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate anna = boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate;
        string signed = (await ClearSignedAsync(Entity, s_bob)).Replace("Hello Anna", "Hello Eve!", StringComparison.Ordinal);
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
        await AssertKeptAsync(boxes, Message("eve@evil.test", await EnvelopedAsync(await OpaqueSignedAsync(Entity, s_eve), ContentCipher.Aes256Cbc, gateway)), null);
        await AssertOpenedAsync(boxes, Message(Bob, await EnvelopedAsync(await OpaqueSignedAsync(Entity, s_bob), ContentCipher.Aes256Cbc, gateway)), "pass");
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
        string message = Message(Bob, await OpaqueSignedAsync("Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nf\u00fcr Anna\r\n", s_bob));
        Assert.StartsWith("554 5.6.3", await client.SendMessageAsync(message), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task E12_a_message_that_is_encrypted_already_is_passed_as_it_is()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message("juro@amd.test", await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, s_eve.Certificate));
        Assert.Equal(message, Assert.Single(await boxes.SecureAsync(Octets(message), "juro@amd.test", "anna@intel.test")).Text);
    }

    [Fact]
    public async Task E12_a_message_that_only_says_it_is_encrypted_is_secured()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message("juro@amd.test", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\nthe secret in clear\r\n");
        Assert.DoesNotContain("the secret", Assert.Single(await boxes.SecureAsync(Octets(message), "juro@amd.test", "anna@intel.test")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n.\nb\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\nno end", "a\r\nno end\r\n")]
    public async Task S19_line_ends_inside_a_layer_are_normalised_and_stuffed(string inside, string arrives)
    {
        await using TwoBoxes boxes = Boxes();
        string arrived = await OpenAsync(boxes, Message(Bob, await OpaqueSignedAsync("Content-Type: text/plain\r\n\r\n" + inside, s_bob)));
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
        Assert.StartsWith("554 5.6.3", await client.SendMessageAsync(Message(Bob, await OpaqueSignedAsync("Content-Type: text/plain\r\n\r\n" + inside, s_bob))), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
    }

    [Fact]
    public async Task Layers_are_opened_to_any_depth()
    {
        await using TwoBoxes boxes = Boxes();
        EncodedCertificate gateway = boxes.Intel.GatewayCertificate;
        string entity = await OpaqueSignedAsync(Entity, s_bob);
        entity = await EnvelopedAsync(entity, ContentCipher.Aes256Gcm, gateway);
        entity = await OpaqueSignedAsync(entity, s_bob);
        entity = await EnvelopedAsync(entity, ContentCipher.Aes128Gcm, gateway);
        await AssertOpenedAsync(boxes, Message(Bob, entity), "pass");
    }

    [Fact]
    public async Task A_clear_signature_around_something_encrypted_for_us_comes_off()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = await ClearSignedAsync(await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate), s_bob);
        await AssertOpenedAsync(boxes, Message(Bob, entity), "pass");
    }

    [Fact]
    public async Task A_gateways_clear_signature_comes_off_and_is_named_as_the_boxs()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true });
        const string Plain = "From: juro@amd.test\r\nTo: x@elsewhere.test\r\nContent-Type: text/plain\r\n\r\nHello Anna\r\n";
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Octets(Plain), "juro@amd.test", "x@elsewhere.test"));
        Assert.Contains("multipart/signed", wire.Text, StringComparison.Ordinal);
        Assert.Contains("Hello Anna", wire.Text, StringComparison.Ordinal);
        string arrived = await AssertOpenedAsync(boxes, wire.Text, "pass");
        Assert.Contains("cstpbox@amd.test", arrived, StringComparison.Ordinal);
    }
}
