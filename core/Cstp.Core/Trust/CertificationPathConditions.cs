using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust;

/// <summary>What a certification path is held to, beside the trusted authorities: the inputs of RFC 5280 6.1.1.</summary>
/// <param name="Time">The time at which all must be valid.</param>
internal sealed record CertificationPathConditions(DateTimeOffset Time)
{
    /// <summary>The user-initial-policy-set as object identifiers; empty is any-policy.</summary>
    public IReadOnlyList<string> AcceptablePolicies { get; init; } = [];

    /// <summary>Whether the path must be valid for one of the acceptable policies (initial-explicit-policy).</summary>
    public bool RequiresPolicy { get; init; }

    /// <summary>Whether no policy may be mapped to another (initial-policy-mapping-inhibit).</summary>
    public bool InhibitsPolicyMapping { get; init; }

    /// <summary>Whether anyPolicy in a certificate stands for no other policy (initial-any-policy-inhibit).</summary>
    public bool InhibitsAnyPolicy { get; init; }

    /// <summary>Whether authorities with an extended key usage must be for mail, too.</summary>
    public bool ForMail { get; init; }

    /// <summary>Where revocation is looked up (RFC 5280 6.3): each certificate must stand under one of them. Null: nothing is said about revocation.</summary>
    public IReadOnlyList<X509Crl>? Crls { get; init; }
}
