using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Math;

namespace Cstp.Core.Trust;

/// <summary>What can be said of a public key from its encoding alone, before anything is computed with it.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Bits">Bits of an RSA modulus; 0 for other kinds.</param>
/// <param name="Problem">Why nothing may be computed with it, or null.</param>
internal sealed record PublicKeyFacts(PublicKeyKind Kind, int Bits, string? Problem)
{
    /// <summary>The limit of libcrypto.</summary>
    private const int MaxModulusBits = 16_384;

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
        if (algorithm.Equals(EdECObjectIdentifiers.id_Ed25519))
            return Sized(PublicKeyKind.Ed25519, key);
        if (algorithm.Equals(EdECObjectIdentifiers.id_X25519))
            return Sized(PublicKeyKind.X25519, key);
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

    private static PublicKeyFacts Sized(PublicKeyKind kind, byte[] key) =>
        new(kind, 0, key.Length == 32 ? null : $"{kind} key is not 32 octets long");
}
