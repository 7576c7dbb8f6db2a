using Cstp.CryptoBouncyCastle.Algorithms;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>RSASSA-PSS-params (RFC 4055 3.1) as far as they are known.</summary>
internal sealed record PssParameters(DigestKind Digest, DigestKind MaskDigest, int SaltOctets)
{
    // As much as the longest modulus; memory is taken for what a stranger writes here.
    private const int MostSaltOctets = 2048;

    /// <summary>Reads them, with the defaults of absent fields.</summary>
    /// <returns>Null where a digest, the mask function or the trailer is not known.</returns>
    public static PssParameters? Read(Asn1Encodable? parameters)
    {
        RsassaPssParameters read = RsassaPssParameters.GetInstance(parameters ?? DerSequence.Empty);
        DigestKind? digest = DigestKind.Find(read.HashAlgorithm.Algorithm);
        DigestKind? mask = ReadMask(read.MaskGenAlgorithm);
        if (digest is null || mask is null || !read.TrailerField.HasValue(1)
            || !read.SaltLength.TryGetIntPositiveValueExact(out int salt) || salt > MostSaltOctets)
            return null;
        return new PssParameters(digest, mask, salt);
    }

    /// <summary>The digest of MGF1 (RFC 4055 2.2); null where the function or the digest is not known.</summary>
    public static DigestKind? ReadMask(AlgorithmIdentifier mask) =>
        mask.Algorithm.Equals(PkcsObjectIdentifiers.IdMgf1)
            ? DigestKind.Find(AlgorithmIdentifier.GetInstance(mask.Parameters).Algorithm)
            : null;

    public AlgorithmIdentifier Written => new(PkcsObjectIdentifiers.IdRsassaPss, new RsassaPssParameters(
        Digest.WrittenForRsa,
        new AlgorithmIdentifier(PkcsObjectIdentifiers.IdMgf1, MaskDigest.WrittenForRsa),
        DerInteger.ValueOf(SaltOctets),
        RsassaPssParameters.DefaultTrailerField));

    /// <summary>Whether a signature with these parameters may be made or checked with a key that has those (RFC 4055 3.3).</summary>
    public bool FitKey(PssParameters? key) =>
        key is null || Digest == key.Digest && MaskDigest == key.MaskDigest && SaltOctets >= key.SaltOctets;
}
