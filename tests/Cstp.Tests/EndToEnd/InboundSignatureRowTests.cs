using Cstp.Abstractions;
using Cstp.Core.Securing;
using static Cstp.Tests.EndToEnd.InboundRows;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.4: whose signature holds, and what becomes of it.</summary>
public sealed class InboundSignatureRowTests
{
    [Fact]
    public async Task A_trusted_users_opaque_signature_passes_and_comes_off()
    {
        await using TwoBoxes boxes = Boxes();
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(Entity, BobKey)), "pass");
        Assert.Contains($"body.smime-identifier={Bob}", arrived, StringComparison.Ordinal);
        Assert.Contains("Subject: outside\r\n", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trusted_users_clear_signature_passes_and_stays_for_the_reader()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey));
        string arrived = await OpenAsync(boxes, message);
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", arrived, StringComparison.Ordinal);
        Assert.EndsWith(message, arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_signer_is_policy_and_kept_in_the_store_as_untrusted()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message("eve@evil.test", await OpaqueSignedAsync(Entity, EveKey)), "policy");
        Assert.Contains(boxes.Intel.Collected, c => c.Certificate.Equals(EveKey.Certificate) && c.Source == "eve@evil.test");
    }

    [Fact]
    public async Task J1_a_detached_signature_that_also_holds_content_is_never_verified()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, ClearSigned(Entity, await SignAsync(Entity, BobKey)));
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
        await AssertOpenedAsync(boxes, Message(from, await OpaqueSignedAsync(Entity, BobKey)), "policy");
    }

    [Fact]
    public async Task J4_two_From_fields_are_policy()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(Entity, BobKey), "From: eve@evil.test\r\n"), "policy");
    }

    [Fact]
    public async Task J5_a_trusted_certificate_of_another_domain_is_policy()
    {
        await using TwoBoxes boxes = Boxes();
        await AssertOpenedAsync(boxes, Message("bob@nvidia.test", await OpaqueSignedAsync(Entity, BobKey)), "policy");
    }

    [Fact]
    public async Task J9_a_micalg_that_lies_is_verified_from_the_held_content()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey, micalg: "sha-512"));
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", await OpenAsync(boxes, message), StringComparison.Ordinal);
        message = Message(Bob, await ClearSignedAsync(Entity, BobKey, micalg: "unknown"));
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", await OpenAsync(boxes, message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task J14_a_list_footer_inside_fails_and_outside_is_neutral()
    {
        await using TwoBoxes boxes = Boxes();
        string message = Message(Bob, await ClearSignedAsync(Entity, BobKey));
        await AssertKeptAsync(boxes, message.Replace("Hello Anna\r\n", "Hello Anna\r\n-- list footer\r\n", StringComparison.Ordinal), "fail");
        await AssertKeptAsync(boxes, message + "-- list footer\r\n", "neutral");
    }

    [Fact]
    public async Task A_clear_signature_around_something_encrypted_for_us_comes_off()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = await ClearSignedAsync(await EnvelopedAsync(Entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate), BobKey);
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

    [Fact]
    public async Task A_signer_who_is_the_Sender_and_not_the_From_is_told_and_does_not_pass()
    {
        await using TwoBoxes boxes = Boxes();
        string signed = Message("boss@amd.test", await ClearSignedAsync(Entity, BobKey), $"Sender: {Bob}\r\n");
        string arrived = await OpenAsync(boxes, signed);
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=policy\r\n\treason=\"the signer is the Sender of the message, not its From\"\r\n\tbody.smime-identifier=bob@amd.test", arrived, StringComparison.Ordinal);
    }
}
