using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Cstp.CryptoBouncyCastle.Signing;

/// <summary>One key and the way it signs.</summary>
internal sealed class SignatureMaker
{
    private readonly Func<ISigner> _signer;
    private readonly ICipherParameters _key;

    private SignatureMaker(DigestKind digest, AlgorithmIdentifier algorithm, ICipherParameters key, Func<ISigner> signer)
    {
        Digest = digest;
        Algorithm = algorithm;
        _key = key;
        _signer = signer;
    }

    public DigestKind Digest { get; }

    /// <summary>The SignerInfo's signatureAlgorithm.</summary>
    public AlgorithmIdentifier Algorithm { get; }

    /// <exception cref="CmsKeyException">Keys of this kind do not sign.</exception>
    public static SignatureMaker For(PrivateKey key, DigestKind digest) => key.Certificate.Key.Kind switch
    {
        PublicKeyKind.Rsa => ForRsa(key, digest),
        PublicKeyKind.RsaPss => ForPss(key, digest),
        PublicKeyKind.Ec => ForEc(key, digest),
        PublicKeyKind.Ed25519 => ForEd25519(key),
        PublicKeyKind.MlDsa => ForMlDsa(key),
        _ => throw new CmsKeyException($"{key.Certificate.Display}: a key of this kind does not sign. Sign with an RSA, P-256, P-384, Ed25519 or ML-DSA key."),
    };

    /// <summary>Signs octets, digesting them first where the algorithm does so.</summary>
    public byte[] Sign(byte[] octets)
    {
        ISigner signer = _signer();
        signer.Init(true, _key);
        signer.BlockUpdate(octets);
        return signer.GenerateSignature();
    }

    // The identifier without the digest is what RFC 3370 3.2 asks writers for.
    private static SignatureMaker ForRsa(PrivateKey key, DigestKind digest) => new(
        digest,
        new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
        key.Parameters,
        () => new RsaDigestSigner(digest.Create(), digest.Identifier));

    private static SignatureMaker ForPss(PrivateKey key, DigestKind requested)
    {
        PssParameters? bound = key.Certificate.Key.Pss;
        DigestKind digest = bound?.Digest ?? requested;
        var pss = new PssParameters(digest, bound?.MaskDigest ?? digest, Math.Max(digest.Octets, bound?.SaltOctets ?? 0));
        if (key.Certificate.Key.ModulusOctets < digest.Octets + pss.SaltOctets + 2)
            throw new CmsKeyException($"{key.Certificate.Display}: its RSA key is too short for PSS with {digest.Name}. Make a longer one.");
        return new SignatureMaker(digest, pss.Written, key.Parameters, () =>
            new PssSigner(new RsaBlindedEngine(), digest.Create(), pss.MaskDigest.Create(), pss.SaltOctets));
    }

    private static SignatureMaker ForEc(PrivateKey key, DigestKind digest)
    {
        DerObjectIdentifier algorithm = digest == DigestKind.Sha256 ? X9ObjectIdentifiers.ECDsaWithSha256
            : digest == DigestKind.Sha384 ? X9ObjectIdentifiers.ECDsaWithSha384
            : X9ObjectIdentifiers.ECDsaWithSha512;
        // A nonce derived from key and message (RFC 6979) cannot repeat, whatever the random generator does.
        return new SignatureMaker(digest, new AlgorithmIdentifier(algorithm), key.Parameters, () =>
            new DsaDigestSigner(new ECDsaSigner(new HMacDsaKCalculator(digest.Create())), digest.Create()));
    }

    private static SignatureMaker ForEd25519(PrivateKey key) => new(
        DigestKind.Sha512, // RFC 8419 3.1
        new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519),
        key.Parameters,
        () => new Ed25519Signer());

    // Hedged, and with an empty context (RFC 9882 3.2, 4).
    private static SignatureMaker ForMlDsa(PrivateKey key) => new(
        DigestKind.Sha512, // RFC 9882 3.3
        new AlgorithmIdentifier(key.Certificate.Key.Lattice!.Identifier),
        new ParametersWithRandom(key.Parameters, Randomness.System),
        () => new MLDsaSigner(((MLDsaPrivateKeyParameters)key.Parameters).Parameters, deterministic: false));
}
