using System.Diagnostics;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;

namespace Cstp.Crypto.Tests;

/// <summary>Hostile encryption.</summary>
public sealed class EncryptionRowsTests
{
    private static readonly DerSet s_attributes = new(
        SignedDataForge.One(CmsAttributes.ContentType, PkcsObjectIdentifiers.Data),
        SignedDataForge.One(CmsAttributes.SigningTime, new DerUtcTime(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), 2049)));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(2_000_000)]
    public async Task Attributes_behind_the_ciphertext_are_authenticated(int length)
    {
        byte[] content = Exchange.Content(length);
        (DecryptionResult result, byte[] output) = await OpenAsync(new EnvelopedDataForge { Content = content, Attributes = s_attributes });
        Assert.True(Assert.IsType<DecryptionResult.Decrypted>(result).Authenticated);
        Assert.Equal(content, output);

        await FailsAsync(new EnvelopedDataForge { Content = content, Attributes = s_attributes, AttributesOnWire = new DerSet(s_attributes[0]) });
        await FailsAsync(new EnvelopedDataForge { Content = content, AttributesOnWire = s_attributes });
    }

    [Fact]
    public async Task Attributes_that_are_not_der_are_authenticated_as_der() => Assert.IsType<DecryptionResult.Decrypted>((await OpenAsync(
        new EnvelopedDataForge { Attributes = s_attributes, AttributesOnWire = new DLSet(s_attributes.Reverse().ToArray()) })).Result);

    [Theory]
    [InlineData(12)]
    [InlineData(15)]
    public async Task Shorter_tags_are_read_with_and_without_attributes(int tag)
    {
        int? announced = tag == 12 ? null : tag; // 12 is the default (RFC 5084 3.2)
        foreach (Asn1Set? attributes in new Asn1Set?[] { null, s_attributes })
            Assert.IsType<DecryptionResult.Decrypted>((await OpenAsync(
                new EnvelopedDataForge { Tag = tag, AnnouncedTag = announced, Attributes = attributes })).Result);
    }

    [Fact]
    public async Task A_wrap_of_key_agreement_that_is_not_DER_on_the_wire_is_derived_with_as_DER()
    {
        // RFC 5753 7.2. The SEQUENCE of id-aes128-wrap gets an indefinite length, and what holds it grows by two octets.
        Asn1Encodable recipient = RecipientForge.Of(CmsAlgorithmNames.EcdhP256, TestIdentities.P256, Octets.Of(16));
        byte[] der = recipient.GetEncoded();
        byte[] scheme = SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme.GetEncoded();
        byte[] wrap = Convert.FromHexString("300B0609608648016503040105");
        byte[] onWire = Octets.Replaced(
            der,
            [0x30, (byte)(scheme.Length + wrap.Length), .. scheme, .. wrap],
            [0x30, (byte)(scheme.Length + wrap.Length + 2), .. scheme, 0x30, 0x80, .. wrap[2..], 0, 0]);
        Assert.Equal(0x81, onWire[1]);
        onWire[2] = (byte)(onWire.Length - 3);
        var forge = new EnvelopedDataForge { Recipients = [recipient] };
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(Octets.Replaced(forge.Build(), der, onWire), TestIdentities.P256);
        Assert.IsType<DecryptionResult.Decrypted>(result);
        Assert.Equal(forge.Content, output);
    }

    [Fact]
    public async Task E1_Wrong_padding_key_length_or_algorithm_has_one_outcome()
    {
        var rsa = new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance);
        foreach (Asn1Encodable recipient in new[]
            {
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, rsa, new byte[256]),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, rsa, Exchange.Content(255)),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, rsa, Exchange.Content(10)),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, rsa, [.. Enumerable.Repeat((byte)0xFF, 256)]),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, rsa, new byte[1000]),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, Exchange.Content(32)),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsaesOaep, DerSequence.Empty), Exchange.Content(256)),
                EnvelopedDataForge.Recipient(TestIdentities.Rsa, new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Cbc), Exchange.Content(256)),
                EnvelopedDataForge.Recipient(TestIdentities.P256, rsa, Exchange.Content(256)),
            })
        {
            byte[] content = Exchange.Content(1000);
            (DecryptionResult result, byte[] output) = await OpenAsync(new EnvelopedDataForge { Content = content, Recipients = [recipient] });
            Assert.IsType<DecryptionResult.Failed>(result);
            Assert.InRange(output.Length, 900, 1000); // the same work was done, but for the last block
        }
    }

    [Fact]
    public async Task E4_Tags_and_nonces_out_of_range_fail()
    {
        await FailsAsync(new EnvelopedDataForge { Tag = 8, AnnouncedTag = 8 });
        await FailsAsync(new EnvelopedDataForge { Tag = 12 });
        await FailsAsync(new EnvelopedDataForge { AnnouncedTag = 12 });
        await FailsAsync(new EnvelopedDataForge { AnnouncedTag = null });
        await FailsAsync(new EnvelopedDataForge { AnnouncedTag = 17 });
        await FailsAsync(new EnvelopedDataForge { AnnouncedTag = -1 });
        await FailsAsync(new EnvelopedDataForge { Nonce = [] });
        await FailsAsync(new EnvelopedDataForge { Nonce = new byte[100_000] });
        await FailsAsync(new EnvelopedDataForge { Parameters = DerNull.Instance });
        await FailsAsync(new EnvelopedDataForge { Parameters = DerSequence.Empty });
        Assert.IsType<DecryptionResult.Decrypted>((await OpenAsync(new EnvelopedDataForge { Nonce = Exchange.Content(16) })).Result);
    }

    [Fact]
    public async Task E4_Content_that_is_not_data_needs_attributes() =>
        await FailsAsync(new EnvelopedDataForge { ContentType = PkcsObjectIdentifiers.SignedData });

    [Fact]
    public async Task E6_Many_recipients_that_name_our_key_cost_8_tries()
    {
        Asn1Encodable bad = EnvelopedDataForge.Recipient(
            TestIdentities.Rsa, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsaesOaep, DerSequence.Empty), Exchange.Content(256));
        var clock = Stopwatch.StartNew();
        await FailsAsync(new EnvelopedDataForge { Recipients = [.. Enumerable.Repeat(bad, 1999), EnvelopedDataForge.Recipient(TestIdentities.Rsa, Exchange.Content(16))] });
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        (DecryptionResult result, _) = await OpenAsync(new EnvelopedDataForge { Recipients = [.. Enumerable.Repeat(bad, 2001)] });
        Assert.Equal(new DecryptionResult.Failed("there are over 2000 recipients"), result);
    }

    [Fact]
    public async Task E6_A_key_that_opens_is_found_behind_others_of_ours()
    {
        Asn1Encodable bad = EnvelopedDataForge.Recipient(
            TestIdentities.Rsa, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsaesOaep, DerSequence.Empty), Exchange.Content(256));
        var forge = new EnvelopedDataForge { Recipients = [.. Enumerable.Repeat(bad, 7), EnvelopedDataForge.Recipient(TestIdentities.Rsa, Exchange.Content(16))] };
        Assert.IsType<DecryptionResult.Decrypted>((await OpenAsync(forge)).Result);
    }

    [Fact]
    public async Task E7_Recipients_by_password_or_shared_key_are_never_tried()
    {
        var iterations = new DerSequence(new DerOctetString(new byte[8]), DerInteger.ValueOf(1_000_000_000));
        Asn1Encodable[] others =
        [
            new DerTaggedObject(false, 3, new DerSequence(
                DerInteger.Zero,
                new DerTaggedObject(false, 0, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdPbkdf2, iterations)),
                new AlgorithmIdentifier(PkcsObjectIdentifiers.IdAlgPwriKek),
                new DerOctetString(new byte[32]))),
            new DerTaggedObject(false, 2, new DerSequence(DerInteger.Four)),
            new DerTaggedObject(false, 4, new DerSequence(PkcsObjectIdentifiers.Data, DerNull.Instance)),
        ];
        Assert.Equal(new DecryptionResult.NoMatchingKey(CmsAlgorithmNames.Aes128Gcm, 3), (await OpenAsync(new EnvelopedDataForge { Recipients = others })).Result);
        Assert.IsType<DecryptionResult.Failed>((await OpenAsync(new EnvelopedDataForge { Recipients = [] })).Result);
        Assert.IsType<DecryptionResult.Failed>((await OpenAsync(new EnvelopedDataForge { Recipients = [new DerTaggedObject(false, 5, DerSequence.Empty)] })).Result);
    }

    [Theory]
    [InlineData("p256", "off")]
    [InlineData("p256", "infinity")]
    [InlineData("p256", "short")]
    [InlineData("p256", "curve")]
    [InlineData("p256", "explicit")]
    [InlineData("x25519", "zero")]
    [InlineData("x25519", "short")]
    public async Task E8_Bad_points_fail(string key, string what)
    {
        byte[] point = new byte[65];
        point[0] = 4;
        (DerObjectIdentifier algorithm, Asn1Encodable? parameters, byte[] octets) = (key, what) switch
        {
            ("p256", "off") => (X9ObjectIdentifiers.IdECPublicKey, null, point),
            ("p256", "infinity") => (X9ObjectIdentifiers.IdECPublicKey, null, [0]),
            ("p256", "short") => (X9ObjectIdentifiers.IdECPublicKey, null, point[..40]),
            ("p256", "curve") => (X9ObjectIdentifiers.IdECPublicKey, SecObjectIdentifiers.SecP384r1, point),
            ("p256", "explicit") => (X9ObjectIdentifiers.IdECPublicKey, ECNamedCurveTable.GetByName("P-256"), point),
            ("x25519", "zero") => (EdECObjectIdentifiers.id_X25519, null, new byte[32]),
            _ => (EdECObjectIdentifiers.id_X25519, (Asn1Encodable?)null, new byte[31]),
        };
        CmsIdentity identity = TestIdentities.ByName(key);
        var certificate = X509CertificateStructure.GetInstance(identity.Certificate.Der.ToArray());
        var info = new KeyAgreeRecipientInfo(
            new OriginatorIdentifierOrKey(new OriginatorPublicKey(new AlgorithmIdentifier(algorithm, parameters), octets)),
            null,
            new AlgorithmIdentifier(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Wrap)),
            new DerSequence(new RecipientEncryptedKey(new KeyAgreeRecipientIdentifier(new IssuerAndSerialNumber(certificate)), new DerOctetString(new byte[24]))));
        await FailsAsync(new EnvelopedDataForge { Recipients = [new DerTaggedObject(false, 1, info)] });
    }

    private static Task<(DecryptionResult Result, byte[] Output)> OpenAsync(EnvelopedDataForge forge) =>
        Exchange.DecryptAsync(forge.Build(), TestIdentities.Rsa, TestIdentities.P256, TestIdentities.X25519);

    private static async Task FailsAsync(EnvelopedDataForge forge) => Assert.IsType<DecryptionResult.Failed>((await OpenAsync(forge)).Result);
}
