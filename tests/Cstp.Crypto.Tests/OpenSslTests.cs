using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>Messages go to OpenSSL and come from it, in each algorithm that both have.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly ExternalProgram _openssl = new();
    private readonly byte[] _content = Exchange.Content(100_000);

    public OpenSslTests()
    {
        ExternalProgram.Require("openssl");
        _openssl.WriteCertificate("ca.crt", TestIdentities.Authority);
        _openssl.Write("content", _content);
    }

    [Theory]
    [InlineData("rsa", DigestAlgorithm.Sha256)]
    [InlineData("rsa", DigestAlgorithm.Sha384)]
    [InlineData("rsa", DigestAlgorithm.Sha512)]
    [InlineData("pss", DigestAlgorithm.Sha256)]
    [InlineData("pss-sha384", DigestAlgorithm.Sha256)]
    [InlineData("p256", DigestAlgorithm.Sha256)]
    [InlineData("p384", DigestAlgorithm.Sha384)]
    [InlineData("p521", DigestAlgorithm.Sha512)]
    public async Task OpenSsl_verifies_what_we_sign(string signer, DigestAlgorithm digest)
    {
        SigningRequest request = Exchange.Signing(TestIdentities.ByName(signer), digest);
        _openssl.Write("signed", await Exchange.SignAsync(_content, request));
        _openssl.Run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signed", "-CAfile", "ca.crt", "-out", "out");
        Assert.Equal(_content, _openssl.Read("out"));

        _openssl.Write("detached", await Exchange.SignDetachedAsync(_content, request));
        _openssl.Run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "detached", "-content", "content", "-CAfile", "ca.crt", "-out", "out");
    }

    [Theory]
    [InlineData("rsa", "sha256", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "sha1", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "md5", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "sha256", CmsAlgorithmNames.RsaPss, "-keyopt", "rsa_padding_mode:pss")]
    [InlineData("rsa", "sha512", CmsAlgorithmNames.RsaPss, "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20", "-keyopt", "rsa_mgf1_md:sha256")]
    [InlineData("pss", "sha256", CmsAlgorithmNames.RsaPss, "-keyopt", "rsa_padding_mode:pss")]
    [InlineData("p256", "sha256", CmsAlgorithmNames.EcdsaP256)]
    [InlineData("p384", "sha384", CmsAlgorithmNames.EcdsaP384)]
    [InlineData("p521", "sha512", CmsAlgorithmNames.EcdsaP521)]
    public async Task We_verify_what_OpenSsl_signs(string signer, string digest, string signature, params string[] options)
    {
        _openssl.WriteIdentity("signer", TestIdentities.ByName(signer));
        foreach (string[] form in new string[][] { ["-nodetach"], ["-nodetach", "-stream"], ["-nodetach", "-keyid"], ["-nodetach", "-noattr"], [] })
        {
            // OpenSSL 3.0 writes PSS parameters only once attributes are signed, and not while streaming.
            if (signature == CmsAlgorithmNames.RsaPss && (form.Contains("-stream") || form.Contains("-noattr")))
                continue;
            _openssl.Run("openssl", ["cms", "-sign", "-binary", "-in", "content", "-signer", "signer.crt", "-inkey", "signer.key",
                "-md", digest, "-outform", "DER", "-out", "signed", .. form, .. options]);
            byte[] signed = _openssl.Read("signed");
            VerificationResult result;
            byte[] output = _content;
            if (form.Length == 0)
                result = await Exchange.VerifyDetachedAsync(_content, signed, digest);
            else
                (result, output) = await Exchange.VerifyAsync(signed);
            SignerResult found = Exchange.Signer(result);
            Assert.Equal((SignatureValidity.Valid, signature, digest, string.Join(' ', form)), (found.Validity, found.Signature, found.Digest, string.Join(' ', form)));
            Assert.Equal(form.Contains("-keyid"), !found.Identifier.SubjectKeyIdentifier.IsEmpty);
            Assert.Equal(_content, output);
        }
    }

    [Theory]
    [InlineData("rsa", ContentCipher.Aes128Cbc, RsaKeyTransport.Pkcs1)]
    [InlineData("rsa", ContentCipher.Aes256Cbc, RsaKeyTransport.OaepSha256)]
    [InlineData("rsa", ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1)]
    [InlineData("rsa", ContentCipher.Aes256Gcm, RsaKeyTransport.OaepSha256)]
    [InlineData("p256", ContentCipher.Aes128Cbc, RsaKeyTransport.Pkcs1)]
    [InlineData("p384", ContentCipher.Aes256Cbc, RsaKeyTransport.Pkcs1)]
    [InlineData("p256", ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1)]
    [InlineData("p521", ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1)]
    public async Task OpenSsl_decrypts_what_we_encrypt(string recipient, ContentCipher cipher, RsaKeyTransport transport)
    {
        CmsIdentity identity = TestIdentities.ByName(recipient);
        _openssl.WriteIdentity("recipient", identity);
        _openssl.Write("encrypted", await Exchange.EncryptAsync(_content, Exchange.Encryption(cipher, transport, TestIdentities.OtherRsa, identity)));
        _openssl.Run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "encrypted",
            "-recip", "recipient.crt", "-inkey", "recipient.key", "-out", "out");
        Assert.Equal(_content, _openssl.Read("out"));
    }

    [Theory]
    [InlineData("rsa", "aes128", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "aes192", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "aes-256-gcm", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "des3", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "aes256", CmsAlgorithmNames.RsaOaep, "-keyopt", "rsa_padding_mode:oaep")]
    [InlineData("rsa", "aes256", CmsAlgorithmNames.RsaOaep, "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha512", "-keyopt", "rsa_mgf1_md:sha1")]
    [InlineData("p256", "aes128", CmsAlgorithmNames.EcdhP256)]
    [InlineData("p256", "aes-128-gcm", CmsAlgorithmNames.EcdhP256, "-keyopt", "ecdh_kdf_md:sha256")]
    [InlineData("p256", "des3", CmsAlgorithmNames.EcdhP256)]
    [InlineData("p384", "aes256", CmsAlgorithmNames.EcdhP384, "-keyopt", "ecdh_kdf_md:sha384", "-keyopt", "ecdh_cofactor_mode:1")]
    [InlineData("p521", "aes-256-gcm", CmsAlgorithmNames.EcdhP521, "-keyopt", "ecdh_kdf_md:sha512")]
    public async Task We_decrypt_what_OpenSsl_encrypts(string recipient, string cipher, string keyManagement, params string[] options)
    {
        CmsIdentity identity = TestIdentities.ByName(recipient);
        _openssl.WriteIdentity("recipient", identity);
        foreach (string[] form in new string[][] { [], ["-stream"], ["-keyid"] })
        {
            _openssl.Run("openssl", ["cms", "-encrypt", "-binary", "-in", "content", $"-{cipher}", "-outform", "DER", "-out", "encrypted",
                .. form, "-recip", "recipient.crt", .. options]);
            var request = new DecryptionRequest([identity], AllowTripleDes: cipher == "des3");
            (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(_openssl.Read("encrypted"), request);
            DecryptionResult.Decrypted decrypted = Assert.IsType<DecryptionResult.Decrypted>(result);
            Assert.Equal(keyManagement, decrypted.KeyManagement);
            Assert.Equal(cipher.EndsWith("gcm", StringComparison.Ordinal), decrypted.Authenticated);
            Assert.Equal(_content, output);
            if (cipher == "des3")
                Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync(_openssl.Read("encrypted"), identity)).Result);
        }
    }

    public void Dispose() => _openssl.Dispose();
}
