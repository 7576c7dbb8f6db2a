using Cstp.Abstractions;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>A named curve that is known here.</summary>
/// <param name="Oid">Its identifier.</param>
/// <param name="SignatureName">ECDSA on it, by the names of the contracts.</param>
/// <param name="AgreementName">ECDH on it.</param>
/// <param name="Digest">The digest of its strength.</param>
internal sealed record EcCurve(string Oid, string SignatureName, string AgreementName, string Digest)
{
    private static readonly EcCurve[] s_all =
    [
        new("1.2.840.10045.3.1.7", CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.EcdhP256, CmsAlgorithmNames.Sha256),
        new("1.3.132.0.34", CmsAlgorithmNames.EcdsaP384, CmsAlgorithmNames.EcdhP384, CmsAlgorithmNames.Sha384),
        new("1.3.132.0.35", CmsAlgorithmNames.EcdsaP521, CmsAlgorithmNames.EcdhP521, CmsAlgorithmNames.Sha512),
    ];

    /// <summary>Finds a curve.</summary>
    /// <param name="oid">Its identifier.</param>
    public static EcCurve? Find(string? oid) => Array.Find(s_all, c => c.Oid == oid);
}
