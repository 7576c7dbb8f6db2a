using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Reading;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Cstp.Conformance.Crypto;

/// <summary>Signatures by ML-DSA that are not what RFC 9882 asks for, and the forms of its keys.</summary>
internal static class MlDsaRules
{
    private static readonly byte[] s_content = Octets.Of(3000);
    private static readonly Ability s_ability = new(AbilityKind.Signature, CmsAlgorithmNames.MlDsa65);

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("ml-dsa.key-forms", "a key signs as a seed, expanded, and as both (RFC 9881 6)", KeyFormsAsync, s_ability),
        new("ml-dsa.digest", "SHA-512 is the digest, whatever is asked for (RFC 9882 3.3)", async module =>
            new SignatureReader(await module.SignAsync(s_content, ModuleExchange.Signing(TestIdentities.MlDsa65, DigestAlgorithm.Sha256)))
                .Check(s_content, TestIdentities.MlDsa65, CmsAlgorithmNames.MlDsa65, CmsAlgorithmNames.Sha512), s_ability),
        new("ml-dsa.value", "a signature value with a bit changed, an octet more, one less, or none is invalid", async module =>
        {
            await InvalidAsync(module, value => [(byte)(value[0] ^ 1), .. value[1..]], "a bit of the first octet");
            await InvalidAsync(module, value => [.. value[..^1], (byte)(value[^1] ^ 1)], "a bit of the last octet");
            await InvalidAsync(module, value => [.. value, 0], "an octet more");
            await InvalidAsync(module, value => value[..^1], "an octet less");
            await InvalidAsync(module, _ => [], "no octets");
        }, s_ability),
        new("ml-dsa.other-key", "a signature made with another key than the certificate's is invalid", async module =>
        {
            CmsIdentity other = TestIdentities.Make("other", TestIdentities.MlDsaKey());
            await NotValidAsync(module, Forge(signer: TestIdentities.MlDsa65 with { PrivateKey = other.PrivateKey }), "the message");
        }, s_ability),
        new("ml-dsa.context", "a signature made with a context is invalid (RFC 9882 3.2)", module => NotValidAsync(module, Forge(signed => Sign(signed, "CSTP"u8.ToArray())), "the message"), s_ability),
        new("ml-dsa.other-set", "a signature under the identifier of another parameter set does not hold", module => NotValidAsync(
            module, Forge(algorithm: SignatureNames.Algorithm(CmsAlgorithmNames.MlDsa44, "")), "the message"), s_ability),
        new("ml-dsa.pre-hash", "a signature under an identifier of HashML-DSA does not hold (RFC 9882 1)", module => NotValidAsync(
            module, Forge(algorithm: new AlgorithmIdentifier(NistObjectIdentifiers.id_hash_ml_dsa_65_with_sha512)), "the message"), s_ability),
        new("ml-dsa.parameters", "an identifier with parameters does not hold (RFC 9882 2)", module => NotValidAsync(
            module, Forge(algorithm: new AlgorithmIdentifier(NistObjectIdentifiers.id_ml_dsa_65, new DerOctetString([1]))), "the message"), s_ability),
        new("ml-dsa.without-attributes", "without signed attributes it verifies, or is unsupported; over other content it never verifies", WithoutAttributesAsync, s_ability),
    ];

    private static SignedDataForge Forge(Func<byte[], byte[]>? sign = null, AlgorithmIdentifier? algorithm = null, CmsIdentity? signer = null, bool hasAttributes = true)
    {
        SignedDataForge right = SignedDataForge.Of(CmsAlgorithmNames.MlDsa65, CmsAlgorithmNames.Sha512, TestIdentities.MlDsa65);
        return new()
        {
            Signer = signer ?? right.Signer,
            Announced = right.Announced,
            Digest = right.Digest,
            Algorithm = algorithm ?? right.Algorithm,
            AlgorithmName = right.AlgorithmName,
            HasAttributes = hasAttributes,
            Sign = sign,
        };
    }

    private static byte[] Sign(byte[] octets, byte[] context)
    {
        var key = (MLDsaPrivateKeyParameters)TestIdentities.KeyOf(TestIdentities.MlDsa65);
        var signer = new MLDsaSigner(key.Parameters, deterministic: true);
        signer.Init(true, new ParametersWithContext(key, context));
        signer.BlockUpdate(octets, 0, octets.Length);
        return signer.GenerateSignature();
    }

    private static async Task KeyFormsAsync(ModuleExchange module)
    {
        foreach ((string form, CmsIdentity identity) in TestIdentities.Forms(TestIdentities.MlDsa65))
        {
            byte[] message = await module.SignAsync(s_content, ModuleExchange.Signing(identity, DigestAlgorithm.Sha512));
            new SignatureReader(message).Check(s_content, TestIdentities.MlDsa65, CmsAlgorithmNames.MlDsa65, CmsAlgorithmNames.Sha512);
            Expect.Valid((await module.VerifyAsync(message)).Result, $"signed with {form}");
        }
    }

    private static Task InvalidAsync(ModuleExchange module, Func<byte[], byte[]> change, string what) =>
        NotValidAsync(module, Forge(signed => change(Sign(signed, []))), what);

    private static async Task NotValidAsync(ModuleExchange module, SignedDataForge forge, string what)
    {
        if (module.IsDue("untouched"))
            Expect.Valid((await module.VerifyAsync(Forge().Build())).Result, "the untouched message");
        Expect.NotValid((await module.VerifyAsync(forge.Build())).Result, what);
    }

    private static async Task WithoutAttributesAsync(ModuleExchange module)
    {
        byte[] message = Forge(hasAttributes: false).Build();
        SignatureValidity validity = Expect.Signer((await module.VerifyAsync(message)).Result, "the message").Validity;
        Expect.That(validity is SignatureValidity.Valid or SignatureValidity.Unsupported, $"the signer is {validity}");
        message[message.AsSpan().IndexOf(Forge().Content)] ^= 1;
        Expect.NotValid((await module.VerifyAsync(message)).Result, "the message with one bit of content changed");
    }
}
