using System.IO.Pipelines;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Cstp.Tests.Conformance;

namespace Cstp.Tests.EndToEnd;

public sealed class MainJobTests
{
    private const string Message =
        "From: Juro <juro@amd.test>\r\nTo: anna@intel.test\r\nSubject: secret plans\r\nMessage-ID: <1@amd.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHello Anna,\r\n.\r\n..dots\r\nbye\r\n";

    /// <summary>The Authentication-Results field is the one addition.</summary>
    private static string WithoutResults(RecordedMessage arrived)
    {
        Assert.StartsWith("Authentication-Results: cstp.intel.test;", arrived.Text, StringComparison.Ordinal);
        int end = arrived.Text.IndexOf("\r\n", StringComparison.Ordinal);
        while (arrived.Text[end + 2] is '\t' or ' ')
            end = arrived.Text.IndexOf("\r\n", end + 2, StringComparison.Ordinal);
        return arrived.Text[(end + 2)..];
    }

    internal static string Key(KeyKind kind) => kind.ToString();

    [Theory]
    [InlineData("P256")]
    [InlineData("P384")]
    [InlineData("Rsa2048")]
    [InlineData("Ed25519")]
    [InlineData("MlDsa65")]
    [InlineData("MlDsa87")]
    public async Task A_message_crosses_the_wire_secured_and_comes_out_as_it_was(string key)
    {
        await using var boxes = new TwoBoxes(key: Enum.Parse<KeyKind>(key));
        (RecordedMessage wire, RecordedMessage arrived) = await boxes.PassAsync(Message);
        Assert.Contains("application/pkcs7-mime; smime-type=authEnveloped-data", wire.Text, StringComparison.Ordinal);
        Assert.Contains("Subject: [...]\r\n", wire.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello", wire.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wire.Text, StringComparison.Ordinal);
        Assert.Equal(Message, WithoutResults(arrived));
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.Equal("RCPT TO:<anna@intel.test>", Assert.Single(arrived.Recipients));
    }

    [Fact]
    public async Task A_message_to_a_key_that_the_module_does_not_know_is_refused_and_never_sent_in_clear()
    {
        await using var boxes = new TwoBoxes(key: KeyKind.MlDsa65, amdCrypto: new WithoutEncapsulation());
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.StartsWith("451 ", await client.SendMessageAsync(Encoding.ASCII.GetBytes(Message)), StringComparison.Ordinal);
        await client.AskAsync("QUIT");
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task A_message_for_somebody_without_certificate_passes_octet_for_octet()
    {
        await using var boxes = new TwoBoxes();
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "x@elsewhere.test"));
        Assert.Equal(Message, wire.Text);
    }

    [Fact]
    public async Task Mixed_recipients_get_two_deliveries_under_the_liberal_policy()
    {
        await using var boxes = new TwoBoxes();
        IReadOnlyList<RecordedMessage> wire = await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "x@elsewhere.test", "anna@intel.test");
        Assert.Equal(2, wire.Count);
        RecordedMessage plain = Assert.Single(wire, w => w.Recipients.Contains("RCPT TO:<x@elsewhere.test>"));
        RecordedMessage sealed_ = Assert.Single(wire, w => w.Recipients.Contains("RCPT TO:<anna@intel.test>"));
        Assert.Equal(Message, plain.Text);
        Assert.DoesNotContain("Hello", sealed_.Text, StringComparison.Ordinal);
        Assert.Equal(Message, WithoutResults(await boxes.OpenAsync(sealed_.Content, "juro@amd.test", "anna@intel.test")));
    }

    [Fact]
    public async Task A_message_with_one_octet_changed_is_delivered_as_it_came_and_claims_nothing()
    {
        await using var boxes = new TwoBoxes();
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "anna@intel.test"));
        byte[] changed = (byte[])wire.Content.Clone();
        int place = changed.Length - 60;
        changed[place] = (byte)(changed[place] == 'A' ? 'B' : 'A');
        RecordedMessage arrived = await boxes.OpenAsync(changed, "juro@amd.test", "anna@intel.test");
        Assert.Equal(Encoding.Latin1.GetString(changed), arrived.Text);
    }

    [Fact]
    public async Task A_forged_result_is_removed_from_passed_mail()
    {
        await using var boxes = new TwoBoxes();
        const string Forged = "Authentication-Results: cstp.intel.test; smime=pass\r\n";
        RecordedMessage arrived = await boxes.OpenAsync(Encoding.ASCII.GetBytes(Forged + Message), "juro@amd.test", "anna@intel.test");
        Assert.Equal(Message, arrived.Text);
    }

    /// <summary>What a module over an older libcrypto is: it knows no ML-KEM, and refuses such a key.</summary>
    private sealed class WithoutEncapsulation : BrokenModule
    {
        public override CmsCapabilities Capabilities => base.Capabilities with { KeyManagement = [CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.EcdhP256] };

        public override ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
            throw new CmsKeyException("ML-KEM is not known here");
    }
}
