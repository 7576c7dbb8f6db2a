using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;

namespace Cstp.Conformance.Forging;

/// <summary>How signatures and digests are called in structures and by the library.</summary>
internal static class SignatureNames
{
    public static DerObjectIdentifier Digest(string digest) => digest switch
    {
        CmsAlgorithmNames.Sha1 => Org.BouncyCastle.Asn1.Oiw.OiwObjectIdentifiers.IdSha1,
        CmsAlgorithmNames.Sha256 => NistObjectIdentifiers.IdSha256,
        CmsAlgorithmNames.Sha384 => NistObjectIdentifiers.IdSha384,
        _ => NistObjectIdentifiers.IdSha512,
    };

    public static AlgorithmIdentifier Algorithm(string signature, string digest) => signature switch
    {
        CmsAlgorithmNames.RsaPkcs1 => new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
        CmsAlgorithmNames.RsaPss => new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsassaPss, Pss(digest)),
        CmsAlgorithmNames.Ed25519 => new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519),
        CmsAlgorithmNames.MlDsa44 => new AlgorithmIdentifier(NistObjectIdentifiers.id_ml_dsa_44),
        CmsAlgorithmNames.MlDsa65 => new AlgorithmIdentifier(NistObjectIdentifiers.id_ml_dsa_65),
        CmsAlgorithmNames.MlDsa87 => new AlgorithmIdentifier(NistObjectIdentifiers.id_ml_dsa_87),
        _ => new AlgorithmIdentifier(digest switch
        {
            CmsAlgorithmNames.Sha1 => X9ObjectIdentifiers.ECDsaWithSha1,
            CmsAlgorithmNames.Sha256 => X9ObjectIdentifiers.ECDsaWithSha256,
            CmsAlgorithmNames.Sha384 => X9ObjectIdentifiers.ECDsaWithSha384,
            _ => X9ObjectIdentifiers.ECDsaWithSha512,
        }),
    };

    public static string Library(string signature, string digest)
    {
        string hash = digest.ToUpperInvariant().Insert(3, "-");
        return signature switch
        {
            CmsAlgorithmNames.RsaPkcs1 => $"{hash}withRSA",
            CmsAlgorithmNames.RsaPss => $"{hash}withRSAandMGF1",
            CmsAlgorithmNames.Ed25519 => "Ed25519",
            CmsAlgorithmNames.MlDsa44 or CmsAlgorithmNames.MlDsa65 or CmsAlgorithmNames.MlDsa87 => signature.ToUpperInvariant(),
            _ => $"{hash}withECDSA",
        };
    }

    private static RsassaPssParameters Pss(string digest)
    {
        var hash = new AlgorithmIdentifier(Digest(digest), DerNull.Instance);
        int salt = digest switch { CmsAlgorithmNames.Sha256 => 32, CmsAlgorithmNames.Sha384 => 48, _ => 64 };
        return new RsassaPssParameters(hash, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdMgf1, hash), DerInteger.ValueOf(salt), DerInteger.One);
    }
}
