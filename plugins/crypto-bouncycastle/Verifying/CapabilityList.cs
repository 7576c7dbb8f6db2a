using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>Takes the content encryption algorithms out of SMIMECapabilities (RFC 8551 2.5.2).</summary>
internal static class CapabilityList
{
    private static readonly Dictionary<string, string> s_names = new()
    {
        [NistObjectIdentifiers.IdAes128Cbc.Id] = CmsAlgorithmNames.Aes128Cbc,
        [NistObjectIdentifiers.IdAes192Cbc.Id] = CmsAlgorithmNames.Aes192Cbc,
        [NistObjectIdentifiers.IdAes256Cbc.Id] = CmsAlgorithmNames.Aes256Cbc,
        [NistObjectIdentifiers.IdAes128Gcm.Id] = CmsAlgorithmNames.Aes128Gcm,
        [NistObjectIdentifiers.IdAes192Gcm.Id] = CmsAlgorithmNames.Aes192Gcm,
        [NistObjectIdentifiers.IdAes256Gcm.Id] = CmsAlgorithmNames.Aes256Gcm,
        [PkcsObjectIdentifiers.DesEde3Cbc.Id] = CmsAlgorithmNames.TripleDesCbc,
    };

    // Digests, signatures, key transport, key agreement, key wraps and preferBinaryInside stand in the same list.
    private static readonly string[] s_otherArcs =
    [
        "1.2.840.113549.1.1.", "1.2.840.113549.2.", "1.2.840.113549.1.9.16.11.", "1.2.840.10040.", "1.2.840.10045.",
        "1.3.132.", "1.3.133.", "1.3.101.", "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.", "2.16.840.1.101.3.4.3.",
    ];

    private static readonly HashSet<string> s_others =
    [
        NistObjectIdentifiers.IdAes128Wrap.Id, NistObjectIdentifiers.IdAes192Wrap.Id, NistObjectIdentifiers.IdAes256Wrap.Id,
        PkcsObjectIdentifiers.IdAlgCms3DesWrap.Id, PkcsObjectIdentifiers.IdAlgCmsRC2Wrap.Id, PkcsObjectIdentifiers.IdAlgEsdh.Id,
        PkcsObjectIdentifiers.IdAlgSsdh.Id, PkcsObjectIdentifiers.IdAlgZlibCompress.Id, PkcsObjectIdentifiers.IdAlgPwriKek.Id,
        PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha256_scheme.Id, PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha384_scheme.Id,
        PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha512_scheme.Id,
    ];

    // More than anyone writes; the rest is left out.
    private const int Most = 64;

    public static IReadOnlyList<string> Read(Asn1Encodable value) => value is not Asn1Sequence list ? [] :
    [
        .. list.Take(Most)
            .OfType<Asn1Sequence>()
            .Where(capability => capability.Count > 0)
            .Select(capability => capability[0])
            .OfType<DerObjectIdentifier>()
            .Select(identifier => identifier.Id)
            .Where(identifier => !s_others.Contains(identifier) && !s_otherArcs.Any(identifier.StartsWith))
            .Select(identifier => s_names.GetValueOrDefault(identifier, identifier)),
    ];
}
