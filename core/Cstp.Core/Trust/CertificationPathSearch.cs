using Org.BouncyCastle.Pkix;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust;

/// <summary>Looks for a certification path from a certificate to a trusted authority (RFC 5280 6.1), within a fixed budget.</summary>
/// <param name="anchors">The trusted authorities.</param>
/// <param name="intermediates">Where issuers may come from.</param>
/// <param name="now">The time at which all must be valid.</param>
/// <remarks>
/// The search costs at most <see cref="MaxSignatureChecks"/> signature checks whatever the certificates look like; a library's own
/// builder tries every order of cross certificates. What it finds is validated by the library, constraints included.
/// </remarks>
internal sealed class CertificationPathSearch(
    IReadOnlyList<CertificateFacts> anchors, IReadOnlyList<CertificateFacts> intermediates, DateTimeOffset now)
{
    private const int MaxLength = 10;
    private const int MaxSignatureChecks = 64;
    private const int MaxValidations = 4;

    private readonly Dictionary<string, X509Certificate> _parsed = [];
    private readonly HashSet<string> _seen = [];
    private int _signatureChecks;
    private int _validations;
    private string _outcome = "no trusted authority issued it";

    /// <summary>Searches.</summary>
    /// <param name="leaf">The certificate in question.</param>
    /// <returns>Null where a path holds, else why there is none.</returns>
    public string? Find(CertificateFacts leaf)
    {
        _seen.Add(leaf.Certificate.Fingerprint);
        return Extend([leaf]) ? null : _outcome;
    }

    private bool Extend(List<CertificateFacts> path)
    {
        CertificateFacts last = path[^1];
        foreach (CertificateFacts anchor in anchors)
        {
            if (Issued(anchor, last) && Validates(path, anchor))
                return true;
        }
        if (path.Count >= MaxLength)
        {
            _outcome = $"its certification path is longer than {MaxLength}";
            return false;
        }
        foreach (CertificateFacts issuer in intermediates)
        {
            if (_seen.Contains(issuer.Certificate.Fingerprint) || !Issued(issuer, last))
                continue;
            // Seen once is enough: what could not be reached from it then cannot be reached from it now, but for the length.
            _seen.Add(issuer.Certificate.Fingerprint);
            path.Add(issuer);
            if (Extend(path))
                return true;
            path.RemoveAt(path.Count - 1);
        }
        return false;
    }

    private bool Issued(CertificateFacts issuer, CertificateFacts subject)
    {
        if (issuer.Subject is null || !issuer.Subject.Equivalent(subject.Issuer) || issuer.WhyNoIssuer(now) is not null)
            return false;
        if (_signatureChecks >= MaxSignatureChecks)
        {
            _outcome = "its certification path cannot be found within the budget";
            return false;
        }
        _signatureChecks++;
        try
        {
            Parsed(subject).Verify(Parsed(issuer).GetPublicKey());
            return true;
        }
        catch (Exception wrong) when (wrong is GeneralSecurityException or ArgumentException or IOException or InvalidOperationException)
        {
            return false;
        }
    }

    private bool Validates(List<CertificateFacts> path, CertificateFacts anchor)
    {
        if (_validations++ >= MaxValidations)
            return false;
        var parameters = new PkixParameters(new HashSet<TrustAnchor> { new(Parsed(anchor), null) })
        {
            IsRevocationEnabled = false,
            Date = now.UtcDateTime,
        };
        if ((anchor.HasNameConstraints || path.Any(facts => facts.HasNameConstraints)) && path[0].Addresses.HasSmtpUtf8)
        {
            // RFC 9598 6 applies rfc822Name constraints to SmtpUTF8Mailbox; the library does not look at those.
            _outcome = "an SmtpUTF8Mailbox stands under name constraints";
            return false;
        }
        try
        {
            var certificates = path.Select(Parsed).ToList();
            if (anchor.HasNameConstraints)
            {
                // A trust anchor's own constraints are no input of RFC 5280 6.1, but an administrator who trusts it means them.
                certificates.Add(Parsed(anchor));
            }
            new PkixCertPathValidator().Validate(new PkixCertPath(certificates), parameters);
            return true;
        }
        catch (Exception wrong) when (wrong is GeneralSecurityException or ArgumentException or IOException or InvalidOperationException)
        {
            _outcome = "its certification path is invalid";
            return false;
        }
    }

    private X509Certificate Parsed(CertificateFacts facts)
    {
        if (!_parsed.TryGetValue(facts.Certificate.Fingerprint, out X509Certificate? parsed))
            _parsed[facts.Certificate.Fingerprint] = parsed = new X509Certificate(facts.Certificate.Der.ToArray());
        return parsed;
    }
}
