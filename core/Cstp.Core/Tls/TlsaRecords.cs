using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cstp.Core.Tls;

/// <summary>One TLSA record (RFC 6698 2.1).</summary>
/// <param name="Usage">2 or 3 are of use (RFC 7672 3.1).</param>
/// <param name="Selector">0 the certificate, 1 its key.</param>
/// <param name="Matching">0 the octets, 1 their SHA-256, 2 their SHA-512.</param>
/// <param name="Data">What must match.</param>
internal sealed record Tlsa(int Usage, int Selector, int Matching, byte[] Data)
{
    /// <summary>Whether it says something that we can check.</summary>
    public bool IsUsable => Usage is 2 or 3 && Selector is 0 or 1 && Data.Length > 0
        && (Matching == 0 || (Matching == 1 && Data.Length == SHA256.HashSizeInBytes) || (Matching == 2 && Data.Length == SHA512.HashSizeInBytes));

    /// <summary>Whether it means a certificate.</summary>
    /// <param name="certificate">DER.</param>
    public bool Matches(byte[] certificate)
    {
        byte[] selected = Selector == 0 ? certificate : TlsPeer.PublicKeyOf(certificate);
        byte[] compared = Matching switch
        {
            1 => SHA256.HashData(selected),
            2 => SHA512.HashData(selected),
            _ => selected,
        };
        return compared.AsSpan().SequenceEqual(Data);
    }
}

/// <summary>The TLSA records of a server, secured by DNSSEC: there is TLS to it that they allow, or none.</summary>
/// <param name="BaseDomain">The host name that they stand under.</param>
/// <param name="Domain">The recipients' domain that led there, or the same.</param>
/// <param name="Records">All of them; at least one.</param>
internal sealed record TlsaRecords(string BaseDomain, string Domain, IReadOnlyList<Tlsa> Records)
{
    /// <summary>Whether any can be checked; where none can, TLS is due and nobody is verified (RFC 7672 2.2).</summary>
    public bool AreUsable => Records.Any(record => record.IsUsable);

    /// <summary>Whether they allow a server.</summary>
    /// <param name="peer">The server.</param>
    public bool Allow(TlsPeer peer) => Records.Where(record => record.IsUsable).Any(record => record.Usage == 3
        // The key alone counts: neither names nor times (RFC 7672 3.1.1).
        ? record.Matches(peer.Certificate)
        : IsIssuedUnder(record, peer));

    /// <summary>A path from the server's certificate to an authority that the record means, for a name that the record speaks of (RFC 7672 3.1.2, 3.2.2).</summary>
    private bool IsIssuedUnder(Tlsa record, TlsPeer peer)
    {
        if (!peer.Bears(BaseDomain) && !peer.Bears(Domain))
            return false;
        // An authority that the server does not send can be in the record itself.
        IEnumerable<byte[]> known = record is { Selector: 0, Matching: 0 } ? peer.Others.Append(record.Data) : peer.Others;
        foreach (byte[] authority in known.Where(other => IsReadable(other) && record.Matches(other)))
        {
            if (HasPath(peer, authority))
                return true;
        }
        return false;
    }

    private static bool HasPath(TlsPeer peer, byte[] authority)
    {
        using X509Certificate2 own = X509CertificateLoader.LoadCertificate(peer.Certificate);
        using var anchor = X509CertificateLoader.LoadCertificate(authority);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(anchor);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // The authority need not be a root: a path that goes through it and is otherwise whole will do.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        foreach (byte[] other in peer.Others.Where(IsReadable))
            chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(other));
        try
        {
            return chain.Build(own)
                && chain.ChainElements.Skip(1).Any(element => element.Certificate.RawData.AsSpan().SequenceEqual(authority))
                && chain.ChainElements.TakeWhile(element => !element.Certificate.RawData.AsSpan().SequenceEqual(authority))
                    .All(element => element.ChainElementStatus.All(s => (s.Status & ~(X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) == X509ChainStatusFlags.NoError));
        }
        finally
        {
            foreach (X509Certificate2 other in chain.ChainPolicy.ExtraStore)
                other.Dispose();
        }
    }

    private static bool IsReadable(byte[] certificate)
    {
        try
        {
            X509CertificateLoader.LoadCertificate(certificate).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
