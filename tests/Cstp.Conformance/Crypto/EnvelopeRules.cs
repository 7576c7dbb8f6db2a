using System.Diagnostics;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Running;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Oiw;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.Conformance.Crypto;

/// <summary>Hostile encryption: rows E of the catalogue of hostile inputs.</summary>
internal static class EnvelopeRules
{
    private static readonly AlgorithmIdentifier s_rsa = new(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance);
    private static readonly Ability s_x25519 = new(AbilityKind.KeyManagement, CmsAlgorithmNames.X25519);

    private static readonly DerSet s_attributes = new(
        SignedDataForge.One(CmsAttributes.ContentType, PkcsObjectIdentifiers.Data),
        SignedDataForge.One(CmsAttributes.SigningTime, new DerUtcTime(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), 2049)));

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("envelope.one-outcome", "E1: wrong padding, key length, key wrap or algorithm after a match is Failed, always", OneOutcomeAsync),
        new("envelope.rsa-padding", "E1: RSA padding that is wrong does the same work as a wrong content key (RFC 3218 2.3.2)", RsaPaddingAsync),
        new("envelope.gcm-tag", "E1: a wrong tag fails", module => FailsAsync(module, new EnvelopedDataForge { AttributesOnWire = s_attributes }, "another tag")),
        new("envelope.cbc-padding", "E1: wrong CBC padding, part of a block and no block at all fail", CbcPaddingAsync),
        new("envelope.authenticated-attributes", "authenticated attributes behind the ciphertext are authenticated (RFC 5083 2.2)", AttributesAsync),
        new("envelope.other-type-without", "content that is not id-data needs authenticated attributes (RFC 5083 2.1)", module =>
            FailsAsync(module, new EnvelopedDataForge { ContentType = PkcsObjectIdentifiers.SignedData }, "without attributes")),
        new("envelope.tag-length", "E4: a tag under 12 octets, or of another length than announced, fails", TagLengthAsync),
        new("envelope.nonce", "E4: an empty or huge nonce, or no parameters, fail", NonceAsync),
        new("envelope.ten-thousand-recipients", "E6: 10,000 recipients of others take no time, and are counted or failed", ManyRecipientsAsync),
        new("envelope.all-ours", "E6: RecipientInfos that all name our key cost a bounded number of tries", AllOursAsync),
        new("envelope.second-of-ours", "E6: a key that opens is found behind others of ours that do not", SecondOfOursAsync),
        new("envelope.no-recipient", "E7: a message without recipients opens nothing", NoRecipientAsync),
        new("envelope.recipient-of-no-kind", "B6: a RecipientInfo of a kind that does not exist is an error", module =>
            FailsAsync(module, new EnvelopedDataForge { Recipients = [new DerTaggedObject(false, 5, DerSequence.Empty)] }, "the tag 5")),
        new("envelope.password-recipient", "E7: recipients by password (of 10^9 iterations) or shared key are never tried", PasswordAsync),
        new("envelope.point-off-curve", "E8: a point off the curve fails", module => PointAsync(module, TestIdentities.P256, X9ObjectIdentifiers.IdECPublicKey, null, [4, .. new byte[64]])),
        new("envelope.point-at-infinity", "E8: the point at infinity fails", module => PointAsync(module, TestIdentities.P256, X9ObjectIdentifiers.IdECPublicKey, null, [0])),
        new("envelope.point-short", "E8: a point of too few octets fails", module => PointAsync(module, TestIdentities.P256, X9ObjectIdentifiers.IdECPublicKey, null, [4, .. new byte[39]])),
        new("envelope.point-other-curve", "E8: a point that claims another curve fails", module =>
            PointAsync(module, TestIdentities.P256, X9ObjectIdentifiers.IdECPublicKey, SecObjectIdentifiers.SecP384r1, [4, .. new byte[64]])),
        new("envelope.point-explicit", "E8: explicit curve parameters fail", module =>
            PointAsync(module, TestIdentities.P256, X9ObjectIdentifiers.IdECPublicKey, ECNamedCurveTable.GetByName("P-256"), [4, .. new byte[64]])),
        new("envelope.x25519-zero", "E8: an X25519 result of zero fails (RFC 8418 2)", module => PointAsync(module, TestIdentities.X25519, EdECObjectIdentifiers.id_X25519, null, new byte[32]), s_x25519),
        new("envelope.x25519-short", "E8: an X25519 key of too few octets fails", module => PointAsync(module, TestIdentities.X25519, EdECObjectIdentifiers.id_X25519, null, new byte[31]), s_x25519),
        new("envelope.unknown-cipher", "E9: RC2, DES and unknown ciphers fail and write nothing", UnknownCipherAsync),
        new("envelope.triple-des-off", "E9: Triple DES is not read unless it is switched on", async module =>
        {
            (DecryptionResult result, byte[] output) = await module.DecryptAsync(TripleDes(), TestIdentities.Rsa);
            Expect.Failed(result, "Triple DES");
            Expect.That(output.Length == 0, $"{output.Length} octets were written");
        }),
        new("envelope.triple-des-on", "E9: Triple DES opens where it is switched on", async module =>
        {
            (DecryptionResult result, byte[] output) = await module.DecryptAsync(TripleDes(), new DecryptionRequest([TestIdentities.Rsa], AllowTripleDes: true));
            if (result is DecryptionResult.Failed)
                throw new NotSupported("it does not read Triple DES");
            Expect.That(Expect.Decrypted(result, "Triple DES").ContentEncryption == CmsAlgorithmNames.TripleDesCbc, "the result names another cipher");
            Expect.Same(Octets.Of(100), output, "Triple DES");
        }),
        new("envelope.wrong-type", "signed data is no encrypted message, and the other way round", async module =>
        {
            Expect.Failed((await module.DecryptAsync(new SignedDataForge().Build(), TestIdentities.Rsa)).Result, "signed data");
            Expect.Malformed((await module.VerifyAsync(new EnvelopedDataForge().Build())).Result, "encrypted data");
        }),
    ];

    private static Task<(DecryptionResult Result, byte[] Output)> OpenAsync(ModuleExchange module, EnvelopedDataForge forge) =>
        s_x25519.IsIn(module.Module.Capabilities)
            ? module.DecryptAsync(forge.Build(), TestIdentities.Rsa, TestIdentities.P256, TestIdentities.X25519)
            : module.DecryptAsync(forge.Build(), TestIdentities.Rsa, TestIdentities.P256);

    /// <summary>A forged message fails, and an untouched one opens, so that the reason is the right one.</summary>
    private static async Task FailsAsync(ModuleExchange module, EnvelopedDataForge forge, string what)
    {
        if (module.IsDue(forge.Cipher))
        {
            var untouched = new EnvelopedDataForge { Cipher = forge.Cipher };
            (DecryptionResult result, byte[] output) = await OpenAsync(module, untouched);
            Expect.Decrypted(result, "the untouched message");
            Expect.Same(untouched.Content, output, "the untouched message");
        }
        Expect.Failed((await OpenAsync(module, forge)).Result, what);
    }

    private static Asn1Encodable Bad() =>
        RecipientForge.Transport(TestIdentities.Rsa, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsaesOaep, DerSequence.Empty), Octets.Of(256));

    private static async Task OneOutcomeAsync(ModuleExchange module)
    {
        byte[] wrapped = new byte[24];
        var point = new OriginatorPublicKey(
            KeyAgreement.PublicKeyAlgorithm(CmsAlgorithmNames.EcdhP256), X509CertificateStructure.GetInstance(TestIdentities.P256.Certificate.Der.ToArray()).SubjectPublicKeyInfo.PublicKey.GetBytes());
        var wrap = new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Wrap);
        foreach ((string what, Asn1Encodable recipient) in new[]
            {
                ("v1.5, a value of 0", RecipientForge.Transport(TestIdentities.Rsa, s_rsa, new byte[256])),
                ("v1.5, too short", RecipientForge.Transport(TestIdentities.Rsa, s_rsa, Octets.Of(255))),
                ("v1.5, much too short", RecipientForge.Transport(TestIdentities.Rsa, s_rsa, Octets.Of(10))),
                ("v1.5, empty", RecipientForge.Transport(TestIdentities.Rsa, s_rsa, [])),
                ("v1.5, over the modulus", RecipientForge.Transport(TestIdentities.Rsa, s_rsa, [.. Enumerable.Repeat((byte)0xFF, 256)])),
                ("v1.5, too long", RecipientForge.Transport(TestIdentities.Rsa, s_rsa, new byte[1000])),
                ("v1.5, a content key of another length", RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa, Octets.Of(32))),
                ("v1.5, another content key", RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa, new byte[16])),
                ("OAEP, random", Bad()),
                ("OAEP, parameters that are none", RecipientForge.Transport(TestIdentities.Rsa, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsaesOaep, DerNull.Instance), Octets.Of(256))),
                ("a cipher instead of key transport", RecipientForge.Transport(TestIdentities.Rsa, new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Cbc), Octets.Of(256))),
                ("RSA key transport for an EC key", RecipientForge.Transport(TestIdentities.P256, s_rsa, Octets.Of(256))),
                ("agreement for an RSA key", RecipientForge.Agreement(TestIdentities.Rsa, point, new AlgorithmIdentifier(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, wrap), wrapped)),
                ("agreement, wrong key unwrap", RecipientForge.Agreement(TestIdentities.P256, point, new AlgorithmIdentifier(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, wrap), wrapped)),
                ("agreement, nothing to unwrap", RecipientForge.Agreement(TestIdentities.P256, point, new AlgorithmIdentifier(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, wrap), [])),
                ("agreement, unknown key wrap", RecipientForge.Agreement(TestIdentities.P256, point, new AlgorithmIdentifier(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, s_rsa), wrapped)),
                ("agreement, no key wrap", RecipientForge.Agreement(TestIdentities.P256, point, new AlgorithmIdentifier(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme), wrapped)),
                ("agreement, unknown scheme", RecipientForge.Agreement(TestIdentities.P256, point, s_rsa, wrapped)),
            })
        {
            await FailsAsync(module, new EnvelopedDataForge { Recipients = [recipient] }, what);
            await FailsAsync(module, new EnvelopedDataForge { Cipher = ContentCipher.Aes128Cbc, Recipients = [recipient], Ciphertext = _ => Octets.Of(1000) }, what + ", CBC");
        }
    }

    private static async Task RsaPaddingAsync(ModuleExchange module)
    {
        byte[] content = Octets.Of(10_000);
        async Task<int> WrittenAsync(Asn1Encodable recipient)
        {
            (DecryptionResult result, byte[] output) = await OpenAsync(module, new EnvelopedDataForge { Content = content, Recipients = [recipient] });
            Expect.Failed(result, "the message");
            return output.Length;
        }
        int wrongPadding = await WrittenAsync(RecipientForge.Transport(TestIdentities.Rsa, s_rsa, Octets.Of(256)));
        int wrongKey = await WrittenAsync(RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa, new byte[16]));
        Expect.That(wrongPadding == wrongKey, $"wrong padding writes {wrongPadding} octets, a wrong key {wrongKey}");
    }

    private static async Task CbcPaddingAsync(ModuleExchange module)
    {
        EnvelopedDataForge Cbc(Func<byte[], byte[]> ciphertext) => new() { Cipher = ContentCipher.Aes128Cbc, Ciphertext = ciphertext };
        Expect.Decrypted((await OpenAsync(module, Cbc(octets => octets))).Result, "the untouched message");
        await FailsAsync(module, Cbc(octets => octets[..^1]), "one octet less");
        await FailsAsync(module, Cbc(octets => [.. octets, 0]), "one octet more");
        await FailsAsync(module, Cbc(_ => []), "no block");
        await FailsAsync(module, Cbc(octets => octets[..15]), "part of a block");
        // 100 octets of content: the last block is 4 of content and 12 of padding, and its predecessor's bits flip into it.
        await FailsAsync(module, Cbc(octets => [.. octets[..^17], (byte)(octets[^17] ^ 0x0C), .. octets[^16..]]), "padding that ends in 0");
        await FailsAsync(module, Cbc(octets => [.. octets[..^17], (byte)(octets[^17] ^ 0x1C), .. octets[^16..]]), "padding longer than a block");
        await FailsAsync(module, Cbc(octets => [.. octets[..^20], (byte)(octets[^20] ^ 1), .. octets[^19..]]), "padding of several values");
    }

    private static async Task AttributesAsync(ModuleExchange module)
    {
        foreach (int length in new[] { 0, 1, 16, 100, 1_000_000 })
        {
            byte[] content = Octets.Of(length);
            (DecryptionResult result, byte[] output) = await OpenAsync(module, new EnvelopedDataForge { Content = content, Attributes = s_attributes });
            Expect.That(Expect.Decrypted(result, $"{length} octets").Authenticated, "the result is not authenticated");
            Expect.Same(content, output, $"{length} octets");
            await FailsAsync(module, new EnvelopedDataForge { Content = content, Attributes = s_attributes, AttributesOnWire = new DerSet(s_attributes[0]) }, "an attribute taken away");
            await FailsAsync(module, new EnvelopedDataForge { Content = content, AttributesOnWire = s_attributes }, "attributes added");
        }
        var notDer = new EnvelopedDataForge { Attributes = s_attributes, AttributesOnWire = new DLSet(s_attributes.Reverse().ToArray()) };
        Expect.Decrypted((await OpenAsync(module, notDer)).Result, "attributes that are not DER on the wire");
    }

    private static async Task TagLengthAsync(ModuleExchange module)
    {
        foreach ((int tag, int? announced) in new (int, int?)[] { (8, 8), (12, 16), (16, 12), (16, null), (16, 17), (16, -1), (16, 0) })
            await FailsAsync(module, new EnvelopedDataForge { Tag = tag, AnnouncedTag = announced }, $"{tag} octets, announced {announced}");
        foreach ((int tag, int? announced) in new (int, int?)[] { (12, null), (15, 15) })
            Expect.Decrypted((await OpenAsync(module, new EnvelopedDataForge { Tag = tag, AnnouncedTag = announced })).Result, $"{tag} octets, announced {announced}");
    }

    private static async Task NonceAsync(ModuleExchange module)
    {
        await FailsAsync(module, new EnvelopedDataForge { Nonce = [] }, "no octet of nonce");
        await FailsAsync(module, new EnvelopedDataForge { Nonce = new byte[100_000] }, "100,000 octets of nonce");
        await FailsAsync(module, new EnvelopedDataForge { Parameters = DerNull.Instance }, "NULL as parameters");
        await FailsAsync(module, new EnvelopedDataForge { Parameters = DerSequence.Empty }, "empty parameters");
        foreach (int length in new[] { 0, 8, 15, 17, 100_000 })
            await FailsAsync(module, new EnvelopedDataForge { Cipher = ContentCipher.Aes128Cbc, Parameters = new DerOctetString(new byte[length]) }, $"a CBC vector of {length} octets");
        await FailsAsync(module, new EnvelopedDataForge { Cipher = ContentCipher.Aes128Cbc, Parameters = DerNull.Instance }, "CBC with NULL as parameters");
    }

    private static async Task ManyRecipientsAsync(ModuleExchange module)
    {
        Asn1Encodable other = RecipientForge.Transport(TestIdentities.OtherRsa, s_rsa, Octets.Of(256));
        var clock = Stopwatch.StartNew();
        DecryptionResult result = (await OpenAsync(module, new EnvelopedDataForge { Recipients = [.. Enumerable.Repeat(other, 10_000)] })).Result;
        Expect.That(result is DecryptionResult.Failed or DecryptionResult.NoMatchingKey { Recipients: 10_000 }, $"{result}");
        Expect.That(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed.TotalSeconds:0} s");
        Asn1Encodable[] hundred = [.. Enumerable.Repeat(other, 100), RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa, Octets.Of(16))];
        Expect.Decrypted((await OpenAsync(module, new EnvelopedDataForge { Recipients = hundred })).Result, "ours behind 100 others");
    }

    private static async Task AllOursAsync(ModuleExchange module)
    {
        var clock = Stopwatch.StartNew();
        await FailsAsync(module, new EnvelopedDataForge { Recipients = [.. Enumerable.Repeat(Bad(), 1999)] }, "1,999 that name our key");
        Expect.That(clock.Elapsed < TimeSpan.FromSeconds(5), $"1,999 RecipientInfos that name our key take {clock.Elapsed.TotalSeconds:0} s");
    }

    private static async Task SecondOfOursAsync(ModuleExchange module)
    {
        Asn1Encodable good = RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa, Octets.Of(16));
        (DecryptionResult result, byte[] output) = await OpenAsync(module, new EnvelopedDataForge { Recipients = [Bad(), Bad(), Bad(), good] });
        Expect.Decrypted(result, "the fourth");
        Expect.Same(Octets.Of(100), output, "the fourth");
    }

    private static async Task NoRecipientAsync(ModuleExchange module)
    {
        foreach (ContentCipher cipher in new[] { ContentCipher.Aes128Gcm, ContentCipher.Aes128Cbc })
        {
            (DecryptionResult result, byte[] output) = await OpenAsync(module, new EnvelopedDataForge { Cipher = cipher, Recipients = [] });
            Expect.That(result is DecryptionResult.Failed or DecryptionResult.NoMatchingKey, $"{result}");
            Expect.That(output.Length == 0, $"{output.Length} octets were written");
        }
    }

    private static async Task PasswordAsync(ModuleExchange module)
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
        var clock = Stopwatch.StartNew();
        (DecryptionResult result, byte[] output) = await OpenAsync(module, new EnvelopedDataForge { Recipients = others });
        Expect.That(result.Equals(new DecryptionResult.NoMatchingKey(CmsAlgorithmNames.Aes128Gcm, 3)), $"{result}");
        Expect.That(output.Length == 0, $"{output.Length} octets were written");
        Expect.That(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed.TotalSeconds:0} s");
    }

    private static async Task PointAsync(ModuleExchange module, CmsIdentity recipient, DerObjectIdentifier algorithm, Asn1Encodable? parameters, byte[] point)
    {
        string how = recipient == TestIdentities.X25519 ? CmsAlgorithmNames.X25519 : CmsAlgorithmNames.EcdhP256;
        Expect.Decrypted((await OpenAsync(module, EnvelopedDataForge.Of(ContentCipher.Aes128Gcm, how, recipient))).Result, "the untouched message");
        var originator = new OriginatorPublicKey(new AlgorithmIdentifier(algorithm, parameters), point);
        var scheme = new AlgorithmIdentifier(KeyAgreement.Scheme(how), new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Wrap));
        await FailsAsync(module, new EnvelopedDataForge { Recipients = [RecipientForge.Agreement(recipient, originator, scheme, new byte[24])] }, "the point");
    }

    private static async Task UnknownCipherAsync(ModuleExchange module)
    {
        foreach (DerObjectIdentifier cipher in new[] { PkcsObjectIdentifiers.RC2Cbc, OiwObjectIdentifiers.DesCbc, new DerObjectIdentifier("1.2.3.4.5"), NistObjectIdentifiers.IdAes128Ecb })
        {
            (DecryptionResult result, byte[] output) = await OpenAsync(module, new EnvelopedDataForge { Cipher = ContentCipher.Aes128Cbc, Algorithm = cipher });
            Expect.Failed(result, $"{cipher}");
            Expect.That(output.Length == 0, $"{cipher}: {output.Length} octets were written");
        }
        await FailsAsync(module, new EnvelopedDataForge { Algorithm = NistObjectIdentifiers.IdAes128Cbc }, "CBC within AuthEnvelopedData");
        await FailsAsync(module, new EnvelopedDataForge { Cipher = ContentCipher.Aes128Cbc, Algorithm = NistObjectIdentifiers.IdAes128Gcm }, "GCM within EnvelopedData");
    }

    private static byte[] TripleDes()
    {
        byte[] key = Octets.Of(24), vector = Octets.Of(8);
        DesParameters.SetOddParity(key);
        var cipher = new PaddedBufferedBlockCipher(new CbcBlockCipher(new DesEdeEngine()), new Pkcs7Padding());
        cipher.Init(true, new ParametersWithIV(new DesEdeParameters(key), vector));
        byte[] encrypted = cipher.DoFinal(Octets.Of(100));
        return new EnvelopedDataForge
        {
            Cipher = ContentCipher.Aes128Cbc,
            Algorithm = PkcsObjectIdentifiers.DesEde3Cbc,
            Parameters = new DerOctetString(vector),
            Ciphertext = _ => encrypted,
            Recipients = [RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa, key)],
        }.Build();
    }
}
