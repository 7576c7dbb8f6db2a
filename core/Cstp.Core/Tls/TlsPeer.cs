using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cstp.Core.Tls;

/// <summary>What a server showed in its handshake: the certificates as octets, so that nothing of the system's is held.</summary>
/// <param name="Certificate">Its own certificate, DER.</param>
/// <param name="Others">The others that it sent.</param>
/// <param name="PathProblem">Why there is no path from it to a trust anchor; null where there is.</param>
internal sealed record TlsPeer(byte[] Certificate, IReadOnlyList<byte[]> Others, string? PathProblem)
{
    /// <summary>More than any honest path has.</summary>
    private const int MaxOthers = 10;

    /// <summary>Takes what a handshake showed.</summary>
    /// <param name="certificate">The server's certificate.</param>
    /// <param name="chain">The path that was found.</param>
    public static TlsPeer Of(X509Certificate2 certificate, X509Chain? chain)
    {
        string? problem = chain is null ? "no path" : string.Join(", ", chain.ChainStatus.Where(s => s.Status != X509ChainStatusFlags.NoError).Select(s => s.Status.ToString()));
        return new(certificate.RawData, [.. (chain?.ChainPolicy.ExtraStore ?? []).Take(MaxOthers).Select(other => other.RawData)], problem.Length > 0 ? problem : null);
    }

    /// <summary>The key of a certificate.</summary>
    /// <param name="certificate">DER.</param>
    public static byte[] PublicKeyOf(byte[] certificate)
    {
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate);
        return parsed.PublicKey.ExportSubjectPublicKeyInfo();
    }

    /// <summary>Whether its own certificate bears a name.</summary>
    /// <param name="name">A host name.</param>
    public bool Bears(string name)
    {
        using X509Certificate2 own = X509CertificateLoader.LoadCertificate(Certificate);
        return own.MatchesHostname(name, allowWildcards: true, allowCommonName: false);
    }

    /// <summary>The host names in its own certificate, wildcards among them.</summary>
    public IReadOnlyList<string> Names()
    {
        using X509Certificate2 own = X509CertificateLoader.LoadCertificate(Certificate);
        try
        {
            return [.. own.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames())];
        }
        catch (CryptographicException)
        {
            // What cannot be read names nobody.
            return [];
        }
    }
}
