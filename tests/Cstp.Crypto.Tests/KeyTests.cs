using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>Keys and certificates that cannot be used as asked.</summary>
public sealed class KeyTests
{
    [Theory]
    [InlineData("ed25519")]
    [InlineData("pss")]
    public async Task A_certificate_that_only_signs_is_not_encrypted_to(string name)
    {
        CmsKeyException fault = await Assert.ThrowsAsync<CmsKeyException>(() => Exchange.EncryptAsync(
            [1], Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256, TestIdentities.ByName(name))));
        Assert.Contains(TestIdentities.ByName(name).Certificate.Fingerprint[..16], fault.Message);
        Assert.Contains("its key only signs", fault.Message);
    }

    [Fact]
    public async Task A_key_that_is_only_encrypted_to_does_not_sign() =>
        await Assert.ThrowsAsync<CmsKeyException>(() => Exchange.SignAsync([1], Exchange.Signing(TestIdentities.X25519)));

    [Fact]
    public async Task A_key_by_reference_is_refused() => await Assert.ThrowsAsync<CmsKeyException>(() => Exchange.SignAsync(
        [1], Exchange.Signing(new CmsIdentity(TestIdentities.P256.Certificate, new PrivateKeyReference("pkcs11:object=box")))));

    [Fact]
    public async Task A_key_of_another_certificate_is_refused()
    {
        foreach ((CmsIdentity one, CmsIdentity other) in new[]
            { (TestIdentities.P256, TestIdentities.P384), (TestIdentities.Rsa, TestIdentities.OtherRsa), (TestIdentities.Ed25519, TestIdentities.P256) })
        {
            CmsKeyException fault = await Assert.ThrowsAsync<CmsKeyException>(() =>
                Exchange.SignAsync([1], Exchange.Signing(new CmsIdentity(one.Certificate, other.PrivateKey))));
            Assert.Contains("that of another certificate", fault.Message);
        }
    }

    [Fact]
    public async Task Octets_that_are_no_key_or_certificate_are_refused()
    {
        await Assert.ThrowsAsync<CmsKeyException>(() =>
            Exchange.SignAsync([1], Exchange.Signing(new CmsIdentity(TestIdentities.P256.Certificate, new Pkcs8PrivateKey(new byte[10])))));
        var broken = new CmsIdentity(new EncodedCertificate([0x30, 0]), TestIdentities.P256.PrivateKey);
        await Assert.ThrowsAsync<CmsKeyException>(() => Exchange.SignAsync([1], Exchange.Signing(broken)));
        await Assert.ThrowsAsync<CmsKeyException>(() =>
            Exchange.EncryptAsync([1], Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, broken)));
    }

    [Fact]
    public async Task Encryption_to_nobody_is_an_error_of_the_caller() => await Assert.ThrowsAsync<ArgumentException>(() =>
        Exchange.EncryptAsync([1], Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1)));

    [Fact]
    public void The_module_tells_what_it_can()
    {
        CmsCapabilities capabilities = Exchange.Module.Capabilities;
        Assert.StartsWith(Exchange.LibraryName, capabilities.Library, StringComparison.Ordinal);
        Assert.False(capabilities.KeyReferences);
        Assert.Contains(CmsAlgorithmNames.Ed25519, capabilities.Signatures);
        Assert.Contains(CmsAlgorithmNames.X25519, capabilities.KeyManagement);
        Assert.Contains(CmsAlgorithmNames.Aes256Gcm, capabilities.ContentEncryption);
    }
}
