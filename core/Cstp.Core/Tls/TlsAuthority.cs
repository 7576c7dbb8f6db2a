using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cstp.Core.Tls;

/// <summary>The box's own authority: issues certificates for the servers behind the box, for clients that trust it. Safe for all threads.</summary>
/// <param name="pair">Its certificate and key.</param>
/// <param name="time">The clock.</param>
internal sealed class TlsAuthority(ReloadedPair pair, TimeProvider time)
{
    private const int MaxCached = 500;

    private static readonly TimeSpan s_validity = TimeSpan.FromDays(30);
    private static readonly TimeSpan s_reuse = TimeSpan.FromDays(1);
    private static readonly Oid s_serverAuth = new("1.3.6.1.5.5.7.3.1");

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Lock _issuing = new();
    private readonly Dictionary<string, (SslStreamCertificateContext Context, DateTimeOffset Until)> _issued = [];
    private X509Certificate2? _issuer;

    /// <summary>Makes an authority.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="now">The time.</param>
    /// <returns>Certificate and key as PEM.</returns>
    public static (string Certificate, string Key) Create(string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(10));
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>What is wrong with it as an authority; null where nothing is.</summary>
    /// <param name="certificate">Its certificate.</param>
    public static string? ProblemOf(X509Certificate2 certificate) =>
        !certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(basic => basic.CertificateAuthority)
            ? "this certificate may not issue others (no basicConstraints with CA); give one of an authority, or make one with 'cstp tls authority'"
        : certificate.GetKeyAlgorithm() is not ("1.2.840.10045.2.1" or "1.2.840.113549.1.1.1")
            ? "an authority's key is RSA or on a curve of NIST; give such a one, or make one with 'cstp tls authority'"
        : null;

    /// <summary>A certificate for a server.</summary>
    /// <param name="names">Its host names; at least one, or its address.</param>
    /// <param name="address">Its address, in the certificate where there is no name.</param>
    public SslStreamCertificateContext For(IReadOnlyList<string> names, IPAddress address)
    {
        X509Certificate2 issuer = pair.Current.Certificate;
        string known = names.Count > 0 ? string.Join(',', names) : address.ToString();
        lock (_issuing)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (issuer != _issuer || _issued.Count >= MaxCached)
                _issued.Clear();
            _issuer = issuer;
            if (_issued.TryGetValue(known, out var cached) && now < cached.Until)
                return cached.Context;
            // One context for all sessions of a name: it is what their resumption hangs on.
            var context = SslStreamCertificateContext.Create(Issue(issuer, names, address, now), [issuer, .. pair.Current.Others], offline: true);
            _issued[known] = (context, now + s_reuse);
            return context;
        }
    }

    private X509Certificate2 Issue(X509Certificate2 issuer, IReadOnlyList<string> names, IPAddress address, DateTimeOffset now)
    {
        var alternative = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
            alternative.AddDnsName(name);
        if (names.Count == 0)
            alternative.AddIpAddress(address);
        var subject = new X500DistinguishedNameBuilder();
        string common = names.Count > 0 ? names[0] : address.ToString();
        if (common.Length <= 64)   // RFC 5280 A.1
            subject.AddCommonName(common);
        var request = new CertificateRequest(subject.Build(), _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([s_serverAuth], critical: false));
        request.CertificateExtensions.Add(alternative.Build(critical: common.Length > 64));
        if (issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } identifier)
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        DateTimeOffset until = now + s_validity < issuer.NotAfter ? now + s_validity : issuer.NotAfter;
        DateTimeOffset from = now.AddHours(-1) > issuer.NotBefore ? now.AddHours(-1) : issuer.NotBefore;
        using ECDsa? curve = issuer.GetECDsaPrivateKey();
        using RSA? rsa = curve is null ? issuer.GetRSAPrivateKey() : null;
        X509SignatureGenerator signer = curve is not null ? X509SignatureGenerator.CreateForECDsa(curve) : X509SignatureGenerator.CreateForRSA(rsa!, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.Create(issuer.SubjectName, signer, from, until, RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(_key);
    }
}
