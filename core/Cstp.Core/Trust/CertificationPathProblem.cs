namespace Cstp.Core.Trust;

/// <summary>Why no certification path holds.</summary>
internal enum CertificationPathProblem
{
    /// <summary>No trusted authority stands at the end of it.</summary>
    NoAuthority,

    /// <summary>The search was given up: it, or the path, is too much to look at.</summary>
    Effort,

    /// <summary>A certificate of the path is expired, not valid yet, no authority, not for this use, or cannot be read.</summary>
    Certificate,

    /// <summary>A name is outside of the name constraints (RFC 5280 4.2.1.10).</summary>
    Names,

    /// <summary>It is valid for none of the policies asked for (RFC 5280 6.1.5).</summary>
    Policy,

    /// <summary>A certificate of the path is revoked.</summary>
    Revoked,

    /// <summary>No CRL that is valid at the time covers a certificate of the path (RFC 5280 6.3).</summary>
    RevocationUnknown,

    /// <summary>Another rule of RFC 5280 6.1.</summary>
    Rule,
}
