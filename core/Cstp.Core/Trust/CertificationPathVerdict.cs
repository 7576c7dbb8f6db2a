namespace Cstp.Core.Trust;

/// <summary>What a search for a certification path ended with.</summary>
/// <param name="Problem">Why there is none, or null where one holds.</param>
/// <param name="Reason">The same in words, as they follow "it" or the certificate at fault; printable ASCII. Null where a path holds.</param>
/// <param name="At">The certificate at fault, where it is one.</param>
/// <param name="Path">The path, or the one that came nearest: the certificate in question first, the trusted authority last.</param>
/// <param name="Policies">The policies that the path is valid for, as object identifiers (RFC 5280 6.1.6); anyPolicy for all.</param>
internal sealed record CertificationPathVerdict(
    CertificationPathProblem? Problem, string? Reason, CertificateFacts? At, IReadOnlyList<CertificateFacts> Path, IReadOnlyList<string> Policies)
{
    /// <summary>Whether a path holds.</summary>
    public bool IsValid => Problem is null;

    /// <summary>A path that holds.</summary>
    /// <param name="path">The path.</param>
    /// <param name="policies">Its policies.</param>
    public static CertificationPathVerdict Valid(IReadOnlyList<CertificateFacts> path, IReadOnlyList<string> policies) => new(null, null, null, path, policies);

    /// <summary>A path that does not hold.</summary>
    /// <param name="problem">Why.</param>
    /// <param name="reason">The same in words.</param>
    /// <param name="at">The certificate at fault, where it is one.</param>
    /// <param name="path">The path as far as it goes.</param>
    public static CertificationPathVerdict Invalid(CertificationPathProblem problem, string reason, CertificateFacts? at, IReadOnlyList<CertificateFacts> path) =>
        new(problem, reason, at, path, []);
}
