using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Cstp.Crypto.Tests;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Interop;

/// <summary>What OpenSSL's command line makes, opened by a box on its way to a local user.</summary>
public sealed class OpenSslWritesTests : IDisposable
{
    private const string Entity = "Content-Type: text/plain\r\n\r\nHello Anna\r\n.\r\nbye\r\n";
    private const string Bob = "bob@amd.test";
    private const string Anna = "anna@intel.test";

    private readonly ExternalProgram _openssl = new();

    public OpenSslWritesTests()
    {
        ExternalProgram.Require("openssl");
        _openssl.Write("entity", Encoding.ASCII.GetBytes(Entity));
    }

    [Theory]
    [InlineData("cms", "Rsa2048", "sha256")]
    [InlineData("cms", "Rsa2048", "sha512")]
    [InlineData("cms", "P256", "sha256")]
    [InlineData("cms", "P384", "sha384")]
    [InlineData("smime", "Rsa2048", "sha256")]
    public async Task A_clear_signature_passes_where_the_signer_is_trusted_and_stays(string command, string key, string digest)
    {
        await using TwoBoxes boxes = Boxes(key, out _);
        byte[] message = Mail(Sign(command, "entity", false, "-md", digest));
        RecordedMessage arrived = await boxes.OpenAsync(message, Bob, Anna);
        AssertResults(arrived, "pass");
        Assert.EndsWith(Encoding.ASCII.GetString(message), arrived.Text, StringComparison.Ordinal);

        byte[] changed = Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(message).Replace("Hello Anna", "Hello Eve!", StringComparison.Ordinal));
        AssertResults(await boxes.OpenAsync(changed, Bob, Anna), "fail");
    }

    [Theory]
    [InlineData("cms", "Rsa2048")]
    [InlineData("cms", "P256")]
    [InlineData("cms", "P384")]
    [InlineData("smime", "Rsa2048")]
    public async Task An_opaque_signature_passes_and_comes_off(string command, string key)
    {
        await using TwoBoxes boxes = Boxes(key, out _);
        await AssertOpensAsync(boxes, Mail(Sign(command, "entity", true)), "pass");
    }

    [Fact]
    public async Task A_signature_with_PSS_passes()
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out _);
        await AssertOpensAsync(boxes, Mail(Sign("cms", "entity", true, "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32", "-md", "sha256")), "pass");
    }

    [Theory]
    [InlineData("sha1")]
    [InlineData("md5")]
    public async Task J10_a_signature_that_holds_with_a_weak_digest_is_policy(string digest)
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out _);
        await AssertOpensAsync(boxes, Mail(Sign("cms", "entity", true, "-md", digest)), "policy");
    }

    [Fact]
    public async Task A_signer_named_by_key_identifier_passes()
    {
        await using TwoBoxes boxes = Boxes("P256", out _);
        await AssertOpensAsync(boxes, Mail(Sign("cms", "entity", true, "-keyid")), "pass");
    }

    [Fact]
    public async Task A_signer_without_enclosed_certificate_is_found_in_the_store()
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out _);
        await AssertOpensAsync(boxes, Mail(Sign("cms", "entity", true, "-nocerts")), "pass");
    }

    [Theory]
    [InlineData("Rsa2048", "-aes-128-cbc", "none")]
    [InlineData("Rsa2048", "-aes-256-cbc", "none")]
    [InlineData("Rsa2048", "-aes-256-gcm", "none")]
    [InlineData("P256", "-aes-128-cbc", "none")]
    [InlineData("P256", "-aes-256-cbc", "none")]
    [InlineData("P256", "-aes-256-gcm", "none")]
    [InlineData("P384", "-aes-256-gcm", "none")]
    public async Task Encrypted_alone_is_opened_and_marked_as_not_signed(string key, string cipher, string result)
    {
        await using TwoBoxes boxes = Boxes(key, out _);
        await AssertOpensAsync(boxes, Mail(Encrypt("entity", cipher)), result);
    }

    [Theory]
    [InlineData("Rsa2048", "-aes-128-cbc", "-keyopt", "rsa_padding_mode:oaep")]
    [InlineData("Rsa2048", "-aes-256-gcm", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256")]
    [InlineData("P256", "-aes-256-cbc", "-keyopt", "ecdh_kdf_md:sha256")]
    [InlineData("P384", "-aes-256-gcm", "-keyopt", "ecdh_kdf_md:sha384")]
    public async Task Signed_then_encrypted_passes_with_each_key_management(string key, string cipher, params string[] options)
    {
        await using TwoBoxes boxes = Boxes(key, out _);
        await AssertOpensAsync(boxes, Mail(Encrypt(Sign("cms", "entity", false), cipher, options)), "pass", comesOff: false);
        await AssertOpensAsync(boxes, Mail(Encrypt(Sign("cms", "entity", true), cipher, options)), "pass");
    }

    [Fact]
    public async Task The_older_smime_command_signs_and_encrypts()
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out _);
        string signed = Sign("smime", "entity", true);
        _openssl.Run("openssl", "smime", "-encrypt", "-aes256", "-in", signed, "-out", "both", "anna.crt");
        await AssertOpensAsync(boxes, Mail("both"), "pass");
    }

    [Fact]
    public async Task A_triple_wrap_is_opened_to_the_content()
    {
        await using TwoBoxes boxes = Boxes("P256", out _);
        RecordedMessage arrived = await boxes.OpenAsync(Mail(Sign("cms", Encrypt(Sign("cms", "entity", true), "-aes-256-cbc"), true)), Bob, Anna);
        Assert.Equal(2, arrived.Text.Split("smime=pass").Length - 1);
        Assert.EndsWith("\r\n\r\nHello Anna\r\n.\r\nbye\r\n", arrived.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("pkcs7", arrived.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Triple_DES_is_read_only_where_it_is_switched_on()
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out CmsIdentity anna);
        byte[] message = Mail(Encrypt("entity", "-des3"));
        Assert.Equal(Encoding.ASCII.GetString(message), (await boxes.OpenAsync(message, Bob, Anna)).Text);
        await using var lenient = new TwoBoxes(securing: new() { ReadTripleDes = true });
        lenient.Intel.AddUserKey(Anna, anna);
        await AssertOpensAsync(lenient, message, "none");
    }

    [Fact]
    public async Task Mail_for_a_key_that_is_not_ours_passes_as_it_came()
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out _);
        byte[] message = Mail(Encrypt(Sign("cms", "entity", true), "-aes-256-cbc"));
        Assert.Equal(Encoding.ASCII.GetString(message), (await boxes.OpenAsync(message, Bob, "other@intel.test")).Text);
    }

    [Fact]
    public async Task The_gateway_key_opens_CBC_only_around_a_trusted_signature()
    {
        await using TwoBoxes boxes = Boxes("Rsa2048", out _);
        _openssl.WriteCertificate("anna.crt", boxes.Intel.GatewayCertificate);
        await AssertOpensAsync(boxes, Mail(Encrypt(Sign("cms", "entity", true), "-aes-256-cbc")), "pass");
        byte[] bare = Mail(Encrypt("entity", "-aes-256-cbc"));
        Assert.Equal(Encoding.ASCII.GetString(bare), (await boxes.OpenAsync(bare, Bob, Anna)).Text);
        await AssertOpensAsync(boxes, Mail(Encrypt("entity", "-aes-256-gcm")), "none");
    }

    public void Dispose() => _openssl.Dispose();

    private TwoBoxes Boxes(string key, out CmsIdentity anna)
    {
        var boxes = new TwoBoxes();
        CmsIdentity bob = SmimeWorkshop.Identity(Bob, Enum.Parse<KeyKind>(key));
        anna = SmimeWorkshop.Identity(Anna, Enum.Parse<KeyKind>(key));
        boxes.Intel.TrustUser(bob.Certificate, Bob);
        boxes.Intel.AddUserKey(Anna, anna);
        _openssl.WriteIdentity("bob", bob);
        _openssl.WriteIdentity("anna", anna);
        return boxes;
    }

    private string Sign(string command, string file, bool opaque, params string[] options)
    {
        string output = $"{file}.s";
        string[] form = opaque ? ["-nodetach"] : [];
        _openssl.Run("openssl", [command, "-sign", "-in", file, "-signer", "bob.crt", "-inkey", "bob.key", .. options, .. form, "-out", output]);
        return output;
    }

    private string Encrypt(string file, string cipher, params string[] options)
    {
        string output = $"{file}.e";
        _openssl.Run("openssl", ["cms", "-encrypt", cipher, "-in", file, "-recip", "anna.crt", .. options, "-out", output]);
        return output;
    }

    private byte[] Mail(string file) => [.. Encoding.ASCII.GetBytes($"From: {Bob}\r\nTo: {Anna}\r\nSubject: outside\r\n"), .. Corpora.ToLines(_openssl.Read(file))];

    private static void AssertResults(RecordedMessage arrived, string result) =>
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived.Text, StringComparison.Ordinal);

    private static async Task AssertOpensAsync(TwoBoxes boxes, byte[] message, string result, bool comesOff = true)
    {
        RecordedMessage arrived = await boxes.OpenAsync(message, Bob, Anna);
        AssertResults(arrived, result);
        Assert.Contains("\r\n\r\nHello Anna\r\n.\r\nbye\r\n", arrived.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("pkcs7-mime", arrived.Text, StringComparison.Ordinal);
        if (comesOff)
            Assert.EndsWith("\r\n\r\nHello Anna\r\n.\r\nbye\r\n", arrived.Text, StringComparison.Ordinal);
    }
}
