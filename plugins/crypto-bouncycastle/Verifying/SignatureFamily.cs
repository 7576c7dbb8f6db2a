namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>The kinds of signature algorithms that are told apart.</summary>
internal enum SignatureFamily
{
    Unknown,
    RsaPkcs1,
    RsaPss,
    Ecdsa,
    Dsa,
    Ed25519,
    MlDsa,
}
