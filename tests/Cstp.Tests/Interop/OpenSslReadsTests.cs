using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Trust;
using Cstp.Crypto.Tests;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Interop;

/// <summary>What a box secures for somebody whose program is OpenSSL: mail as it is on the wire, read by the command line.</summary>
public sealed class OpenSslReadsTests : IDisposable
{
    private readonly ExternalProgram _openssl = new();

    public OpenSslReadsTests() => ExternalProgram.Require("openssl");

    [Theory]
    [InlineData("Rsa2048", false, false)]
    [InlineData("P256", false, false)]
    [InlineData("P384", false, false)]
    [InlineData("Rsa2048", true, false)]
    [InlineData("P256", true, false)]
    [InlineData("Rsa2048", true, true)]
    [InlineData("Rsa2048", false, true)]
    public async Task Mail_for_a_user_is_decrypted_and_verified(string key, bool gcm, bool oaep)
    {
        CmsIdentity anna = SmimeWorkshop.Identity("anna@intel.test", Enum.Parse<KeyKind>(key));
        await using var boxes = new TwoBoxes(key: Enum.Parse<KeyKind>(key));
        string[] capabilities = [.. (string[])(gcm ? [CmsAlgorithmNames.Aes256Gcm] : []), .. (string[])(oaep ? [CmsAlgorithmNames.RsaOaep] : [])];
        boxes.Amd.TrustUser(anna.Certificate, "anna@intel.test", capabilities);
        _openssl.WriteIdentity("anna", anna);
        _openssl.WriteCertificate("box.crt", boxes.Amd.GatewayCertificate);

        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(SealedContent.Original), "juro@amd.test", "anna@intel.test"));
        _openssl.Write("wire.eml", wire.Content);
        _openssl.Run("openssl", "cms", "-decrypt", "-in", "wire.eml", "-recip", "anna.crt", "-inkey", "anna.key", "-binary", "-out", "signed.eml");
        _openssl.Run("openssl", "cms", "-verify", "-in", "signed.eml", "-CAfile", "box.crt", "-binary", "-out", "entity");

        Assert.Contains($"smime-type={(gcm ? "authEnveloped" : "enveloped")}-data", wire.Text, StringComparison.Ordinal);
        SealedContent.AssertIsOriginal(Encoding.Latin1.GetString(_openssl.Read("entity")));
        string shown = _openssl.Run("openssl", "cms", "-cmsout", "-print", "-in", "wire.eml");
        Assert.Contains(gcm ? "aes-256-gcm" : "aes-256-cbc", shown, StringComparison.Ordinal);
        Assert.Equal(oaep, shown.Contains("rsaesOaep", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_older_smime_command_reads_it_too()
    {
        CmsIdentity anna = SmimeWorkshop.Identity("anna@intel.test", KeyKind.Rsa2048);
        await using var boxes = new TwoBoxes(key: KeyKind.Rsa2048);
        boxes.Amd.TrustUser(anna.Certificate, "anna@intel.test");
        _openssl.WriteIdentity("anna", anna);
        _openssl.WriteCertificate("box.crt", boxes.Amd.GatewayCertificate);
        _openssl.Write("wire.eml", Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(SealedContent.Original), "juro@amd.test", "anna@intel.test")).Content);
        _openssl.Run("openssl", "smime", "-decrypt", "-in", "wire.eml", "-recip", "anna.crt", "-inkey", "anna.key", "-binary", "-out", "signed.eml");
        _openssl.Run("openssl", "smime", "-verify", "-in", "signed.eml", "-CAfile", "box.crt", "-binary", "-out", "entity");
        SealedContent.AssertIsOriginal(Encoding.Latin1.GetString(_openssl.Read("entity")));
    }

    [Fact]
    public async Task Two_users_of_one_delivery_read_it_each_with_the_own_key()
    {
        CmsIdentity anna = SmimeWorkshop.Identity("anna@intel.test", KeyKind.Rsa2048), bert = SmimeWorkshop.Identity("bert@intel.test", KeyKind.P256);
        await using var boxes = new TwoBoxes();
        boxes.Amd.TrustUser(anna.Certificate, "anna@intel.test");
        boxes.Amd.TrustUser(bert.Certificate, "bert@intel.test");
        _openssl.WriteIdentity("anna", anna);
        _openssl.WriteIdentity("bert", bert);
        _openssl.WriteCertificate("box.crt", boxes.Amd.GatewayCertificate);
        string original = SealedContent.Original.Replace("To: anna@intel.test", "To: anna@intel.test, bert@intel.test", StringComparison.Ordinal);
        _openssl.Write("wire.eml", Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(original), "juro@amd.test", "anna@intel.test", "bert@intel.test")).Content);
        foreach (string name in new[] { "anna", "bert" })
        {
            _openssl.Run("openssl", "cms", "-decrypt", "-in", "wire.eml", "-recip", $"{name}.crt", "-inkey", $"{name}.key", "-binary", "-out", "signed.eml");
            _openssl.Run("openssl", "cms", "-verify", "-in", "signed.eml", "-CAfile", "box.crt", "-binary", "-out", "entity");
            SealedContent.AssertIsOriginal(Encoding.Latin1.GetString(_openssl.Read("entity")), original, "anna@intel.test", "bert@intel.test");
        }
    }

    [Theory]
    [InlineData("Rsa2048")]
    [InlineData("P256")]
    [InlineData("P384")]
    public async Task A_clear_signature_verifies_and_fails_once_an_octet_changed(string key)
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true }, key: Enum.Parse<KeyKind>(key));
        _openssl.WriteCertificate("box.crt", boxes.Amd.GatewayCertificate);
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(SealedContent.Original), "juro@amd.test", "x@elsewhere.test"));
        Assert.Contains("multipart/signed", wire.Text, StringComparison.Ordinal);
        _openssl.Write("wire.eml", wire.Content);
        foreach (string command in new[] { "cms", "smime" })
        {
            _openssl.Run("openssl", command, "-verify", "-in", "wire.eml", "-CAfile", "box.crt", "-out", "entity");
            Assert.Equal("Content-Type: text/plain; charset=utf-8\r\n\r\n" + SealedContent.Body, Encoding.Latin1.GetString(_openssl.Read("entity")));
            _openssl.Write("changed.eml", Encoding.Latin1.GetBytes(wire.Text.Replace("Hello Anna", "Hello Eve!", StringComparison.Ordinal)));
            Assert.NotEqual(0, _openssl.TryRun("openssl", command, "-verify", "-in", "changed.eml", "-CAfile", "box.crt", "-out", "entity").Status);
        }
    }

    [Fact]
    public async Task An_opaque_signature_verifies()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true, EightBit = EightBitSigning.Opaque });
        _openssl.WriteCertificate("box.crt", boxes.Amd.GatewayCertificate);
        const string Content = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
        string original = $"From: juro@amd.test\r\nTo: x@elsewhere.test\r\nMIME-Version: 1.0\r\n{Content}\r\nGr\u00c3\u00bc\u00c3\u009fe\r\n";
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(original), "juro@amd.test", "x@elsewhere.test"));
        _openssl.Write("wire.eml", wire.Content);
        _openssl.Run("openssl", "cms", "-verify", "-in", "wire.eml", "-CAfile", "box.crt", "-binary", "-out", "entity");
        Assert.Equal($"{Content}\r\nGr\u00c3\u00bc\u00c3\u009fe\r\n", Encoding.Latin1.GetString(_openssl.Read("entity")));
    }

    public void Dispose() => _openssl.Dispose();
}
