using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>A NIST curve by its identifier; explicit parameters are never computed with (RFC 5480 2.1.1).</summary>
internal sealed class NamedCurve
{
    public static readonly NamedCurve P256 = new(X9ObjectIdentifiers.Prime256v1, CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.EcdhP256, DigestKind.Sha256);
    public static readonly NamedCurve P384 = new(SecObjectIdentifiers.SecP384r1, CmsAlgorithmNames.EcdsaP384, CmsAlgorithmNames.EcdhP384, DigestKind.Sha384);
    public static readonly NamedCurve P521 = new(SecObjectIdentifiers.SecP521r1, CmsAlgorithmNames.EcdsaP521, CmsAlgorithmNames.EcdhP521, DigestKind.Sha512);

    private NamedCurve(DerObjectIdentifier identifier, string signature, string agreement, DigestKind digest)
    {
        Identifier = identifier;
        Signature = signature;
        Agreement = agreement;
        Digest = digest;
        Domain = ECNamedDomainParameters.LookupOid(identifier);
    }

    public DerObjectIdentifier Identifier { get; }

    /// <summary>ECDSA's name on this curve.</summary>
    public string Signature { get; }

    /// <summary>ECDH's name on this curve.</summary>
    public string Agreement { get; }

    /// <summary>The digest of the curve's strength, for key derivation (RFC 5753 7.1.4).</summary>
    public DigestKind Digest { get; }

    public ECDomainParameters Domain { get; }

    /// <summary>Octets of a field element.</summary>
    public int FieldOctets => (Domain.Curve.FieldSize + 7) / 8;

    public static NamedCurve? Find(Asn1Encodable? parameters) => parameters is not DerObjectIdentifier identifier ? null
        : identifier.Equals(P256.Identifier) ? P256
        : identifier.Equals(P384.Identifier) ? P384
        : identifier.Equals(P521.Identifier) ? P521
        : null;
}
