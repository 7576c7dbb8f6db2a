using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Pkix;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.Collections;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust;

/// <summary>Validates one certification path (RFC 5280 6.1) and the revocation of what is in it (RFC 5280 6.3).</summary>
/// <param name="conditions">What the path is held to.</param>
/// <param name="others">Where the certificates of CRL issuers may come from.</param>
/// <remarks>
/// The rules are the library's. Added are the limits of the trusted authority itself (RFC 5937 3.2), the names that the library does not know (RFC 9598),
/// and which policies are left (<see cref="CertificatePolicyGraph"/>).
/// </remarks>
internal sealed class CertificationPathValidation(CertificationPathConditions conditions, IReadOnlyList<CertificateFacts> others)
{
    /// <summary>Certificates of one CRL issuer that are looked at.</summary>
    private const int MaxCrlIssuers = 4;

    private readonly Dictionary<string, X509Certificate> _parsed = [];

    /// <summary>What the parser and the verifier throw at broken input: they have no one exception for it.</summary>
    /// <param name="thrown">What was thrown.</param>
    public static bool IsBrokenInput(Exception thrown) =>
        thrown is GeneralSecurityException or CryptoException or ArgumentException or IOException or FormatException or InvalidOperationException
            or InvalidCastException or ArithmeticException or NullReferenceException or IndexOutOfRangeException;

    /// <summary>A certificate as the library reads it, read once.</summary>
    /// <param name="facts">The certificate.</param>
    public X509Certificate Parsed(CertificateFacts facts)
    {
        if (!_parsed.TryGetValue(facts.Certificate.Fingerprint, out X509Certificate? parsed))
            _parsed[facts.Certificate.Fingerprint] = parsed = new X509Certificate(facts.Certificate.Der.ToArray());
        return parsed;
    }

    /// <summary>Validates a path.</summary>
    /// <param name="path">The certificate in question first, the trusted authority last.</param>
    public CertificationPathVerdict Validate(IReadOnlyList<CertificateFacts> path)
    {
        CertificateFacts anchor = path[^1];
        List<CertificateFacts> below = [.. path.Take(path.Count - 1)];
        if (anchor.PathLength < below.Skip(1).Count(facts => !facts.IsSelfIssued))
            return CertificationPathVerdict.Invalid(CertificationPathProblem.Rule, "allows fewer authorities below it (path length constraint)", anchor, path);
        if (NameConstraintCheck.Find(path) is { } outside)
            return CertificationPathVerdict.Invalid(outside.Problem, outside.Reason, outside.At, path);
        CertificationPathVerdict verdict = Validate(path, below, null);
        return verdict.IsValid && conditions.Crls is { } crls ? Validate(path, below, crls) : verdict;
    }

    private CertificationPathVerdict Validate(IReadOnlyList<CertificateFacts> path, List<CertificateFacts> below, IReadOnlyList<X509Crl>? crls)
    {
        try
        {
            PkixParameters parameters = Parameters(path[^1]);
            if (crls is not null)
            {
                parameters.IsRevocationEnabled = true;
                parameters.IsUseDeltasEnabled = true;
                parameters.AddStoreCrl(CollectionUtilities.CreateStore(crls));
                parameters.AddStoreCert(CollectionUtilities.CreateStore(path.Concat(CrlIssuers(crls)).Distinct().Select(Parsed).ToList()));
            }
            new PkixCertPathValidator().Validate(new PkixCertPath(below.Select(Parsed).ToList()), parameters);
            return CertificatePolicyGraph.Find([.. below.Select(Parsed).Reverse()], conditions) is { } policies
                ? CertificationPathVerdict.Valid(path, policies)
                : CertificationPathVerdict.Invalid(CertificationPathProblem.Policy, "is valid for no policy that was asked for, and one is required", below[0], path);
        }
        catch (Exception wrong) when (IsBrokenInput(wrong))
        {
            int index = wrong is PkixCertPathValidatorException { Index: >= 0 } placed && placed.Index < below.Count ? placed.Index : -1;
            return Failed(wrong, crls is not null, index < 0 ? null : below[index], path);
        }
    }

    private PkixParameters Parameters(CertificateFacts anchor)
    {
        var parameters = new PkixParameters(new HashSet<TrustAnchor> { new(Parsed(anchor), null) })
        {
            IsRevocationEnabled = false,
            Date = conditions.Time.UtcDateTime,
            IsPolicyMappingInhibited = conditions.InhibitsPolicyMapping,
            IsAnyPolicyInhibited = conditions.InhibitsAnyPolicy,
            // Qualifiers are for people to read (RFC 5280 4.2.1.4); a path does not fail over them.
            IsPolicyQualifiersRejected = false,
        };
        parameters.AddCertPathChecker(new UnderstoodExtensions());
        return parameters;
    }

    private IEnumerable<CertificateFacts> CrlIssuers(IReadOnlyList<X509Crl> crls) => crls
        .Select(crl => crl.IssuerDN)
        .DistinctBy(name => name.ToString())
        .SelectMany(name => others.Where(facts => facts.Subject is not null && facts.Subject.Equivalent(name, true)).Take(MaxCrlIssuers));

    private static CertificationPathVerdict Failed(Exception wrong, bool revocation, CertificateFacts? at, IReadOnlyList<CertificateFacts> path)
    {
        const string Revoked = "Certificate revocation after ";
        string words = FirstSentence(wrong.Message);
        if (words.StartsWith(Revoked, StringComparison.Ordinal))
            return CertificationPathVerdict.Invalid(CertificationPathProblem.Revoked, $"was revoked at {words[Revoked.Length..]}", at, path);
        if (revocation)
            return CertificationPathVerdict.Invalid(CertificationPathProblem.RevocationUnknown, $"stands under no CRL that is valid at the time ({words})", at, path);
        CertificationPathProblem problem = words.Contains("policy", StringComparison.OrdinalIgnoreCase) ? CertificationPathProblem.Policy : CertificationPathProblem.Rule;
        return CertificationPathVerdict.Invalid(problem, $"breaks a rule of RFC 5280 6.1 ({words})", at, path);
    }

    /// <summary>The library's words, as far as they are for people.</summary>
    private static string FirstSentence(string words) =>
        string.Concat(words.Split(". ")[0].TrimEnd('.').Select(c => c is >= ' ' and < '\x7f' ? c : '?'));

    /// <summary>Tells the library of critical extensions that it leaves to its caller.</summary>
    private sealed class UnderstoodExtensions : PkixCertPathChecker
    {
        public override void Init(bool forward)
        {
        }

        public override bool IsForwardCheckingSupported() => true;

        public override ISet<string>? GetSupportedExtensions() => null;

        public override void Check(X509Certificate cert, ISet<string> unresolvedCritExts) => unresolvedCritExts.ExceptWith(CertificateFacts.UnderstoodExtensions);
    }
}
