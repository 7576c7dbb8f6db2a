using System.ComponentModel.DataAnnotations;

namespace Cstp.Core.Trust;

/// <summary>Section <c>[trust]</c>.</summary>
internal sealed record TrustOptions
{
    /// <summary>
    /// Whether a certificate that signed mail and chains to an authority of the store is used for encryption to its addresses from then on. Of several
    /// so harvested the newest is used.
    /// </summary>
    public bool Harvest { get; init; }

    /// <summary>How long before the end of a certificate the log begins to warn.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "365.00:00:00")]
    public TimeSpan ExpiryWarning { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>Keeps a certificate that mail brought. Never waits.</summary>
/// <param name="certificate">The certificate.</param>
/// <param name="source">Whose mail carried it.</param>
/// <param name="capabilities">What its owner said to read, in a signature that holds; empty where unknown.</param>
/// <param name="carried">What the message carried besides: possible issuers.</param>
internal delegate void CertificateCollection(
    Cstp.Abstractions.EncodedCertificate certificate, string source, IReadOnlyList<string> capabilities, IReadOnlyList<Cstp.Abstractions.EncodedCertificate> carried);
