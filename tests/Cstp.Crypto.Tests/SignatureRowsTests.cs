using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.Crypto.Tests;

/// <summary>Hostile signatures.</summary>
public sealed class SignatureRowsTests
{
    private static readonly DerObjectIdentifier s_otherType = new("1.2.840.113549.1.9.16.1.4");

    [Fact]
    public async Task The_forge_makes_valid_signatures_when_nothing_is_forged()
    {
        Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(new SignedDataForge())).Validity);
        Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(new SignedDataForge { HasAttributes = false })).Validity);
        Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(new SignedDataForge { ContentType = s_otherType })).Validity);
        Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(RsaForge(null))).Validity);
        Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(Ed25519Forge(null))).Validity);
    }

    [Fact]
    public async Task J1_A_detached_signature_with_content_is_invalid()
    {
        var forge = new SignedDataForge();
        SignerResult signer = Exchange.Signer(await Exchange.VerifyDetachedAsync(forge.Content, forge.Build(), CmsAlgorithmNames.Sha256));
        Assert.Equal((SignatureValidity.Invalid, "a detached signature carries content"), (signer.Validity, signer.Reason));
    }

    [Fact]
    public async Task J1_A_signature_without_its_content_is_invalid() =>
        Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { Attached = false })).Validity);

    [Fact]
    public async Task J2_Each_signer_is_judged_by_itself()
    {
        var bad = new SignedDataForge { Signer = TestIdentities.P384, Sign = _ => [0x30, 0] };
        var foreign = new SignedDataForge { Signer = TestIdentities.Ed25519, Sign = _ => new byte[64] };
        byte[] message = new SignedDataForge { Certificates = [TestIdentities.P256.Certificate, TestIdentities.P384.Certificate] }
            .Build(bad.BuildSigner(), foreign.BuildSigner());
        VerificationResult.Checked result = Assert.IsType<VerificationResult.Checked>((await Exchange.VerifyAsync(message)).Result);
        Assert.Equal(
            [SignatureValidity.Valid, SignatureValidity.Invalid, SignatureValidity.CertificateMissing],
            result.Signers.Select(signer => signer.Validity).Order());
    }

    [Fact]
    public async Task J2_More_than_16_signers_are_malformed()
    {
        SignerInfo[] further = [.. Enumerable.Range(0, 16).Select(_ => new SignedDataForge().BuildSigner())];
        Assert.IsType<VerificationResult.Checked>((await Exchange.VerifyAsync(new SignedDataForge().Build(further[1..]))).Result);
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(new SignedDataForge().Build(further))).Result);
    }

    [Fact]
    public async Task J3_A_signer_whose_certificate_is_nowhere_is_told_by_its_identifier()
    {
        SignerResult signer = await JudgeAsync(new SignedDataForge { Certificates = [TestIdentities.Authority] });
        Assert.Equal(SignatureValidity.CertificateMissing, signer.Validity);
        Assert.Null(signer.Certificate);
        Assert.False(signer.Identifier.Issuer.IsEmpty || signer.Identifier.SerialNumber.IsEmpty);
    }

    [Fact]
    public async Task J3_Certificates_with_one_issuer_and_serial_are_each_tried()
    {
        var serial = BigInteger.ValueOf(77);
        CmsIdentity one = TestIdentities.Make("one", TestIdentities.Ec(X9ObjectIdentifiers.Prime256v1), serial);
        CmsIdentity two = TestIdentities.Make("two", TestIdentities.Ec(X9ObjectIdentifiers.Prime256v1), serial);
        byte[] message = new SignedDataForge { Signer = two, Certificates = [one.Certificate, two.Certificate] }.Build();
        Assert.Equal(two.Certificate, Exchange.Signer((await Exchange.VerifyAsync(message)).Result).Certificate);

        message = new SignedDataForge { Signer = two, Certificates = [one.Certificate] }.Build();
        Assert.Equal(SignatureValidity.Invalid, Exchange.Signer((await Exchange.VerifyAsync(message)).Result).Validity);
        SignerResult known = Exchange.Signer((await Exchange.VerifyAsync(message, 65536, two.Certificate)).Result);
        Assert.Equal((SignatureValidity.Valid, two.Certificate), (known.Validity, known.Certificate));
    }

    public static TheoryData<string> BrokenAttributes => new(s_broken.Keys);

    [Theory]
    [MemberData(nameof(BrokenAttributes))]
    public async Task J6_J9_Attributes_that_are_missing_double_or_wrong_make_a_signature_invalid(string what) =>
        Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { Attributes = s_broken[what] })).Validity);

    [Fact]
    public async Task J6_Attributes_that_must_be_signed_do_not_count_unsigned()
    {
        var forge = new SignedDataForge();
        Attribute digest = SignedDataForge.One(CmsAttributes.MessageDigest, new DerOctetString(forge.ContentDigest()));
        Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { Unsigned = new DerSet(digest) })).Validity);
        Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge
        {
            Unsigned = new DerSet(digest),
            Attributes = attributes => attributes.RemoveAt(1),
        })).Validity);
    }

    [Fact]
    public async Task J6_Other_content_types_need_attributes() => Assert.Equal(
        SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { HasAttributes = false, ContentType = s_otherType })).Validity);

    [Fact]
    public async Task J7_Attributes_that_are_not_der_are_digested_as_der()
    {
        foreach (Func<Asn1Set, Asn1Set> onWire in new Func<Asn1Set, Asn1Set>[]
            {
                set => new DLSet(set.Reverse().ToArray()),
                set => new BerSet(set.ToArray()),
                set => new BerSet(set.Reverse().Select(attribute => (Asn1Encodable)new BerSequence(Asn1Sequence.GetInstance(attribute).ToArray())).ToArray()),
            })
            Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(new SignedDataForge { OnWire = onWire })).Validity);
        Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { OnWire = set => new DLSet(set[0], set[1]) })).Validity);
    }

    [Fact]
    public async Task J8_Content_that_is_the_attributes_of_another_message_is_invalid()
    {
        var victim = new SignedDataForge();
        SignerInfo info = victim.BuildSigner();
        byte[] attributes = info.SignedAttrs.GetDerEncoded();
        var forge = new SignedDataForge { Content = attributes, HasAttributes = false, Sign = _ => info.Signature.GetOctets() };
        SignerResult signer = await JudgeAsync(forge);
        Assert.Equal((SignatureValidity.Invalid, "the content could be signed attributes of another message"), (signer.Validity, signer.Reason));

        var detached = new SignedDataForge { Content = attributes, HasAttributes = false, Attached = false };
        Assert.Equal(SignatureValidity.Invalid, Exchange.Signer(
            await Exchange.VerifyDetachedAsync(attributes, detached.Build(), CmsAlgorithmNames.Sha256)).Validity);
    }

    [Fact]
    public async Task J9_A_digest_that_is_not_announced_is_named()
    {
        var forge = new SignedDataForge { Announced = [new AlgorithmIdentifier(NistObjectIdentifiers.IdSha512)] };
        Assert.Equal("the digest sha256 is not announced", (await JudgeAsync(forge)).Reason);
        var detached = new SignedDataForge { Attached = false };
        Assert.Equal(SignatureValidity.DigestMissing, Exchange.Signer(
            await Exchange.VerifyDetachedAsync(detached.Content, detached.Build(), CmsAlgorithmNames.Sha512)).Validity);
    }

    [Fact]
    public async Task J9_Content_and_attributes_have_one_digest() => Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge
    {
        Algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha512),
        AlgorithmName = "SHA-512withECDSA",
    })).Validity);

    [Theory]
    [InlineData(8, false, true)] // garbage behind a short padding: what a cube root yields
    [InlineData(-1, true, true)] // garbage within the algorithm's parameters
    [InlineData(-1, false, false)] // the digest alone
    public async Task J11_Forged_pkcs1_blocks_are_invalid(int padding, bool parameters, bool info)
    {
        SignerResult signer = await JudgeAsync(RsaForge(signed =>
        {
            byte[] digest = DigestUtilities.CalculateDigest("SHA-256", signed);
            var algorithm = new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256, parameters ? new DerOctetString(new byte[20]) : DerNull.Instance);
            byte[] encoded = info ? new DigestInfo(algorithm, digest).GetDerEncoded() : digest;
            byte[] block = new byte[256];
            int fill = padding > 0 ? padding : 256 - 3 - encoded.Length;
            block[1] = 1;
            block.AsSpan(2, fill).Fill(0xFF);
            encoded.CopyTo(block, fill + 3);
            var rsa = new RsaEngine();
            rsa.Init(true, TestIdentities.KeyOf(TestIdentities.Rsa));
            return rsa.ProcessBlock(block, 0, block.Length);
        }));
        Assert.Equal(SignatureValidity.Invalid, signer.Validity);
    }

    [Fact]
    public async Task J11_Numbers_out_of_range_are_invalid()
    {
        BigInteger order = ((ECPrivateKeyParameters)TestIdentities.KeyOf(TestIdentities.P256)).Parameters.N;
        foreach ((BigInteger r, BigInteger s) in new[]
            {
                (BigInteger.Zero, BigInteger.Zero), (BigInteger.One, BigInteger.Zero), (BigInteger.Zero, BigInteger.One),
                (order, BigInteger.One), (BigInteger.One, order), (BigInteger.One.Negate(), BigInteger.One),
            })
        {
            byte[] value = new DerSequence(new DerInteger(r), new DerInteger(s)).GetDerEncoded();
            Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { Sign = _ => value })).Validity);
        }
    }

    [Fact]
    public async Task J11_An_ecdsa_value_with_octets_behind_it_is_invalid()
    {
        var forge = new SignedDataForge();
        Assert.Equal(SignatureValidity.Invalid, (await JudgeAsync(new SignedDataForge { Sign = signed => [.. forge.Signature(signed), 0] })).Validity);
    }

    [Fact]
    public async Task J11_Ed25519_with_the_order_added_to_s_is_invalid()
    {
        var order = new BigInteger("7237005577332262213973186563042994240857116359379907606001950938285454250989");
        SignerResult signer = await JudgeAsync(Ed25519Forge(signed =>
        {
            byte[] value = Ed25519Forge(null).Signature(signed);
            var s = new BigInteger(1, [.. value[32..].Reverse()]);
            byte[] added = s.Add(order).ToByteArrayUnsigned();
            value.AsSpan(32).Clear();
            for (int i = 0; i < added.Length; i++)
                value[32 + i] = added[added.Length - 1 - i];
            return value;
        }));
        Assert.Equal(SignatureValidity.Invalid, signer.Validity);
    }

    [Fact]
    public async Task Ed25519_without_attributes_is_unsupported()
    {
        SignedDataForge forge = Ed25519Forge(null);
        byte[] message = new SignedDataForge
        {
            Signer = forge.Signer,
            Announced = forge.Announced,
            Digest = forge.Digest,
            Algorithm = forge.Algorithm,
            AlgorithmName = forge.AlgorithmName,
            HasAttributes = false,
        }.Build();
        Assert.Equal(SignatureValidity.Unsupported, Exchange.Signer((await Exchange.VerifyAsync(message)).Result).Validity);
    }

    [Fact]
    public async Task J13_Unsigned_attributes_are_ignored_up_to_1_MiB()
    {
        Asn1Set Unsigned(int octets) => new DerSet(SignedDataForge.One(CmsAttributes.CounterSignature, new DerOctetString(new byte[octets])));
        Assert.Equal(SignatureValidity.Valid, (await JudgeAsync(new SignedDataForge { Unsigned = Unsigned(900_000) })).Validity);
        byte[] message = new SignedDataForge { Unsigned = Unsigned(10_000_000) }.Build();
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(message)).Result);
    }

    [Theory]
    [InlineData(512, 65537)]
    [InlineData(16392, 65537)]
    [InlineData(2048, 1)]
    [InlineData(2048, 4)]
    [InlineData(2048, -1)]
    public async Task X5_Rsa_keys_out_of_range_are_never_computed_with(int bits, int exponent)
    {
        BigInteger modulus = BigInteger.One.ShiftLeft(bits - 1).Add(BigInteger.ValueOf(0x10001));
        BigInteger power = exponent > 0 ? BigInteger.ValueOf(exponent) : BigInteger.One.ShiftLeft(65).Add(BigInteger.One);
        var info = new SubjectPublicKeyInfo(
            new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
            new RsaPublicKeyStructure(modulus, power).GetDerEncoded());
        EncodedCertificate certificate = TestIdentities.Certify("bad", info);
        var forge = new SignedDataForge
        {
            Signer = new CmsIdentity(certificate, new Pkcs8PrivateKey(default)),
            Algorithm = new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
            Sign = _ => new byte[bits / 8],
        };
        Assert.Equal(SignatureValidity.Unsupported, (await JudgeAsync(forge)).Validity);
    }

    [Fact]
    public async Task What_a_lookup_throws_reaches_the_caller()
    {
        byte[] message = new SignedDataForge().Build();
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Exchange.RunAsync(message, 65536, (reader, writer) => Exchange.Module.VerifyAsync(
            reader, writer, new VerificationRequest(_ => throw new InvalidTimeZoneException()), TestContext.Current.CancellationToken)));
    }

    private static readonly Dictionary<string, Action<List<Attribute>>> s_broken = new()
    {
        ["no content-type"] = attributes => attributes.RemoveAt(0),
        ["another content-type"] = attributes => attributes[0] = SignedDataForge.One(CmsAttributes.ContentType, s_otherType),
        ["content-type twice"] = attributes => attributes.Add(attributes[0]),
        ["content-type with two values"] = attributes => attributes[0] = new Attribute(CmsAttributes.ContentType, new DerSet(PkcsObjectIdentifiers.Data, s_otherType)),
        ["content-type without a value"] = attributes => attributes[0] = new Attribute(CmsAttributes.ContentType, DerSet.Empty),
        ["no message-digest"] = attributes => attributes.RemoveAt(1),
        ["another message-digest"] = attributes => attributes[1] = SignedDataForge.One(CmsAttributes.MessageDigest, new DerOctetString(new byte[32])),
        ["message-digest twice"] = attributes => attributes.Add(attributes[1]),
        ["message-digest with two values"] = attributes => attributes[1] = new Attribute(
            CmsAttributes.MessageDigest, new DerSet(attributes[1].AttrValues[0], new DerOctetString(new byte[32]))),
        ["message-digest of another type"] = attributes => attributes[1] = SignedDataForge.One(CmsAttributes.MessageDigest, DerNull.Instance),
        ["signing-time twice"] = attributes => attributes.Add(attributes[2]),
        ["signing-time that is none"] = attributes => attributes[2] = SignedDataForge.One(CmsAttributes.SigningTime, new DerOctetString([1])),
        ["algorithm protection with another digest"] = attributes => attributes.Add(SignedDataForge.One(
            CmsAttributes.CmsAlgorithmProtect,
            new CmsAlgorithmProtection(new AlgorithmIdentifier(NistObjectIdentifiers.IdSha512), 1, new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha256)))),
        ["algorithm protection with another signature"] = attributes => attributes.Add(SignedDataForge.One(
            CmsAttributes.CmsAlgorithmProtect,
            new CmsAlgorithmProtection(new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256), 1, new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha512)))),
        ["signing certificate of another"] = attributes => attributes.Add(SignedDataForge.One(
            PkcsObjectIdentifiers.IdAASigningCertificateV2, new SigningCertificateV2(new EssCertIDv2(new byte[32])))),
        ["old signing certificate of another"] = attributes => attributes.Add(SignedDataForge.One(
            PkcsObjectIdentifiers.IdAASigningCertificate, new SigningCertificate(new EssCertID(new byte[20])))),
    };

    private static SignedDataForge RsaForge(Func<byte[], byte[]>? sign) => new()
    {
        Signer = TestIdentities.Rsa,
        Algorithm = new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
        AlgorithmName = "SHA-256withRSA",
        Sign = sign,
    };

    private static SignedDataForge Ed25519Forge(Func<byte[], byte[]>? sign) => new()
    {
        Signer = TestIdentities.Ed25519,
        Announced = [new AlgorithmIdentifier(NistObjectIdentifiers.IdSha512)],
        Digest = new AlgorithmIdentifier(NistObjectIdentifiers.IdSha512),
        Algorithm = new AlgorithmIdentifier(Org.BouncyCastle.Asn1.EdEC.EdECObjectIdentifiers.id_Ed25519),
        AlgorithmName = "Ed25519",
        Sign = sign,
    };

    private static async Task<SignerResult> JudgeAsync(SignedDataForge forge) => Exchange.Signer((await Exchange.VerifyAsync(forge.Build())).Result);
}
