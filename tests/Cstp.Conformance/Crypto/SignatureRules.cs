using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
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

namespace Cstp.Conformance.Crypto;

/// <summary>Hostile signatures: rows J of the catalogue of hostile inputs.</summary>
internal static class SignatureRules
{
    private static readonly DerObjectIdentifier s_otherType = new("1.2.840.113549.1.9.16.1.4");
    private static readonly Ability s_ed25519 = new(AbilityKind.Signature, CmsAlgorithmNames.Ed25519);

    private static readonly (string Id, string What, Action<List<Attribute>> Break)[] s_attributes =
    [
        ("content-type-missing", "no content-type", attributes => attributes.RemoveAt(0)),
        ("content-type-other", "another content-type", attributes => attributes[0] = SignedDataForge.One(CmsAttributes.ContentType, s_otherType)),
        ("content-type-twice", "content-type twice", attributes => attributes.Add(attributes[0])),
        ("content-type-two-values", "content-type with two values", attributes => attributes[0] = new Attribute(CmsAttributes.ContentType, new DerSet(PkcsObjectIdentifiers.Data, s_otherType))),
        ("content-type-no-value", "content-type without a value", attributes => attributes[0] = new Attribute(CmsAttributes.ContentType, DerSet.Empty)),
        ("message-digest-missing", "no message-digest", attributes => attributes.RemoveAt(1)),
        ("message-digest-other", "another message-digest", attributes => attributes[1] = SignedDataForge.One(CmsAttributes.MessageDigest, new DerOctetString(new byte[32]))),
        ("message-digest-twice", "message-digest twice", attributes => attributes.Add(attributes[1])),
        ("message-digest-two-values", "message-digest with two values", attributes => attributes[1] = new Attribute(
            CmsAttributes.MessageDigest, new DerSet(attributes[1].AttrValues[0], new DerOctetString(new byte[32])))),
        ("message-digest-other-type", "message-digest of another type", attributes => attributes[1] = SignedDataForge.One(CmsAttributes.MessageDigest, DerNull.Instance)),
        ("signing-time-twice", "signing-time twice", attributes => attributes.Add(attributes[2])),
        ("signing-time-other-type", "a signing-time that is none", attributes => attributes[2] = SignedDataForge.One(CmsAttributes.SigningTime, new DerOctetString([1]))),
    ];

    private static readonly (string Id, string What, Action<List<Attribute>> Break)[] s_bindings =
    [
        ("protection-other-digest", "algorithm protection with another digest (RFC 6211)", attributes => attributes.Add(SignedDataForge.One(
            CmsAttributes.CmsAlgorithmProtect,
            new CmsAlgorithmProtection(new AlgorithmIdentifier(NistObjectIdentifiers.IdSha512), 1, new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha256))))),
        ("protection-other-signature", "algorithm protection with another signature algorithm (RFC 6211)", attributes => attributes.Add(SignedDataForge.One(
            CmsAttributes.CmsAlgorithmProtect,
            new CmsAlgorithmProtection(new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256), 1, new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha512))))),
        ("signing-certificate-other", "a signingCertificateV2 of another (RFC 5035)", attributes => attributes.Add(SignedDataForge.One(
            PkcsObjectIdentifiers.IdAASigningCertificateV2, new SigningCertificateV2(new EssCertIDv2(new byte[32]))))),
        ("signing-certificate-old-other", "a signingCertificate of another (RFC 2634)", attributes => attributes.Add(SignedDataForge.One(
            PkcsObjectIdentifiers.IdAASigningCertificate, new SigningCertificate(new EssCertID(new byte[20]))))),
    ];

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("signature.without-attributes", "a signature without signed attributes over id-data verifies", async module =>
            Expect.Valid(await JudgeAsync(module, new SignedDataForge { HasAttributes = false }), "the message")),
        new("signature.detached-with-content", "J1: a detached signature that also holds content is invalid", async module =>
        {
            var forge = new SignedDataForge();
            Expect.Valid(await module.VerifyDetachedAsync(forge.Content, new SignedDataForge { Attached = false }.Build(), CmsAlgorithmNames.Sha256), "the untouched signature");
            Expect.Validity(SignatureValidity.Invalid, await module.VerifyDetachedAsync(forge.Content, forge.Build(), CmsAlgorithmNames.Sha256), "the signature");
        }),
        new("signature.content-missing", "J1: a signature whose content is not there is invalid", async module =>
            await InvalidAsync(module, new SignedDataForge { Attached = false }, "the message")),
        new("signature.several-signers", "J2: each of several signers is judged by itself", SeveralAsync),
        new("signature.signers-over-limit", "J2: 16 signers are read, 1,000 are malformed or cost nothing", OverLimitAsync),
        new("signature.certificate-missing", "J3: a signer whose certificate is nowhere is told by its identifier", CertificateMissingAsync),
        new("signature.same-serial", "J3: certificates with one issuer and serial are each tried, carried or known", SameSerialAsync),
        new("signature.known-certificate", "J3: a certificate that is known and not carried is found", async module =>
        {
            (VerificationResult result, _) = await module.VerifyAsync(new SignedDataForge { Certificates = [] }.Build(), known: TestIdentities.P256.Certificate);
            Expect.Valid(result, "the message");
        }),
        .. s_attributes.Select(broken => new CryptoRule($"attributes.{broken.Id}", $"J6: with {broken.What} a signature is invalid", async module =>
            await InvalidAsync(module, new SignedDataForge { Attributes = broken.Break }, broken.What))),
        new("attributes.unsigned", "J6: an attribute that must be signed does not count unsigned", UnsignedAttributeAsync),
        new("attributes.other-type-without", "J6: content that is not id-data needs signed attributes", async module =>
        {
            Expect.Valid(await JudgeAsync(module, new SignedDataForge { ContentType = s_otherType }), "with attributes");
            await InvalidAsync(module, new SignedDataForge { HasAttributes = false, ContentType = s_otherType }, "without attributes");
        }),
        new("attributes.not-der", "J7: attributes that are not DER on the wire are digested as DER", NotDerAsync),
        new("signature.type-confusion", "J8: content that is the signed attributes of another message is invalid", ConfusionAsync),
        new("signature.digest-missing", "J9: a detached signature whose digest was not computed says so", async module =>
        {
            var forge = new SignedDataForge { Attached = false };
            Expect.Validity(
                SignatureValidity.DigestMissing, await module.VerifyDetachedAsync(forge.Content, forge.Build(), CmsAlgorithmNames.Sha512), "asked with another digest");
            Expect.Validity(SignatureValidity.DigestMissing, await module.VerifyDetachedAsync(forge.Content, forge.Build()), "asked with none");
        }),
        new("signature.digest-not-announced", "J9: a digest that digestAlgorithms does not name gives a result", async module =>
            Expect.Signer(await JudgeAsync(module, new SignedDataForge { Announced = [new AlgorithmIdentifier(NistObjectIdentifiers.IdSha512)] }), "the message")),
        new("signature.two-digests", "J9: content and attributes have one digest (RFC 8933 3)", async module =>
            await InvalidAsync(module, new SignedDataForge
            {
                Algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha512), AlgorithmName = "SHA-512withECDSA",
            }, "the message")),
        .. s_bindings.Select(broken => new CryptoRule($"attributes.{broken.Id}", $"J9: with {broken.What} a signature is invalid", async module =>
            await InvalidAsync(module, new SignedDataForge { Attributes = broken.Break }, broken.What))),
        new("signature.weak-digest", "J10: SHA-1 is named as such, so that policy can judge it", async module =>
        {
            SignerResult signer = Expect.Signer(await JudgeAsync(module, SignedDataForge.Of(CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.Sha1, TestIdentities.P256)), "the message");
            Expect.That(signer.Validity is SignatureValidity.Valid or SignatureValidity.Unsupported, $"the signer is {signer.Validity} ({signer.Reason})");
            Expect.That(signer.Validity == SignatureValidity.Unsupported || signer.Digest == CmsAlgorithmNames.Sha1, $"the result names {signer.Digest}");
        }),
        new("signature.forged-pkcs1", "J11: forged PKCS#1 v1.5 blocks are invalid (short padding, garbage, no DigestInfo)", ForgedPkcs1Async),
        new("signature.ecdsa-range", "J11: r or s of 0 or from the order on, and octets behind the value, are invalid", EcdsaRangeAsync),
        new("signature.ed25519-range", "J11: an Ed25519 S from the order on is invalid", Ed25519RangeAsync, s_ed25519),
        new("signature.other-key", "a signature made with another key than the certificate's is invalid", async module =>
        {
            CmsIdentity other = new(TestIdentities.P256.Certificate, TestIdentities.Make("other", TestIdentities.Ec(X9ObjectIdentifiers.Prime256v1)).PrivateKey);
            await InvalidAsync(module, new SignedDataForge { Signer = other }, "the message");
        }),
        new("signature.unsigned-attributes", "J13: unsigned attributes and countersignatures are ignored", async module =>
            Expect.Valid(await JudgeAsync(module, new SignedDataForge { Unsigned = Unsigned(100_000) }), "100,000 octets of unsigned attributes")),
        new("signature.unsigned-attributes-10mb", "J13: 10 MB of unsigned attributes are malformed", async module =>
            Expect.Malformed(await JudgeAsync(module, new SignedDataForge { Unsigned = Unsigned(10_000_000) }), "10 MB of unsigned attributes")),
        new("signature.certificates-only", "a message without signers gives its certificates", async module =>
        {
            byte[] message = new BerSequence(PkcsObjectIdentifiers.SignedData, new BerTaggedObject(0, new BerSequence(
                DerInteger.One, DerSet.Empty, new BerSequence(PkcsObjectIdentifiers.Data),
                new DerTaggedObject(false, 0, new DerSet(Asn1Object.FromByteArray(TestIdentities.P256.Certificate.Der.ToArray()))), DerSet.Empty))).GetEncoded();
            VerificationResult.Checked result = Expect.Checked((await module.VerifyAsync(message)).Result, "the message");
            Expect.That(result.Signers.Count == 0 && result.Certificates.SequenceEqual([TestIdentities.P256.Certificate]), "its certificate does not come out");
        }),
        new("signature.rsa-key-range", "X5: RSA keys out of range are never computed with", RsaKeyRangeAsync),
    ];

    private static DerSet Unsigned(int octets) => new(SignedDataForge.One(CmsAttributes.CounterSignature, new DerOctetString(new byte[octets])));

    private static async Task<VerificationResult> JudgeAsync(ModuleExchange module, SignedDataForge forge) => (await module.VerifyAsync(forge.Build())).Result;

    /// <summary>A forged signature does not verify, and an untouched one does, so that the reason is the right one.</summary>
    private static async Task InvalidAsync(ModuleExchange module, SignedDataForge forge, string what)
    {
        Expect.Valid(await JudgeAsync(module, new SignedDataForge()), "the untouched message");
        Expect.NotValid(await JudgeAsync(module, forge), what);
    }

    private static async Task SeveralAsync(ModuleExchange module)
    {
        var bad = new SignedDataForge { Signer = TestIdentities.Rsa, Algorithm = SignatureNames.Algorithm(CmsAlgorithmNames.RsaPkcs1, ""), Sign = _ => new byte[256] };
        var foreign = new SignedDataForge { Signer = TestIdentities.OtherRsa, Algorithm = SignatureNames.Algorithm(CmsAlgorithmNames.RsaPkcs1, ""), Sign = _ => new byte[256] };
        byte[] message = new SignedDataForge { Certificates = [TestIdentities.P256.Certificate, TestIdentities.Rsa.Certificate] }.Build(bad.BuildSigner(), foreign.BuildSigner());
        SignatureValidity[] found = [.. Expect.Checked((await module.VerifyAsync(message)).Result, "three signers").Signers.Select(signer => signer.Validity).Order()];
        Expect.That(
            found.SequenceEqual([SignatureValidity.Valid, SignatureValidity.Invalid, SignatureValidity.CertificateMissing]),
            $"one valid, one invalid and one unknown signer are {string.Join(", ", found)}");
    }

    private static async Task OverLimitAsync(ModuleExchange module)
    {
        SignerInfo one = new SignedDataForge().BuildSigner();
        VerificationResult.Checked allowed = Expect.Checked((await module.VerifyAsync(new SignedDataForge().Build([.. Enumerable.Repeat(one, 15)]))).Result, "16 signers");
        Expect.That(allowed.Signers.Count is 16 or 1 && allowed.Signers.All(signer => signer.Validity == SignatureValidity.Valid), "16 signers are not all valid");
        VerificationResult result = (await module.VerifyAsync(new SignedDataForge().Build([.. Enumerable.Repeat(one, 999)]))).Result;
        Expect.That(result is VerificationResult.Malformed or VerificationResult.Checked { Signers.Count: 1 }, "1,000 signers are each checked");
    }

    private static async Task CertificateMissingAsync(ModuleExchange module)
    {
        SignerResult signer = Expect.Validity(
            SignatureValidity.CertificateMissing, await JudgeAsync(module, new SignedDataForge { Certificates = [TestIdentities.Authority] }), "the message");
        Expect.That(signer.Certificate is null, "the result has a certificate");
        var structure = X509CertificateStructure.GetInstance(TestIdentities.P256.Certificate.Der.ToArray());
        Expect.That(signer.Identifier.Issuer.Span.SequenceEqual(structure.Issuer.GetDerEncoded()), "the identifier's issuer is not the DER of the Name");
        Expect.That(signer.Identifier.SerialNumber.Span.SequenceEqual(structure.SerialNumber.Value.ToByteArray()), "the identifier's serial is not the content of the INTEGER");
    }

    private static async Task SameSerialAsync(ModuleExchange module)
    {
        var serial = BigInteger.ValueOf(77);
        CmsIdentity one = TestIdentities.Make("one", TestIdentities.Ec(X9ObjectIdentifiers.Prime256v1), serial);
        CmsIdentity two = TestIdentities.Make("two", TestIdentities.Ec(X9ObjectIdentifiers.Prime256v1), serial);
        SignerResult carried = Expect.Valid(await JudgeAsync(module, new SignedDataForge { Signer = two, Certificates = [one.Certificate, two.Certificate] }), "both carried");
        Expect.That(two.Certificate.Equals(carried.Certificate), "the result names the other certificate");
        byte[] message = new SignedDataForge { Signer = two, Certificates = [one.Certificate] }.Build();
        Expect.Validity(SignatureValidity.Invalid, (await module.VerifyAsync(message)).Result, "only the other carried");
        SignerResult known = Expect.Valid((await module.VerifyAsync(message, known: two.Certificate)).Result, "the other carried, the right one known");
        Expect.That(two.Certificate.Equals(known.Certificate), "the result names the other certificate");
        Expect.Valid((await module.VerifyAsync(new SignedDataForge { Signer = two }.Build(), known: one.Certificate)).Result, "the right one carried, the other known");
    }

    private static async Task UnsignedAttributeAsync(ModuleExchange module)
    {
        Attribute digest = SignedDataForge.One(CmsAttributes.MessageDigest, new DerOctetString(new SignedDataForge().ContentDigest()));
        await InvalidAsync(module, new SignedDataForge { Unsigned = new DerSet(digest), Attributes = attributes => attributes.RemoveAt(1) }, "message-digest unsigned only");
    }

    private static async Task NotDerAsync(ModuleExchange module)
    {
        foreach ((string what, Func<Asn1Set, Asn1Set> onWire) in new (string, Func<Asn1Set, Asn1Set>)[]
            {
                ("in another order", set => new DLSet(set.Reverse().ToArray())),
                ("of indefinite length", set => new BerSet(set.ToArray())),
                ("each of indefinite length", set => new BerSet(set.Reverse().Select(attribute => (Asn1Encodable)new BerSequence(Asn1Sequence.GetInstance(attribute).ToArray())).ToArray())),
            })
            Expect.Valid(await JudgeAsync(module, new SignedDataForge { OnWire = onWire }), what);
        await InvalidAsync(module, new SignedDataForge { OnWire = set => new DLSet(set[0], set[1]) }, "one attribute taken away");
    }

    private static async Task ConfusionAsync(ModuleExchange module)
    {
        SignerInfo info = new SignedDataForge().BuildSigner();
        byte[] attributes = info.SignedAttrs.GetDerEncoded();
        await InvalidAsync(module, new SignedDataForge { Content = attributes, HasAttributes = false, Sign = _ => info.Signature.GetOctets() }, "the attributes as content");
        var detached = new SignedDataForge { Content = attributes, HasAttributes = false, Attached = false };
        Expect.NotValid(await module.VerifyDetachedAsync(attributes, detached.Build(), CmsAlgorithmNames.Sha256), "the attributes as detached content");
    }

    private static async Task ForgedPkcs1Async(ModuleExchange module)
    {
        foreach ((string what, int padding, bool parameters, bool info) in new[]
            { ("garbage behind a short padding", 8, false, true), ("garbage within the parameters", -1, true, true), ("the digest alone", -1, false, false) })
        {
            await InvalidAsync(module, RsaForge(signed => ForgeBlock(signed, padding, parameters, info)), what);
        }
        Expect.Valid(await JudgeAsync(module, RsaForge(signed => ForgeBlock(signed, -1, parameters: false, info: true))), "the right block");
        await InvalidAsync(module, RsaForge(_ => []), "an empty value");
        await InvalidAsync(module, RsaForge(_ => [.. Enumerable.Repeat((byte)0xFF, 256)]), "a value over the modulus");
    }

    private static byte[] ForgeBlock(byte[] signed, int padding, bool parameters, bool info)
    {
        var rsa = new RsaEngine();
        rsa.Init(true, TestIdentities.KeyOf(TestIdentities.Rsa));
        byte[] block = Block(signed, padding, parameters, info);
        return rsa.ProcessBlock(block, 0, block.Length);
    }

    private static byte[] Block(byte[] signed, int padding, bool parameters, bool info)
    {
        byte[] digest = DigestUtilities.CalculateDigest("SHA-256", signed);
        var algorithm = new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256, parameters ? new DerOctetString(new byte[20]) : DerNull.Instance);
        byte[] encoded = info ? new DigestInfo(algorithm, digest).GetDerEncoded() : digest;
        byte[] block = new byte[256];
        int fill = padding > 0 ? padding : 256 - 3 - encoded.Length;
        block[1] = 1;
        block.AsSpan(2, fill).Fill(0xFF);
        encoded.CopyTo(block, fill + 3);
        return block;
    }

    private static SignedDataForge RsaForge(Func<byte[], byte[]> sign) => new()
    {
        Signer = TestIdentities.Rsa,
        Algorithm = SignatureNames.Algorithm(CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.Sha256),
        Sign = sign,
    };

    private static async Task EcdsaRangeAsync(ModuleExchange module)
    {
        BigInteger order = ((ECPrivateKeyParameters)TestIdentities.KeyOf(TestIdentities.P256)).Parameters.N;
        foreach ((BigInteger r, BigInteger s) in new[]
            {
                (BigInteger.Zero, BigInteger.Zero), (BigInteger.One, BigInteger.Zero), (BigInteger.Zero, BigInteger.One),
                (order, BigInteger.One), (BigInteger.One, order), (BigInteger.One.Negate(), BigInteger.One),
            })
        {
            byte[] value = new DerSequence(new DerInteger(r), new DerInteger(s)).GetDerEncoded();
            await InvalidAsync(module, new SignedDataForge { Sign = _ => value }, $"r {r.BitLength} and s {s.BitLength} bits");
        }
        var forge = new SignedDataForge();
        await InvalidAsync(module, new SignedDataForge { Sign = signed => [.. forge.Signature(signed), 0] }, "an octet behind the value");
        await InvalidAsync(module, new SignedDataForge { Sign = _ => [] }, "an empty value");
    }

    private static async Task Ed25519RangeAsync(ModuleExchange module)
    {
        var order = new BigInteger("7237005577332262213973186563042994240857116359379907606001950938285454250989");
        SignedDataForge good = SignedDataForge.Of(CmsAlgorithmNames.Ed25519, CmsAlgorithmNames.Sha512, TestIdentities.Ed25519);
        var forge = new SignedDataForge
        {
            Signer = good.Signer,
            Announced = good.Announced,
            Digest = good.Digest,
            Algorithm = good.Algorithm,
            AlgorithmName = good.AlgorithmName,
            Sign = signed =>
            {
                byte[] value = good.Signature(signed);
                byte[] added = new BigInteger(1, [.. value[32..].Reverse()]).Add(order).ToByteArrayUnsigned();
                value.AsSpan(32).Clear();
                for (int i = 0; i < added.Length; i++)
                    value[32 + i] = added[added.Length - 1 - i];
                return value;
            },
        };
        await InvalidAsync(module, forge, "the order added to S");
    }

    private static async Task RsaKeyRangeAsync(ModuleExchange module)
    {
        foreach ((int bits, int exponent) in new[] { (512, 65537), (16392, 65537), (2048, 1), (2048, 4), (2048, -1) })
        {
            BigInteger modulus = BigInteger.One.ShiftLeft(bits - 1).Add(BigInteger.ValueOf(0x10001));
            BigInteger power = exponent > 0 ? BigInteger.ValueOf(exponent) : BigInteger.One.ShiftLeft(65).Add(BigInteger.One);
            EncodedCertificate certificate = TestIdentities.Certify("bad", new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance), new RsaPublicKeyStructure(modulus, power).GetDerEncoded()));
            // With the exponent 1 the right block is its own signature.
            var forge = new SignedDataForge
            {
                Signer = new CmsIdentity(certificate, new Pkcs8PrivateKey(default)),
                Algorithm = SignatureNames.Algorithm(CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.Sha256),
                Sign = signed => exponent == 1 ? Block(signed, -1, parameters: false, info: true) : new byte[bits / 8],
            };
            Expect.Validity(SignatureValidity.Unsupported, await JudgeAsync(module, forge), $"{bits} bits, exponent {power}");
        }
    }
}
