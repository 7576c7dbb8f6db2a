using System.Security.Cryptography;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Smime;
using Org.BouncyCastle.Asn1.X509;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using ContentInfo = Org.BouncyCastle.Asn1.Cms.ContentInfo;
using EnvelopedData = Org.BouncyCastle.Asn1.Cms.EnvelopedData;
using SignedData = Org.BouncyCastle.Asn1.Cms.SignedData;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.Crypto.Tests;

/// <summary>What is written, read by other code.</summary>
public sealed class WrittenFormTests : IDisposable
{
    private readonly ExternalProgram _openssl = new();

    [Theory]
    [InlineData("rsa")]
    [InlineData("p384")]
    [InlineData("ed25519")]
    public async Task A_signer_info_has_all_its_attributes_in_der(string name)
    {
        SigningRequest request = Exchange.Signing(TestIdentities.ByName(name), DigestAlgorithm.Sha384) with { EncryptionCertificate = TestIdentities.X25519.Certificate };
        SignedData data = Read(await Exchange.SignAsync([1, 2, 3], request));
        Assert.True(data.Version.HasValue(1));
        var signer = SignerInfo.GetInstance(data.SignerInfos[0]);
        Assert.True(signer.Version.HasValue(1));
        Assert.Equal(name == "ed25519" ? NistObjectIdentifiers.IdSha512 : NistObjectIdentifiers.IdSha384, signer.DigestAlgorithm.Algorithm);
        Assert.Null(signer.DigestAlgorithm.Parameters);
        Assert.Equal(signer.DigestAlgorithm, AlgorithmIdentifier.GetInstance(Assert.Single(data.DigestAlgorithms)));
        Assert.Equal(signer.SignedAttrs.GetEncoded(Asn1Encodable.DL), signer.SignedAttrs.GetDerEncoded());

        var attributes = signer.SignedAttrs.Select(Attribute.GetInstance).ToDictionary(attribute => attribute.AttrType, attribute => Assert.Single(attribute.AttrValues));
        Assert.Equal(7, attributes.Count);
        Assert.Equal(PkcsObjectIdentifiers.Data, attributes[CmsAttributes.ContentType]);
        Assert.IsAssignableFrom<Asn1OctetString>(attributes[CmsAttributes.MessageDigest]);
        Assert.IsAssignableFrom<Asn1UtcTime>(attributes[CmsAttributes.SigningTime]);
        Assert.Equal(5, Asn1Sequence.GetInstance(attributes[SmimeAttributes.SmimeCapabilities]).Count);
        Assert.Equal(signer.SignatureAlgorithm, CmsAlgorithmProtection.GetInstance(attributes[CmsAttributes.CmsAlgorithmProtect]).SignatureAlgorithm);
        EssCertIDv2 named = Assert.Single(SigningCertificateV2.GetInstance(attributes[PkcsObjectIdentifiers.IdAASigningCertificateV2]).GetCerts());
        Assert.Equal(SHA256.HashData(request.Signer.Certificate.Der.Span), named.GetCertHash());
        var preference = Asn1TaggedObject.GetInstance(attributes[SmimeAttributes.EncrypKeyPref], Asn1Tags.ContextSpecific, 0);
        Assert.Equal(
            X509CertificateStructure.GetInstance(TestIdentities.X25519.Certificate.Der.ToArray()).SerialNumber,
            Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber.GetInstance(preference, false).SerialNumber);
    }

    [Fact]
    public async Task A_key_that_only_signs_claims_no_preference_for_encryption()
    {
        async Task<int> CountAsync(CmsIdentity identity) =>
            SignerInfo.GetInstance(Read(await Exchange.SignAsync([1], Exchange.Signing(identity))).SignerInfos[0]).SignedAttrs.Count;
        Assert.Equal((7, 6, 6), (await CountAsync(TestIdentities.P256), await CountAsync(TestIdentities.Ed25519), await CountAsync(TestIdentities.RsaPss)));
    }

    [Theory]
    [InlineData(2049, typeof(DerUtcTime))]
    [InlineData(2050, typeof(DerGeneralizedTime))]
    public async Task Signing_time_is_utc_time_to_2049(int year, Type type)
    {
        var time = new DateTimeOffset(year, 12, 31, 23, 0, 0, TimeSpan.FromHours(-0.5)).AddMilliseconds(250);
        byte[] message = await Exchange.SignAsync([1], Exchange.Signing(TestIdentities.P256) with { SigningTime = time.AddHours(-1) });
        SignerInfo signer = SignerInfo.GetInstance(Read(message).SignerInfos[0]);
        Attribute attribute = signer.SignedAttrs.Select(Attribute.GetInstance).Single(found => found.AttrType.Equals(CmsAttributes.SigningTime));
        Assert.IsAssignableFrom(type.BaseType!, attribute.AttrValues[0]);
        Assert.Equal(time.AddHours(-1).AddMilliseconds(-250), Exchange.Signer((await Exchange.VerifyAsync(message)).Result).SigningTime);
    }

    [Theory]
    [InlineData(ContentCipher.Aes256Cbc, 0, "rsa")]
    [InlineData(ContentCipher.Aes256Cbc, 2, "rsa", "p256")]
    [InlineData(ContentCipher.Aes256Cbc, 2, "x25519")]
    public async Task Enveloped_data_has_the_version_of_its_recipients(ContentCipher cipher, int version, params string[] recipients)
    {
        byte[] message = await Exchange.EncryptAsync([1], Exchange.Encryption(cipher, RsaKeyTransport.Pkcs1, [.. recipients.Select(TestIdentities.ByName)]));
        Assert.True(EnvelopedData.GetInstance(ContentInfo.GetInstance(message).Content).Version.HasValue(version));
    }

    [Fact]
    public async Task OpenSsl_verifies_our_ed25519_value_over_the_attributes()
    {
        ExternalProgram.Require("openssl");
        SignerInfo signer = SignerInfo.GetInstance(Read(await Exchange.SignAsync([1], Exchange.Signing(TestIdentities.Ed25519))).SignerInfos[0]);
        Assert.Equal(EdECObjectIdentifiers.id_Ed25519, signer.SignatureAlgorithm.Algorithm);
        Assert.Null(signer.SignatureAlgorithm.Parameters);
        _openssl.WriteIdentity("signer", TestIdentities.Ed25519);
        _openssl.Write("attributes", signer.SignedAttrs.GetDerEncoded());
        _openssl.Write("value", signer.Signature.GetOctets());
        _openssl.Run("openssl", "pkeyutl", "-verify", "-rawin", "-certin", "-inkey", "signer.crt", "-in", "attributes", "-sigfile", "value");
    }

    [Fact]
    public async Task OpenSsl_and_dotnet_open_our_x25519_recipient()
    {
        ExternalProgram.Require("openssl");
        byte[] message = await Exchange.EncryptAsync([7, 8, 9], Exchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1, TestIdentities.X25519));
        var data = AuthEnvelopedData.GetInstance(ContentInfo.GetInstance(message).Content);
        var recipient = (KeyAgreeRecipientInfo)RecipientInfo.GetInstance(data.RecipientInfos[0]).Info;
        Assert.Equal(PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha256_scheme, recipient.KeyEncryptionAlgorithm.Algorithm);
        OriginatorPublicKey originator = recipient.Originator.OriginatorKey;
        // OpenSSL 3.0 reads no PKCS#8 that has the public key, too.
        PrivateKeyInfo key = PrivateKeyInfo.GetInstance(((Pkcs8PrivateKey)TestIdentities.X25519.PrivateKey).Der.ToArray());
        _openssl.Write("recipient.key", new PrivateKeyInfo(key.PrivateKeyAlgorithm, key.ParsePrivateKey()).GetDerEncoded());
        _openssl.Write("peer", new SubjectPublicKeyInfo(originator.Algorithm, originator.PublicKey.GetOctets()).GetDerEncoded());
        _openssl.Run("openssl", "pkeyutl", "-derive", "-inkey", "recipient.key", "-keyform", "DER", "-peerkey", "peer", "-peerform", "DER", "-out", "secret");

        // ECC-CMS-SharedInfo with id-aes256-wrap and 256 bits, written out (RFC 5753 7.2; RFC 8418 2.2).
        byte[] info = Convert.FromHexString("3015300B060960864801650304012DA206040400000100");
        byte[] wrapping = HKDF.DeriveKey(HashAlgorithmName.SHA256, _openssl.Read("secret"), 32, null, info);
        byte[] wrapped = RecipientEncryptedKey.GetInstance(recipient.RecipientEncryptedKeys[0]).EncryptedKey.GetOctets();
        _openssl.Write("wrapped", wrapped);
        _openssl.Run("openssl", "enc", "-d", "-id-aes256-wrap", "-K", Convert.ToHexString(wrapping), "-iv", "A6A6A6A6A6A6A6A6", "-in", "wrapped", "-out", "key");

        GcmParameters parameters = GcmParameters.GetInstance(data.AuthEncryptedContentInfo.ContentEncryptionAlgorithm.Parameters);
        Assert.Equal((12, 16), (parameters.GetNonce().Length, parameters.IcvLen));
        using var gcm = new AesGcm(_openssl.Read("key"), 16);
        byte[] plain = new byte[3];
        gcm.Decrypt(parameters.GetNonce(), data.AuthEncryptedContentInfo.EncryptedContent.GetOctets(), data.Mac.GetOctets(), plain);
        Assert.Equal([7, 8, 9], plain);
    }

    [Fact]
    public async Task A_pss_key_binds_digest_and_scheme()
    {
        foreach ((CmsIdentity key, CmsIdentity certificate) in new[]
            { (TestIdentities.Rsa, TestIdentities.RsaPss), (TestIdentities.RsaPss, TestIdentities.RsaPssSha384) })
        {
            // All three certificates have one RSA key.
            SignedData data = Read(await Exchange.SignAsync([1], Exchange.Signing(key)));
            var value = SignerInfo.GetInstance(data.SignerInfos[0]);
            var forge = new SignedDataForge
            {
                Signer = certificate,
                Algorithm = value.SignatureAlgorithm,
                AlgorithmName = key == TestIdentities.Rsa ? "SHA-256withRSA" : "SHA-256withRSAandMGF1",
            };
            Assert.Equal(SignatureValidity.Invalid, Exchange.Signer((await Exchange.VerifyAsync(forge.Build())).Result).Validity);
            Assert.Equal(SignatureValidity.Valid, Exchange.Signer((await Exchange.VerifyAsync(await Exchange.SignAsync([1], Exchange.Signing(key)))).Result).Validity);
        }
    }

    [Fact]
    public async Task One_instance_serves_many_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            byte[] content = Exchange.Content(20_000 + number);
            byte[] signed = await Exchange.SignAsync(content, Exchange.Signing(TestIdentities.P256));
            byte[] encrypted = await Exchange.EncryptAsync(signed, Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256));
            (_, byte[] decrypted) = await Exchange.DecryptAsync(encrypted, TestIdentities.P256);
            (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(decrypted);
            Assert.Equal(SignatureValidity.Valid, Exchange.Signer(result).Validity);
            Assert.Equal(content, output);
        }));
    }

    public void Dispose() => _openssl.Dispose();

    private static SignedData Read(byte[] message) => SignedData.GetInstance(ContentInfo.GetInstance(message).Content);
}
