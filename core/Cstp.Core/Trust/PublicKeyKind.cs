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

    /// <summary>ML-DSA-44 (RFC 9881): signs, is never encrypted to; so the next two.</summary>
    MlDsa44,

    /// <summary>ML-DSA-65.</summary>
    MlDsa65,

    /// <summary>ML-DSA-87.</summary>
    MlDsa87,

    /// <summary>ML-KEM-512 (RFC 9935): is encrypted to, never signs; so the next two.</summary>
    MlKem512,

    /// <summary>ML-KEM-768.</summary>
    MlKem768,

    /// <summary>ML-KEM-1024.</summary>
    MlKem1024,

    /// <summary>DSA: counts in certification paths and for nothing else.</summary>
    Dsa,
}
