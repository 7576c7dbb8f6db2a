namespace Cstp.Core.Trust.Revocation;

/// <summary>What is known of a certificate's revocation.</summary>
internal enum RevocationState
{
    /// <summary>Its authority stands by it.</summary>
    Good,

    /// <summary>Its authority, or one above, revoked it.</summary>
    Revoked,

    /// <summary>Nothing valid is to be had.</summary>
    Unknown,
}

/// <summary>The revocation of one certificate or path.</summary>
/// <param name="State">What is known.</param>
/// <param name="Reason">In words, as they follow "the certificate"; printable ASCII.</param>
/// <param name="Until">Until when it is known so.</param>
internal sealed record RevocationStatus(RevocationState State, string Reason, DateTimeOffset Until)
{
    /// <summary>Nobody looks.</summary>
    public static RevocationStatus NotLookedAt { get; } = new(RevocationState.Good, "was not looked up", DateTimeOffset.MaxValue);
}
