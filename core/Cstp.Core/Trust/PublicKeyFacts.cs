using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Math;

namespace Cstp.Core.Trust;

/// <summary>What can be said of a public key from its encoding alone, before anything is computed with it.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Bits">Bits of an RSA or DSA modulus; 0 for other kinds.</param>
/// <param name="Problem">Why nothing may be computed with it, or null.</param>
internal sealed record PublicKeyFacts(PublicKeyKind Kind, int Bits, string? Problem)
{
    /// <summary>Octets of the keys that are so many octets and nothing else, by their identifiers (RFC 8410 3; RFC 9881 4; RFC 9935 4).</summary>
    private static readonly Dictionary<DerObjectIdentifier, (PublicKeyKind Kind, int Octets)> s_sized = new()
    {
        [EdECObjectIdentifiers.id_Ed25519] = (PublicKeyKind.Ed25519, 32),
        [EdECObjectIdentifiers.id_X25519] = (PublicKeyKind.X25519, 32),
        [NistObjectIdentifiers.id_ml_dsa_44] = (PublicKeyKind.MlDsa44, 1312),
        [NistObjectIdentifiers.id_ml_dsa_65] = (PublicKeyKind.MlDsa65, 1952),
        [NistObjectIdentifiers.id_ml_dsa_87] = (PublicKeyKind.MlDsa87, 2592),
        [NistObjectIdentifiers.id_alg_ml_kem_512] = (PublicKeyKind.MlKem512, 800),
        [NistObjectIdentifiers.id_alg_ml_kem_768] = (PublicKeyKind.MlKem768, 1184),
        [NistObjectIdentifiers.id_alg_ml_kem_1024] = (PublicKeyKind.MlKem1024, 1568),
    };

    /// <summary>The limit of libcrypto.</summary>
    private const int MaxModulusBits = 16_384;

    /// <summary>The largest of FIPS 186-4.</summary>
    private const int MaxDsaBits = 3072;

    /// <summary>Whether its parameters are those of the certificate above (RFC 3279 2.3.2).</summary>
    public bool InheritsParameters { get; init; }

    /// <summary>Whether it only signs: nothing is encrypted to it.</summary>
    public bool OnlySigns => Kind is PublicKeyKind.Ed25519 or PublicKeyKind.MlDsa44 or PublicKeyKind.MlDsa65 or PublicKeyKind.MlDsa87;

    /// <summary>Whether it is only encrypted to.</summary>
    public bool OnlyDecrypts => Kind == PublicKeyKind.X25519 || Encapsulates;

    /// <summary>Whether it is of ML-KEM.</summary>
    public bool Encapsulates => Kind is PublicKeyKind.MlKem512 or PublicKeyKind.MlKem768 or PublicKeyKind.MlKem1024;

    /// <summary>What brings a content key to it, by the names of <see cref="CmsAlgorithmNames"/>; null where it is RSA, for which every module has one way at least, or cannot be encrypted to.</summary>
    public string? KeyManagement => Kind switch
    {
        PublicKeyKind.P256 => CmsAlgorithmNames.EcdhP256,
        PublicKeyKind.P384 => CmsAlgorithmNames.EcdhP384,
        PublicKeyKind.P521 => CmsAlgorithmNames.EcdhP521,
        PublicKeyKind.X25519 => CmsAlgorithmNames.X25519,
        PublicKeyKind.MlKem512 => CmsAlgorithmNames.MlKem512,
        PublicKeyKind.MlKem768 => CmsAlgorithmNames.MlKem768,
        PublicKeyKind.MlKem1024 => CmsAlgorithmNames.MlKem1024,
        _ => null,
    };

    /// <summary>Reads a SubjectPublicKeyInfo (RFC 5280 4.1.2.7).</summary>
    /// <param name="info">The structure.</param>
    public static PublicKeyFacts Read(SubjectPublicKeyInfo info)
    {
        DerObjectIdentifier algorithm = info.Algorithm.Algorithm;
        byte[] key = info.PublicKey.GetBytes();
        if (algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption) || algorithm.Equals(PkcsObjectIdentifiers.IdRsassaPss))
            return ReadRsa(RsaPublicKeyStructure.GetInstance(key));
        if (algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey))
            return ReadEc(info.Algorithm.Parameters, key);
        if (algorithm.Equals(X9ObjectIdentifiers.IdDsa))
            return ReadDsa(info.Algorithm.Parameters, key);
        if (s_sized.TryGetValue(algorithm, out (PublicKeyKind Kind, int Octets) sized))
            return new(sized.Kind, 0, key.Length == sized.Octets ? null : $"{sized.Kind} key is not {sized.Octets} octets long");
        return new(PublicKeyKind.Unknown, 0, $"key of unknown kind {algorithm.Id}");
    }

    private static PublicKeyFacts ReadRsa(RsaPublicKeyStructure rsa)
    {
        BigInteger exponent = rsa.PublicExponent;
        int bits = rsa.Modulus.BitLength;
        string? problem = rsa.Modulus.SignValue <= 0 || !rsa.Modulus.TestBit(0) ? "RSA modulus is impossible"
            : bits > MaxModulusBits ? $"RSA modulus of {bits} bits is over the limit of {MaxModulusBits}"
            : exponent.SignValue <= 0 || !exponent.TestBit(0) || exponent.Equals(BigInteger.One) || exponent.BitLength > 64 ? "RSA exponent is even, 1, or over 64 bits"
            : null;
        return new(PublicKeyKind.Rsa, bits, problem);
    }

    private static PublicKeyFacts ReadDsa(Asn1Encodable? parameters, byte[] key)
    {
        bool inherits = parameters is null or DerNull;
        DsaParameter? own = inherits ? null : DsaParameter.GetInstance(parameters);
        int bits = Math.Max(DerInteger.GetInstance(key).PositiveValue.BitLength, own?.P.BitLength ?? 0);
        return new(PublicKeyKind.Dsa, bits, bits > MaxDsaBits || own?.Q.BitLength > 256 ? $"DSA key of {bits} bits is over the limit of {MaxDsaBits}" : null) { InheritsParameters = inherits };
    }

    private static PublicKeyFacts ReadEc(Asn1Encodable? parameters, byte[] point)
    {
        if (parameters is not DerObjectIdentifier curve)
            return new(PublicKeyKind.Unknown, 0, "EC key without a named curve");
        (PublicKeyKind kind, int octets) = curve.Equals(SecObjectIdentifiers.SecP256r1) ? (PublicKeyKind.P256, 32)
            : curve.Equals(SecObjectIdentifiers.SecP384r1) ? (PublicKeyKind.P384, 48)
            : curve.Equals(SecObjectIdentifiers.SecP521r1) ? (PublicKeyKind.P521, 66)
            : (PublicKeyKind.Unknown, 0);
        if (kind == PublicKeyKind.Unknown)
            return new(kind, 0, $"EC key on unknown curve {curve.Id}");
        bool shaped = point is [4, ..] && point.Length == (2 * octets) + 1 || point is [2 or 3, ..] && point.Length == octets + 1;
        return new(kind, 0, shaped ? null : "EC key is no point of its curve");
    }
}
