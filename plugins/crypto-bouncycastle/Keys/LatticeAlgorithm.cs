using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>A parameter set of ML-DSA (FIPS 204) or ML-KEM (FIPS 203); key and algorithm bear one identifier, without parameters.</summary>
internal sealed class LatticeAlgorithm
{
    private static readonly LatticeAlgorithm[] s_all =
    [
        new(NistObjectIdentifiers.id_ml_dsa_44, CmsAlgorithmNames.MlDsa44, PublicKeyKind.MlDsa, 0),
        new(NistObjectIdentifiers.id_ml_dsa_65, CmsAlgorithmNames.MlDsa65, PublicKeyKind.MlDsa, 0),
        new(NistObjectIdentifiers.id_ml_dsa_87, CmsAlgorithmNames.MlDsa87, PublicKeyKind.MlDsa, 0),
        new(NistObjectIdentifiers.id_alg_ml_kem_512, CmsAlgorithmNames.MlKem512, PublicKeyKind.MlKem, 16),
        new(NistObjectIdentifiers.id_alg_ml_kem_768, CmsAlgorithmNames.MlKem768, PublicKeyKind.MlKem, 32),
        new(NistObjectIdentifiers.id_alg_ml_kem_1024, CmsAlgorithmNames.MlKem1024, PublicKeyKind.MlKem, 32),
    ];

    private LatticeAlgorithm(DerObjectIdentifier identifier, string name, PublicKeyKind kind, int wrappingOctets)
    {
        Identifier = identifier;
        Name = name;
        Kind = kind;
        WrappingOctets = wrappingOctets;
    }

    public DerObjectIdentifier Identifier { get; }

    /// <summary>The name of <see cref="CmsAlgorithmNames"/>.</summary>
    public string Name { get; }

    public PublicKeyKind Kind { get; }

    /// <summary>Octets of the key that wraps what this ML-KEM set brings (RFC 9936 2.2.2).</summary>
    public int WrappingOctets { get; }

    public static LatticeAlgorithm? Find(DerObjectIdentifier identifier) => Array.Find(s_all, algorithm => algorithm.Identifier.Equals(identifier));
}
