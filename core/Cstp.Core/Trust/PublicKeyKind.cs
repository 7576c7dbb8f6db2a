namespace Cstp.Core.Trust;

/// <summary>The kinds of public key that certificates are used with.</summary>
internal enum PublicKeyKind
{
    /// <summary>None that is known; never computed with.</summary>
    Unknown,

    /// <summary>RSA, also marked id-RSASSA-PSS.</summary>
    Rsa,

    /// <summary>NIST P-256.</summary>
    P256,

    /// <summary>NIST P-384.</summary>
    P384,

    /// <summary>NIST P-521.</summary>
    P521,

    /// <summary>Ed25519: signs, is never encrypted to.</summary>
    Ed25519,

    /// <summary>X25519: is encrypted to, never signs.</summary>
    X25519,
}
