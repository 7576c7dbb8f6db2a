using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>A key of a certificate, checked so that computing with it ends soon and means something.</summary>
internal sealed record PublicKey
{
    // The upper bound is libcrypto's; beyond it one signature check takes seconds.
    private const int LeastModulusBits = 1024;
    private const int MostModulusBits = 16384;
    private const int MostExponentBits = 64;

    private PublicKey(PublicKeyKind kind) => Kind = kind;

    public PublicKeyKind Kind { get; }

    /// <summary>The key; null where it is unusable.</summary>
    public AsymmetricKeyParameter? Parameters { get; private init; }

    /// <summary>The curve of an EC key.</summary>
    public NamedCurve? Curve { get; private init; }

    /// <summary>The parameter set of an ML-DSA or ML-KEM key.</summary>
    public LatticeAlgorithm? Lattice { get; private init; }

    /// <summary>What a PSS key is bound to; null where it is bound to nothing.</summary>
    public PssParameters? Pss { get; private init; }

    /// <summary>Why it is unusable; null where it is not.</summary>
    public string? Problem { get; private init; }

    /// <summary>Octets of an RSA modulus.</summary>
    public int ModulusOctets => Parameters is RsaPublicKey rsa ? rsa.Octets : 0;

    public static PublicKey Read(SubjectPublicKeyInfo info)
    {
        DerObjectIdentifier algorithm = info.Algorithm.Algorithm;
        if (algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption) || algorithm.Equals(X509ObjectIdentifiers.IdEARsa))
            return ReadRsa(info, PublicKeyKind.Rsa, null);
        if (algorithm.Equals(PkcsObjectIdentifiers.IdRsaesOaep))
            return ReadRsa(info, PublicKeyKind.RsaOaep, null);
        if (algorithm.Equals(PkcsObjectIdentifiers.IdRsassaPss))
            return ReadPss(info);
        if (algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey))
            return ReadEc(info);
        if (algorithm.Equals(EdECObjectIdentifiers.id_Ed25519))
            return new PublicKey(PublicKeyKind.Ed25519) { Parameters = PublicKeyFactory.CreateKey(info) };
        if (algorithm.Equals(EdECObjectIdentifiers.id_X25519))
            return new PublicKey(PublicKeyKind.X25519) { Parameters = PublicKeyFactory.CreateKey(info) };
        if (algorithm.Equals(X9ObjectIdentifiers.IdDsa))
            return ReadDsa(info);
        if (LatticeAlgorithm.Find(algorithm) is LatticeAlgorithm lattice)
            return ReadLattice(info, lattice);
        return Unusable($"its key algorithm {algorithm.Id} is not known");
    }

    private static PublicKey Unusable(string problem) => new(PublicKeyKind.Unusable) { Problem = problem };

    private static PublicKey ReadPss(SubjectPublicKeyInfo info)
    {
        if (info.Algorithm.Parameters is null)
            return ReadRsa(info, PublicKeyKind.RsaPss, null);
        PssParameters? pss = PssParameters.Read(info.Algorithm.Parameters);
        return pss is null ? Unusable("its PSS parameters are not known") : ReadRsa(info, PublicKeyKind.RsaPss, pss);
    }

    private static PublicKey ReadRsa(SubjectPublicKeyInfo info, PublicKeyKind kind, PssParameters? pss)
    {
        RsaPublicKeyStructure rsa = RsaPublicKeyStructure.GetInstance(info.ParsePublicKey());
        BigInteger modulus = rsa.Modulus;
        BigInteger exponent = rsa.PublicExponent;
        if (modulus.SignValue <= 0 || modulus.BitLength is < LeastModulusBits or > MostModulusBits || !modulus.TestBit(0))
            return Unusable($"its RSA modulus has {modulus.BitLength} bits or is even");
        if (exponent.SignValue <= 0 || exponent.BitLength is < 2 or > MostExponentBits || !exponent.TestBit(0))
            return Unusable("its RSA exponent is even, 1, or over 64 bits");
        return new PublicKey(kind) { Parameters = new RsaPublicKey(modulus, exponent), Pss = pss };
    }

    private static PublicKey ReadEc(SubjectPublicKeyInfo info)
    {
        NamedCurve? curve = NamedCurve.Find(info.Algorithm.Parameters);
        if (curve is null)
            return Unusable("its curve is none of P-256, P-384 and P-521");
        // Refuses points that are not on the curve, and the one at infinity.
        var point = curve.Domain.Curve.DecodePoint(info.PublicKey.GetOctets());
        return new PublicKey(PublicKeyKind.Ec) { Parameters = new ECPublicKeyParameters("EC", point, curve.Domain), Curve = curve };
    }

    // The library checks the length, and of ML-KEM that all coefficients are below the modulus (FIPS 203 7.2).
    private static PublicKey ReadLattice(SubjectPublicKeyInfo info, LatticeAlgorithm lattice) => info.Algorithm.Parameters is null
        ? new PublicKey(lattice.Kind) { Parameters = PublicKeyFactory.CreateKey(info), Lattice = lattice }
        : Unusable($"its {lattice.Name} key has parameters (RFC 9881 2, RFC 9935 3)");

    private static PublicKey ReadDsa(SubjectPublicKeyInfo info)
    {
        if (info.Algorithm.Parameters is null or DerNull)
            return Unusable("its DSA parameters are its issuer's");
        var dsa = (DsaPublicKeyParameters)PublicKeyFactory.CreateKey(info);
        return dsa.Parameters.P.BitLength is >= 1024 and <= 4096 && dsa.Parameters.Q.BitLength is >= 160 and <= 256
            ? new PublicKey(PublicKeyKind.Dsa) { Parameters = dsa }
            : Unusable("its DSA parameters are out of range");
    }
}
