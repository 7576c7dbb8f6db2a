using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Reading;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Smime;

namespace Cstp.Conformance.Crypto;

/// <summary>Signatures that are right: made by the module and read by the suite, and the other way round.</summary>
internal static class SigningRules
{
    private static readonly byte[] s_content = Octets.Of(3000);

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        .. SigningScheme.All.Select(scheme => new CryptoRule(
            $"sign.{scheme.Id}", $"what it signs with {scheme.Title} verifies elsewhere", module => SignAsync(module, scheme), scheme.Needs)),
        .. SigningScheme.All.Select(scheme => new CryptoRule(
            $"sign-detached.{scheme.Id}", $"a detached signature with {scheme.Title} verifies elsewhere and carries no content", module => SignDetachedAsync(module, scheme), scheme.Needs)),
        .. SigningScheme.All.Select(scheme => new CryptoRule(
            $"verify.{scheme.Id}", $"what is signed elsewhere with {scheme.Title} verifies, and with one bit changed does not", module => VerifyAsync(module, scheme), scheme.Needs)),
        .. SigningScheme.All.Select(scheme => new CryptoRule(
            $"verify-detached.{scheme.Id}", $"a detached signature with {scheme.Title} verifies over its content and no other", module => VerifyDetachedAsync(module, scheme), scheme.Needs)),
        new("written.signed-attributes", "the signed attributes of RFC 8551 2.5, 5035, 6211 are written, with the time that was asked for", AttributesAsync),
        new("written.certificates", "all certificates that were asked for are carried, once each", CertificatesAsync),
        new("capabilities.mandatory", "the capabilities name all that every module must do, and are the same at every call", CapabilitiesAsync),
    ];

    private static async Task SignAsync(ModuleExchange module, SigningScheme scheme)
    {
        var reader = new SignatureReader(await module.SignAsync(s_content, ModuleExchange.Signing(scheme.Identity, scheme.Hash)));
        Expect.Same(s_content, reader.Content ?? [], "the signed message");
        reader.Check(s_content, scheme.Identity, scheme.Signature, scheme.Digest);
    }

    private static async Task SignDetachedAsync(ModuleExchange module, SigningScheme scheme)
    {
        var reader = new SignatureReader(await module.SignDetachedAsync(s_content, ModuleExchange.Signing(scheme.Identity, scheme.Hash)));
        Expect.That(reader.Content is null, "the detached signature carries content");
        reader.Check(s_content, scheme.Identity, scheme.Signature, scheme.Digest);
    }

    private static async Task VerifyAsync(ModuleExchange module, SigningScheme scheme)
    {
        SignedDataForge forge = SignedDataForge.Of(scheme.Signature, scheme.Digest, scheme.Identity);
        byte[] message = forge.Build();
        (VerificationResult result, byte[] output) = await module.VerifyAsync(message);
        SignerResult signer = Expect.Valid(result, "the message");
        Expect.Same(forge.Content, output, "the message");
        Expect.That(signer.Signature == scheme.Signature && signer.Digest == scheme.Digest, $"the result names {signer.Signature} over {signer.Digest}");
        Expect.That(scheme.Identity.Certificate.Equals(signer.Certificate), "the result does not name the signer's certificate");
        Expect.That(signer.SigningTime == new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), $"the signing time is {signer.SigningTime:O}");

        int at = message.AsSpan().IndexOf(forge.Content);
        message[at] ^= 1;
        Expect.Validity(SignatureValidity.Invalid, (await module.VerifyAsync(message)).Result, "the message with one bit of content changed");
    }

    private static async Task VerifyDetachedAsync(ModuleExchange module, SigningScheme scheme)
    {
        SignedDataForge attached = SignedDataForge.Of(scheme.Signature, scheme.Digest, scheme.Identity);
        byte[] signature = new SignedDataForge
        {
            Signer = attached.Signer,
            Announced = attached.Announced,
            Digest = attached.Digest,
            Algorithm = attached.Algorithm,
            AlgorithmName = attached.AlgorithmName,
            Attached = false,
        }.Build();
        byte[] content = [.. attached.Content];
        SignerResult signer = Expect.Valid(await module.VerifyDetachedAsync(content, signature, scheme.Digest, "unknown"), "the signature");
        Expect.That(signer.Signature == scheme.Signature && signer.Digest == scheme.Digest, $"the result names {signer.Signature} over {signer.Digest}");
        content[^1] ^= 1;
        Expect.Validity(SignatureValidity.Invalid, await module.VerifyDetachedAsync(content, signature, scheme.Digest), "the signature over content with one bit changed");
    }

    private static async Task AttributesAsync(ModuleExchange module)
    {
        SigningRequest request = ModuleExchange.Signing(TestIdentities.P256) with { EncryptionCertificate = TestIdentities.Rsa.Certificate };
        Dictionary<DerObjectIdentifier, Asn1Encodable> attributes = new SignatureReader(await module.SignAsync(s_content, request)).Attributes;
        foreach ((DerObjectIdentifier type, string name) in new[]
            {
                (CmsAttributes.ContentType, "content-type"), (CmsAttributes.MessageDigest, "message-digest"), (CmsAttributes.SigningTime, "signing-time"),
                (SmimeAttributes.SmimeCapabilities, "SMIMECapabilities"), (SmimeAttributes.EncrypKeyPref, "SMIMEEncryptionKeyPreference"),
                (PkcsObjectIdentifiers.IdAASigningCertificateV2, "signingCertificateV2"), (CmsAttributes.CmsAlgorithmProtect, "CMSAlgorithmProtection"),
            })
            Expect.That(attributes.ContainsKey(type), $"the attribute {name} is missing");
        Expect.That(
            Time.GetInstance(attributes[CmsAttributes.SigningTime]).ToDateTime() == ModuleExchange.SigningTime.UtcDateTime, "the signing-time is not the one asked for");
        byte[] named = SigningCertificateV2.GetInstance(attributes[PkcsObjectIdentifiers.IdAASigningCertificateV2]).GetCerts()[0].GetCertHash();
        Expect.That(Convert.ToHexStringLower(named) == request.Signer.Certificate.Fingerprint, "signingCertificateV2 names another certificate");
    }

    private static async Task CertificatesAsync(ModuleExchange module)
    {
        SigningRequest request = ModuleExchange.Signing(TestIdentities.P256) with
        {
            Certificates = [TestIdentities.Authority, TestIdentities.Rsa.Certificate, TestIdentities.P256.Certificate],
            EncryptionCertificate = TestIdentities.Rsa.Certificate,
        };
        string[] expected = [.. request.Certificates.Select(certificate => certificate.Fingerprint).Order(StringComparer.Ordinal)];
        IReadOnlyList<string> carried = new SignatureReader(await module.SignAsync(s_content, request)).Certificates;
        Expect.That(expected.SequenceEqual(carried.Order(StringComparer.Ordinal)), $"{carried.Count} certificates are carried, not the {expected.Length} that were asked for");
    }

    private static Task CapabilitiesAsync(ModuleExchange module)
    {
        CmsCapabilities one = module.Module.Capabilities, two = module.Module.Capabilities;
        List<Ability> missing = [.. Ability.Mandatory.Where(owed => !owed.IsIn(one))];
        Expect.That(missing.Count == 0, $"missing: {string.Join(", ", missing)}");
        Expect.That(
            one.Digests.SequenceEqual(two.Digests) && one.Signatures.SequenceEqual(two.Signatures) && one.KeyManagement.SequenceEqual(two.KeyManagement)
                && one.ContentEncryption.SequenceEqual(two.ContentEncryption) && one.KeyReferences == two.KeyReferences && one.Library == two.Library,
            "two calls give two answers");
        Expect.That(!string.IsNullOrWhiteSpace(one.Library), "the library beneath has no name");
        return Task.CompletedTask;
    }
}
