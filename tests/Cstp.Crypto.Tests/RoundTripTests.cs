using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

public sealed class RoundTripTests
{
    public static TheoryData<string, DigestAlgorithm, string, string> Signers => new()
    {
        { "rsa", DigestAlgorithm.Sha256, CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.Sha256 },
        { "rsa", DigestAlgorithm.Sha512, CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.Sha512 },
        { "pss", DigestAlgorithm.Sha256, CmsAlgorithmNames.RsaPss, CmsAlgorithmNames.Sha256 },
        { "pss-sha384", DigestAlgorithm.Sha256, CmsAlgorithmNames.RsaPss, CmsAlgorithmNames.Sha384 },
        { "p256", DigestAlgorithm.Sha256, CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.Sha256 },
        { "p384", DigestAlgorithm.Sha384, CmsAlgorithmNames.EcdsaP384, CmsAlgorithmNames.Sha384 },
        { "p521", DigestAlgorithm.Sha512, CmsAlgorithmNames.EcdsaP521, CmsAlgorithmNames.Sha512 },
        { "ed25519", DigestAlgorithm.Sha256, CmsAlgorithmNames.Ed25519, CmsAlgorithmNames.Sha512 },
    };

    public static MatrixTheoryData<ContentCipher, string, RsaKeyTransport> Recipients => new(
        [ContentCipher.Aes128Cbc, ContentCipher.Aes256Cbc, ContentCipher.Aes128Gcm, ContentCipher.Aes256Gcm],
        ["rsa", "p256", "p384", "p521", "x25519"],
        [RsaKeyTransport.Pkcs1, RsaKeyTransport.OaepSha256]);

    private static readonly int[] s_lengths = [0, 1, 15, 16, 17, 65535, 65536, 1 << 20];

    [Theory]
    [MemberData(nameof(Signers))]
    public async Task What_is_signed_verifies_and_comes_out_unchanged(string signer, DigestAlgorithm digest, string signature, string digestName)
    {
        foreach (int length in s_lengths)
        {
            byte[] content = Exchange.Content(length);
            CmsIdentity identity = TestIdentities.ByName(signer);
            byte[] signed = await Exchange.SignAsync(content, Exchange.Signing(identity, digest));
            (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(signed);
            SignerResult found = Exchange.Signer(result);
            Assert.Null(found.Reason);
            Assert.Equal(SignatureValidity.Valid, found.Validity);
            Assert.Equal(signature, found.Signature);
            Assert.Equal(digestName, found.Digest);
            Assert.Equal(identity.Certificate, found.Certificate);
            Assert.Equal(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero), found.SigningTime);
            Assert.Equal([CmsAlgorithmNames.Aes256Gcm, CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.Aes256Cbc, CmsAlgorithmNames.Aes128Cbc], found.Capabilities);
            Assert.Equal(2, ((VerificationResult.Checked)result).Certificates.Count);
            Assert.Equal(content, output);
        }
    }

    [Theory]
    [MemberData(nameof(Signers))]
    public async Task A_detached_signature_verifies_over_its_content_and_no_other(string signer, DigestAlgorithm digest, string signature, string digestName)
    {
        byte[] content = Exchange.Content(70_000);
        byte[] detached = await Exchange.SignDetachedAsync(content, Exchange.Signing(TestIdentities.ByName(signer), digest));
        SignerResult found = Exchange.Signer(await Exchange.VerifyDetachedAsync(content, detached, digestName, "unknown"));
        Assert.Equal((SignatureValidity.Valid, signature, digestName), (found.Validity, found.Signature, found.Digest));

        content[69_999] ^= 1;
        Assert.Equal(SignatureValidity.Invalid, Exchange.Signer(await Exchange.VerifyDetachedAsync(content, detached, digestName)).Validity);
    }

    [Theory]
    [MemberData(nameof(Recipients))]
    public async Task What_is_encrypted_decrypts_unchanged(ContentCipher cipher, string recipient, RsaKeyTransport transport)
    {
        CmsIdentity identity = TestIdentities.ByName(recipient);
        if (transport != RsaKeyTransport.Pkcs1 && identity != TestIdentities.Rsa)
            return;
        foreach (int length in s_lengths)
        {
            byte[] content = Exchange.Content(length);
            byte[] encrypted = await Exchange.EncryptAsync(content, Exchange.Encryption(cipher, transport, identity));
            (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(encrypted, TestIdentities.OtherRsa, identity);
            DecryptionResult.Decrypted decrypted = Assert.IsType<DecryptionResult.Decrypted>(result);
            Assert.Equal(cipher is ContentCipher.Aes128Gcm or ContentCipher.Aes256Gcm, decrypted.Authenticated);
            Assert.Same(identity, decrypted.Key);
            Assert.Equal(Name(cipher), decrypted.ContentEncryption);
            Assert.Equal(Name(recipient, transport), decrypted.KeyManagement);
            Assert.Equal(content, output);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public async Task The_portions_of_delivery_do_not_matter(int portion)
    {
        byte[] content = Exchange.Content(5000);
        byte[] signed = await Exchange.SignAsync(content, Exchange.Signing(TestIdentities.P256), portion);
        byte[] encrypted = await Exchange.EncryptAsync(signed, Exchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.OaepSha256, TestIdentities.P256), portion);
        (DecryptionResult result, byte[] decrypted) = await Exchange.DecryptAsync(encrypted, new DecryptionRequest([TestIdentities.P256]), portion);
        Assert.IsType<DecryptionResult.Decrypted>(result);
        Assert.Equal(signed, decrypted);
        (VerificationResult verified, byte[] output) = await Exchange.VerifyAsync(decrypted, portion);
        Assert.Equal(SignatureValidity.Valid, Exchange.Signer(verified).Validity);
        Assert.Equal(content, output);
    }

    [Fact]
    public async Task Every_recipient_can_decrypt_and_nobody_else()
    {
        byte[] content = Exchange.Content(1000);
        CmsIdentity[] all = [TestIdentities.Rsa, TestIdentities.P256, TestIdentities.P384, TestIdentities.X25519, TestIdentities.Rsa];
        byte[] encrypted = await Exchange.EncryptAsync(content, Exchange.Encryption(ContentCipher.Aes128Cbc, RsaKeyTransport.OaepSha256, all));
        foreach (CmsIdentity identity in all)
        {
            (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(encrypted, identity);
            Assert.IsType<DecryptionResult.Decrypted>(result);
            Assert.Equal(content, output);
        }

        (DecryptionResult other, byte[] nothing) = await Exchange.DecryptAsync(encrypted, TestIdentities.OtherRsa, TestIdentities.P521);
        Assert.Equal(new DecryptionResult.NoMatchingKey(CmsAlgorithmNames.Aes128Cbc, 4), other); // the fifth is the first again
        Assert.Empty(nothing);
    }

    private static string Name(ContentCipher cipher) => cipher switch
    {
        ContentCipher.Aes128Cbc => CmsAlgorithmNames.Aes128Cbc,
        ContentCipher.Aes256Cbc => CmsAlgorithmNames.Aes256Cbc,
        ContentCipher.Aes128Gcm => CmsAlgorithmNames.Aes128Gcm,
        _ => CmsAlgorithmNames.Aes256Gcm,
    };

    private static string Name(string recipient, RsaKeyTransport transport) => recipient switch
    {
        "p256" => CmsAlgorithmNames.EcdhP256,
        "p384" => CmsAlgorithmNames.EcdhP384,
        "p521" => CmsAlgorithmNames.EcdhP521,
        "x25519" => CmsAlgorithmNames.X25519,
        _ => transport == RsaKeyTransport.Pkcs1 ? CmsAlgorithmNames.RsaPkcs1 : CmsAlgorithmNames.RsaOaep,
    };
}
