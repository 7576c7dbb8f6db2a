using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>A SignerInfo's signatureAlgorithm: its family, and the digest that its identifier names.</summary>
internal sealed class SignatureScheme
{
    private static readonly (DerObjectIdentifier Identifier, SignatureFamily Family, DigestKind? Digest)[] s_known =
    [
        (PkcsObjectIdentifiers.RsaEncryption, SignatureFamily.RsaPkcs1, null),
        (PkcsObjectIdentifiers.MD5WithRsaEncryption, SignatureFamily.RsaPkcs1, DigestKind.Md5),
        (PkcsObjectIdentifiers.Sha1WithRsaEncryption, SignatureFamily.RsaPkcs1, DigestKind.Sha1),
        (PkcsObjectIdentifiers.Sha224WithRsaEncryption, SignatureFamily.RsaPkcs1, DigestKind.Sha224),
        (PkcsObjectIdentifiers.Sha256WithRsaEncryption, SignatureFamily.RsaPkcs1, DigestKind.Sha256),
        (PkcsObjectIdentifiers.Sha384WithRsaEncryption, SignatureFamily.RsaPkcs1, DigestKind.Sha384),
        (PkcsObjectIdentifiers.Sha512WithRsaEncryption, SignatureFamily.RsaPkcs1, DigestKind.Sha512),
        (PkcsObjectIdentifiers.IdRsassaPss, SignatureFamily.RsaPss, null),
        (X9ObjectIdentifiers.ECDsaWithSha1, SignatureFamily.Ecdsa, DigestKind.Sha1),
        (X9ObjectIdentifiers.ECDsaWithSha224, SignatureFamily.Ecdsa, DigestKind.Sha224),
        (X9ObjectIdentifiers.ECDsaWithSha256, SignatureFamily.Ecdsa, DigestKind.Sha256),
        (X9ObjectIdentifiers.ECDsaWithSha384, SignatureFamily.Ecdsa, DigestKind.Sha384),
        (X9ObjectIdentifiers.ECDsaWithSha512, SignatureFamily.Ecdsa, DigestKind.Sha512),
        (X9ObjectIdentifiers.IdDsa, SignatureFamily.Dsa, null),
        (X9ObjectIdentifiers.IdDsaWithSha1, SignatureFamily.Dsa, DigestKind.Sha1),
        (NistObjectIdentifiers.DsaWithSha224, SignatureFamily.Dsa, DigestKind.Sha224),
        (NistObjectIdentifiers.DsaWithSha256, SignatureFamily.Dsa, DigestKind.Sha256),
        (EdECObjectIdentifiers.id_Ed25519, SignatureFamily.Ed25519, null),
    ];

    private readonly string _identifier;

    private SignatureScheme(SignatureFamily family, DigestKind? digest, string identifier)
    {
        Family = family;
        Digest = digest;
        _identifier = identifier;
    }

    public SignatureFamily Family { get; }

    /// <summary>The digest that the algorithm itself names; null where it leaves that to digestAlgorithm.</summary>
    public DigestKind? Digest { get; }

    /// <summary>Parameters of PSS; null elsewhere, and where they are not known.</summary>
    public PssParameters? Pss { get; private init; }

    /// <summary>The parameter set of ML-DSA; null elsewhere. With parameters the identifier is not known (RFC 9882 2).</summary>
    public LatticeAlgorithm? Lattice { get; private init; }

    public static SignatureScheme Read(AlgorithmIdentifier algorithm)
    {
        (DerObjectIdentifier? identifier, SignatureFamily family, DigestKind? digest) =
            Array.Find(s_known, known => known.Identifier.Equals(algorithm.Algorithm));
        if (LatticeAlgorithm.Find(algorithm.Algorithm) is { Kind: PublicKeyKind.MlDsa } lattice && algorithm.Parameters is null or DerNull)
            return new SignatureScheme(SignatureFamily.MlDsa, null, lattice.Identifier.Id) { Lattice = lattice };
        if (identifier is null)
            return new SignatureScheme(SignatureFamily.Unknown, null, algorithm.Algorithm.Id);
        if (family != SignatureFamily.RsaPss)
            return new SignatureScheme(family, digest, identifier.Id);
        PssParameters? pss = PssParameters.Read(algorithm.Parameters);
        return new SignatureScheme(pss is null ? SignatureFamily.Unknown : family, pss?.Digest, identifier.Id) { Pss = pss };
    }

    /// <summary>The name of <see cref="CmsAlgorithmNames"/>; that of ECDSA needs the key's curve.</summary>
    public string Name(PublicKey? key) => Family switch
    {
        SignatureFamily.RsaPkcs1 => CmsAlgorithmNames.RsaPkcs1,
        SignatureFamily.RsaPss => CmsAlgorithmNames.RsaPss,
        SignatureFamily.Dsa => CmsAlgorithmNames.Dsa,
        SignatureFamily.Ed25519 => CmsAlgorithmNames.Ed25519,
        SignatureFamily.MlDsa => Lattice!.Name,
        SignatureFamily.Ecdsa => key?.Curve?.Signature ?? _identifier,
        _ => _identifier,
    };
}
