namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>What a certified key is for, as its AlgorithmIdentifier says.</summary>
internal enum PublicKeyKind
{
    /// <summary>Not known, or not to be computed with.</summary>
    Unusable,

    /// <summary>rsaEncryption: any RSA scheme (RFC 3279 2.3.1).</summary>
    Rsa,

    /// <summary>id-RSASSA-PSS: signatures with PSS only (RFC 4055 1.2).</summary>
    RsaPss,

    /// <summary>id-RSAES-OAEP: key transport with OAEP only (RFC 4055 1.2).</summary>
    RsaOaep,

    /// <summary>A named NIST curve (RFC 5480 2.1.1).</summary>
    Ec,

    /// <summary>Ed25519 (RFC 8410).</summary>
    Ed25519,

    /// <summary>X25519 (RFC 8410).</summary>
    X25519,

    /// <summary>ML-DSA of any parameter set (RFC 9881).</summary>
    MlDsa,

    /// <summary>ML-KEM of any parameter set (RFC 9935).</summary>
    MlKem,

    /// <summary>DSA with parameters of its own (RFC 3279 2.3.2).</summary>
    Dsa,
}
