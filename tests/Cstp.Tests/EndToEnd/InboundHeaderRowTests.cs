using Cstp.Abstractions;
using static Cstp.Tests.EndToEnd.InboundRows;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.3: header fields from inside a layer, and results that others wrote.</summary>
public sealed class InboundHeaderRowTests
{
    [Fact]
    public async Task M11_inner_fields_without_protection_stay_inside()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = "Subject: inner\r\nFrom: boss@amd.test\r\nReceived: forged\r\n" + Entity;
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, BobKey)), "pass");
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
        string arrived = await AssertOpenedAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, BobKey)), "pass");
        Assert.Contains("Subject: inner\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("Subject: outside", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M11_a_sealed_block_of_an_untrusted_signer_restores_nothing()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = "CSTP-Sealed: 1; hp-outer=0; content-type=asis; rcpt=00\r\nFrom: boss@amd.test\r\nSubject: inner\r\nContent-Type: text/plain\r\n\r\nHello Anna\r\n";
        string arrived = await AssertOpenedAsync(boxes, Message("eve@evil.test", await OpaqueSignedAsync(entity, EveKey)), "policy");
        Assert.Contains("From: eve@evil.test\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("boss", arrived, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M12_a_protected_From_that_differs_from_the_outer_one_is_policy_and_stays()
    {
        await using TwoBoxes boxes = Boxes();
        string entity = $"From: other@amd.test\r\nSubject: inner\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nHello Anna\r\n";
        await AssertKeptAsync(boxes, Message(Bob, await OpaqueSignedAsync(entity, BobKey)), "policy");
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
        string signed = await AssertOpenedAsync(boxes, Message("eve@evil.test", await OpaqueSignedAsync(Entity, EveKey), forged), "policy");
        Assert.DoesNotContain("smime=pass", signed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task M13_a_thousand_forged_results_are_all_removed_and_those_of_others_stay()
    {
        await using TwoBoxes boxes = Boxes();
        const string Plain = "From: bob@amd.test\r\nAuthentication-Results: xcstp.intel.test; smime=pass\r\nAuthentication-Results: cstp.intel.test.evil; smime=pass\r\n\r\nHello Anna\r\n";
        Assert.Equal(Plain, await OpenAsync(boxes, string.Concat(Enumerable.Repeat("Authentication-Results: cstp.intel.test; smime=pass\r\n", 1000)) + Plain));
    }
}
