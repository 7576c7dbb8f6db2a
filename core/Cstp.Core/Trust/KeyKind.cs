namespace Cstp.Core.Trust;

/// <summary>The kinds of key that are made.</summary>
internal enum KeyKind
{
    /// <summary>EC on NIST P-256: signs and is encrypted to.</summary>
    P256,

    /// <summary>EC on NIST P-384: signs and is encrypted to.</summary>
    P384,

    /// <summary>RSA with 2048 bits: signs and is encrypted to.</summary>
    Rsa2048,

    /// <summary>RSA with 3072 bits: signs and is encrypted to.</summary>
    Rsa3072,

    /// <summary>RSA with 4096 bits: signs and is encrypted to.</summary>
    Rsa4096,

    /// <summary>Two keys: Ed25519 signs, X25519 is encrypted to.</summary>
    Ed25519,

    /// <summary>Two keys: ML-DSA-65 signs, ML-KEM-768 is encrypted to.</summary>
    MlDsa65,

    /// <summary>Two keys: ML-DSA-87 signs, ML-KEM-1024 is encrypted to.</summary>
    MlDsa87,
}
