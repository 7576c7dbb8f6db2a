using Org.BouncyCastle.X509;

namespace Cstp.Host.Commands;

/// <summary>A revocation list as it is shown.</summary>
/// <param name="Issuer">The authority.</param>
/// <param name="ThisUpdate">Since when it holds.</param>
/// <param name="NextUpdate">Until when.</param>
/// <param name="Revoked">How many certificates stand in it.</param>
internal sealed record CrlView(string Issuer, DateTimeOffset ThisUpdate, DateTimeOffset? NextUpdate, int Revoked)
{
    /// <summary>Describes a list.</summary>
    /// <param name="list">The list.</param>
    public static CrlView Of(X509Crl list) => new(
        list.IssuerDN.ToString(),
        new DateTimeOffset(list.ThisUpdate, TimeSpan.Zero),
        list.NextUpdate is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null,
        list.GetRevokedCertificates()?.Count ?? 0);
}
