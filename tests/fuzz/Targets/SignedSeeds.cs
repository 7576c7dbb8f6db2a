using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;

namespace Cstp.Fuzz.Targets;

/// <summary>Signed messages of every form that is known to be different for a reader.</summary>
internal static class SignedSeeds
{
    public static byte[] Content { get; } = "Content-Type: text/plain\r\n\r\nhello\r\n"u8.ToArray();

    /// <summary>Makes them.</summary>
    /// <param name="module">Signs some; the others are forged.</param>
    /// <param name="keys">The signers.</param>
    /// <param name="isAttached">Whether they carry their content.</param>
    public static IEnumerable<(string Name, byte[] Octets)> Make(ModuleExchange module, IReadOnlyList<CmsIdentity> keys, bool isAttached)
    {
        foreach ((string name, int index) in new[] { ("rsa", 0), ("pss", 1), ("p256", 2), ("p521", 4), ("ed25519", 5) })
        {
            SigningRequest request = ModuleExchange.Signing(keys[index], name == "p521" ? DigestAlgorithm.Sha512 : DigestAlgorithm.Sha256);
            yield return (name, (isAttached ? module.SignAsync(Content, request) : module.SignDetachedAsync(Content, request)).GetAwaiter().GetResult());
        }
        CmsIdentity signer = keys[2];
        foreach ((string name, SignedDataForge forge) in new (string, SignedDataForge)[]
        {
            ("der", new() { Signer = signer, Attached = isAttached, Der = true }),
            ("ber", new() { Signer = signer, Attached = isAttached }),
            ("no-attributes", new() { Signer = signer, Attached = isAttached, HasAttributes = false }),
            ("no-certificate", new() { Signer = signer, Attached = isAttached, Certificates = [] }),
            ("not-der", new() { Signer = signer, Attached = isAttached, OnWire = set => new BerSet(set.Reverse().ToArray()) }),
            ("binding", new() { Signer = signer, Attached = isAttached, Attributes = SignedDataForge.Binding(signer) }),
            ("unsigned", new() { Signer = signer, Attached = isAttached, Unsigned = new DerSet(SignedDataForge.One(CmsAttributes.CounterSignature, new DerOctetString(new byte[9]))) }),
            ("ml-dsa", SignedDataForge.Of(CmsAlgorithmNames.MlDsa44, CmsAlgorithmNames.Sha512, keys[7])),
            ("sha1", SignedDataForge.Of(CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.Sha1, signer)),
        })
            yield return (name, forge.Build());
        if (isAttached)
        {
            yield return ("segments", new SignedDataForge
            {
                Signer = signer,
                Segments = [new DerOctetString(Content[..1]), new BerOctetString([new DerOctetString(Content[1..9]), new DerOctetString([])]), new DerOctetString(Content[9..])],
            }.Build());
        }
        var two = new SignedDataForge { Signer = signer, Attached = isAttached };
        yield return ("two-signers", two.Build(two.BuildSigner()));
    }
}
