namespace Cstp.Core.Trust;

/// <summary>Looks for a certification path from a certificate to a trusted authority (RFC 5280 6.1), within a fixed effort.</summary>
/// <param name="anchors">The trusted authorities.</param>
/// <param name="intermediates">Where issuers may come from.</param>
/// <param name="conditions">What the path is held to.</param>
/// <remarks>
/// Issuers whose key identifier is the one asked for come first, then those of whom none is known (RFC 4158 3.5.12); of those, shorter paths. The search
/// ends after <see cref="MaxSignatureChecks"/> signatures and <see cref="MaxSteps"/> steps whatever the certificates look like; a library's own builder
/// tries every order of cross certificates.
/// </remarks>
internal sealed class CertificationPathSearch(
    IReadOnlyList<CertificateFacts> anchors, IReadOnlyList<CertificateFacts> intermediates, CertificationPathConditions conditions)
{
    /// <summary>Certificates in a path, without the trusted authority.</summary>
    public const int MaxLength = 10;

    /// <summary>Signatures that a search verifies to find its way.</summary>
    public const int MaxSignatureChecks = 64;

    /// <summary>Times that a search looks for issuers of a certificate.</summary>
    public const int MaxSteps = 512;

    /// <summary>Paths that are validated before the search is given up.</summary>
    public const int MaxValidations = 8;

    /// <summary>As often a certificate is passed: it may be that only one of two ways to it holds.</summary>
    private const int MaxPasses = 3;

    /// <summary>Key identifiers: the one asked for, none, another.</summary>
    private const int Distances = 3;

    private readonly CertificationPathValidation _validation = new(conditions, intermediates);
    private readonly Dictionary<(string IssuersKey, string Subject), bool> _issued = [];
    private readonly Dictionary<string, int> _passes = [];
    private int _validations;
    private CertificationPathVerdict? _failed;
    private CertificationPathVerdict? _passedOver;
    private bool _gaveUp;

    /// <summary>Signatures verified so far to find a way.</summary>
    public int SignatureChecks { get; private set; }

    /// <summary>Times so far that issuers of a certificate were looked for.</summary>
    public int Steps { get; private set; }

    /// <summary>Searches.</summary>
    /// <param name="leaf">The certificate in question; what it may be used for is the caller's to judge.</param>
    public CertificationPathVerdict Find(CertificateFacts leaf)
    {
        if (leaf.WhyInvalid(conditions.Time) is { } problem)
            return CertificationPathVerdict.Invalid(CertificationPathProblem.Certificate, problem, leaf, [leaf]);
        var open = new PriorityQueue<Way, (int Distance, int Length)>();
        open.Enqueue(new([leaf], 0, 0), (0, 1));
        while (open.TryDequeue(out Way? way, out _))
        {
            if (Steps >= MaxSteps)
            {
                _gaveUp = true;
                break;
            }
            Steps++;
            if (Extend(way, open) is { } found)
                return found;
        }
        return _failed ?? (_gaveUp
            ? CertificationPathVerdict.Invalid(CertificationPathProblem.Effort, $"has no certification path of {MaxLength} certificates that {MaxSignatureChecks} signature checks find", null, [leaf])
            : _passedOver ?? CertificationPathVerdict.Invalid(CertificationPathProblem.NoAuthority, "was issued by no trusted authority", null, [leaf]));
    }

    private CertificationPathVerdict? Extend(Way way, PriorityQueue<Way, (int Distance, int Length)> open)
    {
        foreach (CertificateFacts anchor in Issuers(anchors, way))
        {
            if (Validated([.. way.Path, anchor]) is { } found)
                return found;
        }
        foreach (CertificateFacts issuer in Issuers(intermediates, way))
        {
            if (way.Path.Count == MaxLength)
                _gaveUp = true;
            else if (!way.Path.Contains(issuer) && Passes(issuer))
                open.Enqueue(new([.. way.Path, issuer], way.Cost, 0), (way.Cost, way.Path.Count + 1));
        }
        if (way.Distance + 1 < Distances)
            open.Enqueue(way with { Cost = way.Cost + 1, Distance = way.Distance + 1 }, (way.Cost + 1, way.Path.Count));
        return null;
    }

    private CertificationPathVerdict? Validated(IReadOnlyList<CertificateFacts> path)
    {
        if (_validations >= MaxValidations)
        {
            _gaveUp = true;
            return null;
        }
        _validations++;
        CertificationPathVerdict verdict = _validation.Validate(path);
        // The first, the shortest one, is what whoever asked has in mind.
        _failed ??= verdict.IsValid ? null : verdict;
        return verdict.IsValid ? verdict : null;
    }

    private bool Passes(CertificateFacts issuer)
    {
        int passes = _passes.GetValueOrDefault(issuer.Certificate.Fingerprint);
        _passes[issuer.Certificate.Fingerprint] = passes + 1;
        return passes < MaxPasses;
    }

    private IEnumerable<CertificateFacts> Issuers(IReadOnlyList<CertificateFacts> candidates, Way way) => candidates.Where(candidate =>
        KeyIdentifierDistance(candidate, way.Path[^1]) == way.Distance
        && candidate.Subject is not null && candidate.Subject.Equivalent(way.Path[^1].Issuer, true)
        && MayIssue(candidate, way.Path) && Issued(candidate, way.Path));

    /// <summary>A key identifier is a hint, not a proof: one that differs comes last, but comes (RFC 4158 3.5.12).</summary>
    private static int KeyIdentifierDistance(CertificateFacts issuer, CertificateFacts subject) =>
        issuer.KeyIdentifier is null || subject.AuthorityKeyIdentifier is null ? 1 : issuer.KeyIdentifier == subject.AuthorityKeyIdentifier ? 0 : 2;

    private bool MayIssue(CertificateFacts issuer, List<CertificateFacts> path)
    {
        string? problem = issuer.WhyNoIssuer(conditions.Time) ?? (conditions.ForMail && !issuer.IsForMail ? "is not for mail (extended key usage)" : null);
        if (problem is not null)
            _passedOver ??= CertificationPathVerdict.Invalid(CertificationPathProblem.Certificate, problem, issuer, [.. path, issuer]);
        return problem is null;
    }

    private bool Issued(CertificateFacts issuer, List<CertificateFacts> path)
    {
        CertificateFacts subject = path[^1];
        // Such a key can be computed with only where the path above it is known: validation does.
        if (issuer.Key.InheritsParameters)
            return true;
        (string, string) pair = (issuer.KeyDigest, subject.Certificate.Fingerprint);
        if (_issued.TryGetValue(pair, out bool known))
            return known;
        if (SignatureChecks >= MaxSignatureChecks)
        {
            _gaveUp = true;
            return false;
        }
        SignatureChecks++;
        bool verified = Verifies(issuer, subject);
        if (!verified)
            _passedOver ??= CertificationPathVerdict.Invalid(CertificationPathProblem.Rule, "was not signed by the key of its issuer", subject, [.. path, issuer]);
        return _issued[pair] = verified;
    }

    private bool Verifies(CertificateFacts issuer, CertificateFacts subject)
    {
        try
        {
            _validation.Parsed(subject).Verify(_validation.Parsed(issuer).GetPublicKey());
            return true;
        }
        catch (Exception wrong) when (CertificationPathValidation.IsBrokenInput(wrong))
        {
            return false;
        }
    }

    /// <summary>A path that may be made longer.</summary>
    /// <param name="Path">The certificate in question first.</param>
    /// <param name="Cost">What its key identifiers spoke against it so far.</param>
    /// <param name="Distance">Which issuers are to be looked for.</param>
    private sealed record Way(List<CertificateFacts> Path, int Cost, int Distance);
}
