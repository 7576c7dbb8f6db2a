using System.Buffers.Binary;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Crypto.Tests;

/// <summary>ML-DSA and ML-KEM where the library beneath has them, and where it does not: then each answer names its version.</summary>
public sealed class LatticeTests
{
    private static readonly CmsCapabilities s_able = Exchange.Module.Capabilities;

    [Theory]
    [InlineData(CmsAlgorithmNames.MlDsa44)]
    [InlineData(CmsAlgorithmNames.MlDsa65)]
    [InlineData(CmsAlgorithmNames.MlDsa87)]
    public async Task A_signature_is_made_and_checked_or_what_is_installed_is_named(string name)
    {
        CmsIdentity identity = TestIdentities.ByName(name);
        SignedDataForge forge = SignedDataForge.Of(name, CmsAlgorithmNames.Sha512, identity);
        (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(forge.Build());
        SignerResult signer = Exchange.Signer(result);
        Assert.Equal((name, CmsAlgorithmNames.Sha512), (signer.Signature, signer.Digest));
        Assert.Equal(forge.Content, output);
        if (s_able.Signatures.Contains(name))
        {
            Assert.Equal(SignatureValidity.Valid, signer.Validity);
            byte[] content = Exchange.Content(100_000);
            (result, output) = await Exchange.VerifyAsync(await Exchange.SignAsync(content, Exchange.Signing(identity)));
            Assert.Equal((SignatureValidity.Valid, name), (Exchange.Signer(result).Validity, Exchange.Signer(result).Signature));
            Assert.Equal(content, output);
            return;
        }
        Assert.Equal(SignatureValidity.Unsupported, signer.Validity);
        Assert.Contains($"{name} needs OpenSSL 3.5 or newer, and {s_able.Library} is installed", signer.Reason);
        CmsKeyException refused = await Assert.ThrowsAsync<CmsKeyException>(() => Exchange.SignAsync([1], Exchange.Signing(identity)));
        Assert.Contains(s_able.Library, refused.Message);
    }

    [Theory]
    [InlineData(CmsAlgorithmNames.MlKem512)]
    [InlineData(CmsAlgorithmNames.MlKem768)]
    [InlineData(CmsAlgorithmNames.MlKem1024)]
    public async Task A_message_is_encrypted_and_opened_or_what_is_installed_is_named(string name)
    {
        CmsIdentity identity = TestIdentities.ByName(name);
        EnvelopedDataForge forge = EnvelopedDataForge.Of(ContentCipher.Aes256Cbc, name, identity);
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(forge.Build(), TestIdentities.OtherRsa, identity);
        if (s_able.KeyManagement.Contains(name))
        {
            Assert.Equal(new DecryptionResult.Decrypted(false, identity, CmsAlgorithmNames.Aes256Cbc, name), result);
            Assert.Equal(forge.Content, output);
            byte[] content = Exchange.Content(100_000);
            (result, output) = await Exchange.DecryptAsync(await Exchange.EncryptAsync(content, Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, identity)), identity);
            Assert.Equal(new DecryptionResult.Decrypted(true, identity, CmsAlgorithmNames.Aes128Gcm, name), result);
            Assert.Equal(content, output);
            return;
        }
        Assert.Equal(new DecryptionResult.Failed($"{name} needs OpenSSL 3.5 or newer, and {s_able.Library} is installed"), result);
        Assert.Empty(output);
        CmsKeyException refused = await Assert.ThrowsAsync<CmsKeyException>(() => Exchange.EncryptAsync(
            [1], Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256, identity)));
        Assert.Contains(s_able.Library, refused.Message);
    }

    [Fact]
    public async Task Another_key_that_is_named_opens_a_message_whatever_the_library_has()
    {
        byte[] key = Octets.Of(16);
        var forge = new EnvelopedDataForge
        {
            Recipients = [.. new[] { (CmsAlgorithmNames.MlKem768, TestIdentities.MlKem768), (CmsAlgorithmNames.EcdhP256, TestIdentities.P256) }
                .Select(way => RecipientForge.Of(way.Item1, way.Item2, key))],
        };
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(forge.Build(), TestIdentities.MlKem768, TestIdentities.P256);
        Assert.Equal(
            s_able.KeyManagement.Contains(CmsAlgorithmNames.MlKem768) ? CmsAlgorithmNames.MlKem768 : CmsAlgorithmNames.EcdhP256,
            Assert.IsType<DecryptionResult.Decrypted>(result).KeyManagement);
        Assert.Equal(forge.Content, output);
    }

    [Theory]
    [InlineData(256)]
    [InlineData(384)]
    [InlineData(512)]
    public async Task Each_derivation_of_RFC_8619_is_read(int bits)
    {
        DerObjectIdentifier kdf = bits switch
        {
            256 => PkcsObjectIdentifiers.IdAlgHkdfWithSha256,
            384 => PkcsObjectIdentifiers.IdAlgHkdfWithSha384,
            _ => PkcsObjectIdentifiers.IdAlgHkdfWithSha512,
        };
        await OpensWhereItCanAsync(new KemForge(TestIdentities.MlKem768, Octets.Of(16)) { Kdf = new AlgorithmIdentifier(kdf) }.Build());
    }

    [Fact]
    public async Task A_wrap_that_is_not_DER_on_the_wire_goes_into_the_derivation_as_DER()
    {
        // RFC 9629 5: what is derived with is DER. The wrap's SEQUENCE gets an indefinite length.
        Asn1Encodable recipient = new KemForge(TestIdentities.MlKem768, Octets.Of(16)).Build();
        byte[] der = recipient.GetEncoded(Asn1Encodable.Der);
        byte[] onWire = Octets.Replaced(der, Convert.FromHexString("300B060960864801650304012D"), Convert.FromHexString("3080060960864801650304012D0000"));
        // The two structures around it, with an identifier between them, grow by two octets.
        foreach (int length in new[] { 2, 19 })
        {
            Assert.Equal(0x82, onWire[length - 1]);
            BinaryPrimitives.WriteUInt16BigEndian(onWire.AsSpan(length), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(onWire.AsSpan(length)) + 2));
        }
        await OpensWhereItCanAsync(recipient, onWire);
    }

    private static async Task OpensWhereItCanAsync(Asn1Encodable recipient, byte[]? onWire = null)
    {
        var forge = new EnvelopedDataForge { Recipients = [recipient] };
        byte[] message = forge.Build();
        if (onWire is not null)
            message = Octets.Replaced(message, recipient.GetEncoded(), onWire);
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(message, TestIdentities.MlKem768);
        if (s_able.KeyManagement.Contains(CmsAlgorithmNames.MlKem768))
        {
            Assert.IsType<DecryptionResult.Decrypted>(result);
            Assert.Equal(forge.Content, output);
        }
        else
        {
            Assert.Contains(s_able.Library, Assert.IsType<DecryptionResult.Failed>(result).Reason);
        }
    }
}
