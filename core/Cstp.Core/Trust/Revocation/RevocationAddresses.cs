using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust.Revocation;

/// <summary>Where a certificate says that its revocation is told: only http and https, and only some of each (RFC 5280 4.2.1.13, 4.2.2.1).</summary>
/// <param name="Lists">Distribution points of CRLs.</param>
/// <param name="Responders">OCSP responders.</param>
internal sealed record RevocationAddresses(IReadOnlyList<Uri> Lists, IReadOnlyList<Uri> Responders)
{
    private const int MaxOfAKind = 3;

    /// <summary>Reads a certificate.</summary>
    /// <param name="certificate">A certificate of a path that holds.</param>
    public static RevocationAddresses Read(X509Certificate certificate)
    {
        try
        {
            X509Extensions? extensions = certificate.CertificateStructure.TbsCertificate.Extensions;
            if (extensions is null)
                return new([], []);
            IEnumerable<GeneralName> lists = extensions.GetExtensionParsedValue(X509Extensions.CrlDistributionPoints) is { } points
                ? CrlDistPoint.GetInstance(points).GetDistributionPoints()
                    .Where(point => point is { CrlIssuer: null, Reasons: null, DistributionPointName.Type: DistributionPointName.FullName })
                    .SelectMany(point => GeneralNames.GetInstance(point.DistributionPointName.Name).GetNames())
                : [];
            IEnumerable<GeneralName> responders = extensions.GetExtensionParsedValue(X509Extensions.AuthorityInfoAccess) is { } access
                ? AuthorityInformationAccess.GetInstance(access).GetAccessDescriptions()
                    .Where(description => description.AccessMethod.Equals(X509ObjectIdentifiers.OcspAccessMethod))
                    .Select(description => description.AccessLocation)
                : [];
            return new(Web(lists), Web(responders));
        }
        catch (Exception broken) when (CertificationPathValidation.IsBrokenInput(broken))
        {
            return new([], []);
        }
    }

    private static List<Uri> Web(IEnumerable<GeneralName> names) =>
    [
        .. names.Where(name => name.TagNo == GeneralName.UniformResourceIdentifier)
            .Select(name => Uri.TryCreate(((IAsn1String)name.Name).GetString(), UriKind.Absolute, out Uri? address) ? address : null)
            .OfType<Uri>()
            .Where(address => (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) && address.UserInfo.Length == 0)
            .Take(MaxOfAKind),
    ];
}
