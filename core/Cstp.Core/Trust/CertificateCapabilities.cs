using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Core.Trust;

/// <summary>The SMIMECapabilities extension of a certificate (RFC 4262).</summary>
internal static class CertificateCapabilities
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["2.16.840.1.101.3.4.1.2"] = CmsAlgorithmNames.Aes128Cbc,
        ["2.16.840.1.101.3.4.1.22"] = CmsAlgorithmNames.Aes192Cbc,
        ["2.16.840.1.101.3.4.1.42"] = CmsAlgorithmNames.Aes256Cbc,
        ["2.16.840.1.101.3.4.1.6"] = CmsAlgorithmNames.Aes128Gcm,
        ["2.16.840.1.101.3.4.1.26"] = CmsAlgorithmNames.Aes192Gcm,
        ["2.16.840.1.101.3.4.1.46"] = CmsAlgorithmNames.Aes256Gcm,
        ["1.2.840.113549.1.1.7"] = CmsAlgorithmNames.RsaOaep,
    };

    /// <summary>Reads the extension.</summary>
    /// <param name="extensions">The certificate's extensions.</param>
    /// <returns>Names where there is one, else object identifiers; empty where there is no extension.</returns>
    public static IReadOnlyList<string> Read(X509Extensions extensions)
    {
        if (extensions.GetExtensionParsedValue(PkcsObjectIdentifiers.Pkcs9AtSmimeCapabilities) is not Asn1Sequence capabilities)
            return [];
        return [.. capabilities.OfType<Asn1Sequence>()
            .Where(capability => capability.Count > 0 && capability[0] is DerObjectIdentifier)
            .Select(capability => Name(((DerObjectIdentifier)capability[0]).Id))];
    }

    /// <summary>The name of an algorithm, or its object identifier where it has none here.</summary>
    /// <param name="capability">A name or a dotted object identifier.</param>
    public static string Name(string capability) => Names.GetValueOrDefault(capability, capability);
}
