using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Reading;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Conformance.Crypto;

/// <summary>KEMRecipientInfo with ML-KEM (RFC 9629, RFC 9936): its variants, what is wrong with it, and the forms of its keys.</summary>
internal static class MlKemRules
{
    private static readonly byte[] s_content = Octets.Of(3000);
    private static readonly byte[] s_key = Octets.Of(16);
    private static readonly AlgorithmIdentifier s_rsa = new(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance);
    private static readonly Ability s_ability = new(AbilityKind.KeyManagement, CmsAlgorithmNames.MlKem768);
    private static readonly Ability s_other = new(AbilityKind.KeyManagement, CmsAlgorithmNames.MlKem512);

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("ml-kem.key-forms", "a key opens as a seed, expanded, and as both (RFC 9935 6)", KeyFormsAsync, s_ability),
        new("ml-kem.key-of-another-form", "a key whose seed and expanded form are not one key's is refused, or opens nothing (RFC 9935 8)", KeyTornAsync, s_ability),
        new("ml-kem.by-key-identifier", "a recipient that is named by its key identifier opens", module => OpensAsync(module, new(TestIdentities.MlKem768, s_key) { ByKeyIdentifier = true }), s_ability),
        new("ml-kem.user-keying-material", "user keying material goes into the derivation (RFC 9629 5)", async module =>
        {
            await OpensAsync(module, new(TestIdentities.MlKem768, s_key) { Material = Octets.Of(24) });
            await OpensAsync(module, new(TestIdentities.MlKem768, s_key) { Material = [] });
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Material = Octets.Of(24), MaterialOnWire = new byte[24] }, "other material");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { MaterialOnWire = Octets.Of(24) }, "material added");
        }, s_ability),
        new("ml-kem.any-wrap", "either AES key wrap opens, whatever the parameter set", async module =>
        {
            await OpensAsync(module, new(TestIdentities.MlKem768, s_key) { KekLength = 16, Wrap = new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Wrap) });
            await OpensAsync(module, new(TestIdentities.ByName(CmsAlgorithmNames.MlKem512), s_key));
        }, s_ability, s_other),
        new("ml-kem.ciphertext", "an encapsulated secret with a bit changed, an octet more, one less, or none fails", async module =>
        {
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Ciphertext = octets => [(byte)(octets[0] ^ 1), .. octets[1..]] }, "a bit of the first octet");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Ciphertext = octets => [.. octets[..^1], (byte)(octets[^1] ^ 1)] }, "a bit of the last octet");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Ciphertext = octets => [.. octets, 0] }, "an octet more");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Ciphertext = octets => octets[..^1] }, "an octet less");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Ciphertext = _ => [] }, "no octets");
        }, s_ability),
        new("ml-kem.wrapped-key", "a wrapped content key that is damaged, short, empty or of another length fails", async module =>
        {
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { EncryptedKey = octets => [(byte)(octets[0] ^ 1), .. octets[1..]] }, "a bit changed");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { EncryptedKey = octets => octets[..^1] }, "an octet less");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { EncryptedKey = _ => [] }, "no octets");
            await FailsAsync(module, new(TestIdentities.MlKem768, Octets.Of(32)), "a content key of another length");
        }, s_ability),
        new("ml-kem.other-algorithms", "an unknown derivation or wrap, or the identifier of another encapsulation, fails", async module =>
        {
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Kem = new AlgorithmIdentifier(NistObjectIdentifiers.id_alg_ml_kem_512) }, "ML-KEM-512 for a key of ML-KEM-768");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Kem = s_rsa }, "RSA for a key of ML-KEM");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Kdf = new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256) }, "a digest instead of a derivation");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Wrap = s_rsa }, "RSA instead of a wrap");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { Wrap = new AlgorithmIdentifier(PkcsObjectIdentifiers.IdAlgCms3DesWrap), KekLength = 24 }, "Triple DES key wrap");
        }, s_ability),
        new("ml-kem.kek-length", "a kekLength that is not that of the wrap's key fails (RFC 9936 2.2.1)", async module =>
        {
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { KekLength = 16 }, "16 octets for AES-256 key wrap");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { KekLengthOnWire = 24 }, "24 octets said");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { KekLengthOnWire = 0 }, "no octets said");
            await FailsAsync(module, new(TestIdentities.MlKem768, s_key) { KekLengthOnWire = 1_000_000_000 }, "a billion octets said");
        }, s_ability),
        new("ml-kem.for-another-kind", "a KEMRecipientInfo that names a key of another kind fails", module =>
            RecipientFailsAsync(module, EncapsulatedFor(TestIdentities.P256), "P-256"), s_ability),
        new("ml-kem.transport", "key transport that names a key of ML-KEM fails", module =>
            RecipientFailsAsync(module, RecipientForge.Transport(TestIdentities.MlKem768, s_rsa, Octets.Of(256)), "RSA key transport"), s_ability),
        new("ml-kem.unknown-recipient-kind", "an OtherRecipientInfo of an unknown kind is passed over", async module =>
        {
            var unknown = new DerTaggedObject(false, 4, new DerSequence(new DerObjectIdentifier("1.3.6.1.4.1.55555.1"), new DerOctetString([1, 2, 3])));
            var forge = new EnvelopedDataForge { Content = s_content, Recipients = [unknown, KemForge.Of(CmsAlgorithmNames.MlKem768, TestIdentities.MlKem768, s_key).Build()] };
            (DecryptionResult result, byte[] output) = await module.DecryptAsync(forge.Build(), TestIdentities.MlKem768);
            Expect.Decrypted(result, "the message");
            Expect.Same(s_content, output, "the message");
            Expect.That((await module.DecryptAsync(forge.Build(), TestIdentities.P256)).Result is DecryptionResult.NoMatchingKey { Recipients: 2 }, "two recipients are not counted as two");
        }, s_ability),
        new("ml-kem.other-key", "a key of ML-KEM that is not named opens nothing, and the named certificate with the key of another neither", OtherKeyAsync, s_ability),
        new("ml-kem.mixed", "each of several recipients with keys of three kinds can open, and nobody else", MixedAsync, s_ability),
    ];

    private static EnvelopedDataForge Envelope(Asn1Encodable recipient) => new() { Content = s_content, Recipients = [recipient] };

    private static async Task OpensAsync(ModuleExchange module, KemForge forge, CmsIdentity? identity = null)
    {
        CmsIdentity[] keys = identity is not null ? [identity] : [TestIdentities.MlKem768, TestIdentities.ByName(CmsAlgorithmNames.MlKem512)];
        (DecryptionResult result, byte[] output) = await module.DecryptAsync(Envelope(forge.Build()).Build(), keys);
        Expect.Decrypted(result, "the message");
        Expect.Same(s_content, output, "the message");
    }

    private static Task FailsAsync(ModuleExchange module, KemForge forge, string what) => RecipientFailsAsync(module, forge.Build(), what);

    private static async Task RecipientFailsAsync(ModuleExchange module, Asn1Encodable recipient, string what)
    {
        if (module.IsDue("untouched"))
            await OpensAsync(module, new(TestIdentities.MlKem768, s_key), TestIdentities.MlKem768);
        Expect.Failed((await module.DecryptAsync(Envelope(recipient).Build(), TestIdentities.MlKem768, TestIdentities.P256)).Result, what);
    }

    /// <summary>A right one, but for the name of its recipient.</summary>
    private static DerTaggedObject EncapsulatedFor(CmsIdentity named)
    {
        Asn1Sequence other = Asn1Sequence.GetInstance(((DerTaggedObject)new KemForge(TestIdentities.MlKem768, s_key).Build()).GetBaseObject());
        Asn1Encodable[] fields = Asn1Sequence.GetInstance(other[1]).ToArray();
        fields[1] = new Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber(X509CertificateStructure.GetInstance(named.Certificate.Der.ToArray()));
        return new DerTaggedObject(false, 4, new DerSequence(CmsObjectIdentifiers.id_ori_kem, new DerSequence(fields)));
    }

    private static async Task KeyFormsAsync(ModuleExchange module)
    {
        foreach ((_, CmsIdentity identity) in TestIdentities.Forms(TestIdentities.MlKem768))
            await OpensAsync(module, new(TestIdentities.MlKem768, s_key), identity);
    }

    private static async Task KeyTornAsync(ModuleExchange module)
    {
        CmsIdentity both = TestIdentities.Forms(TestIdentities.MlKem768).Last().Identity;
        byte[] torn = ((Pkcs8PrivateKey)both.PrivateKey).Der.ToArray();
        torn[^1] ^= 1;   // the last octet of the expanded form is of its secret for implicit rejection
        try
        {
            Expect.Failed((await module.DecryptAsync(
                Envelope(new KemForge(TestIdentities.MlKem768, s_key).Build()).Build(), both with { PrivateKey = new Pkcs8PrivateKey(torn) })).Result, "the torn key");
        }
        catch (CmsKeyException)
        {
            // That the two do not fit may be seen before either is used.
        }
    }

    private static async Task OtherKeyAsync(ModuleExchange module)
    {
        byte[] message = Envelope(new KemForge(TestIdentities.MlKem768, s_key).Build()).Build();
        CmsIdentity other = TestIdentities.ByName(CmsAlgorithmNames.MlKem512);
        (DecryptionResult result, byte[] output) = await module.DecryptAsync(message, other, TestIdentities.P256);
        Expect.That(result.Equals(new DecryptionResult.NoMatchingKey(CmsAlgorithmNames.Aes128Gcm, 1)), $"{result}");
        Expect.That(output.Length == 0, $"{output.Length} octets were written");
        try
        {
            Expect.Failed((await module.DecryptAsync(message, TestIdentities.MlKem768 with { PrivateKey = other.PrivateKey })).Result, "the key of another");
        }
        catch (CmsKeyException)
        {
            // That the key is not the certificate's may be seen before it is used.
        }
    }

    private static async Task MixedAsync(ModuleExchange module)
    {
        CmsIdentity[] all = [TestIdentities.MlKem768, TestIdentities.Rsa, TestIdentities.P256];
        foreach (ContentCipher cipher in Enum.GetValues<ContentCipher>())
        {
            byte[] message = await module.EncryptAsync(s_content, ModuleExchange.Encryption(cipher, RsaKeyTransport.Pkcs1, all));
            foreach (CmsIdentity identity in all)
            {
                (DecryptionResult result, byte[] output) = await module.DecryptAsync(message, identity);
                Expect.Decrypted(result, "the message to all");
                Expect.Same(s_content, output, "the message to all");
                Expect.Same(s_content, new EnvelopeReader(message).Open(identity), "the message to all, opened elsewhere");
            }
            Expect.That((await module.DecryptAsync(message, TestIdentities.OtherRsa)).Result is DecryptionResult.NoMatchingKey { Recipients: 3 }, "somebody else has a key");
        }
    }
}
