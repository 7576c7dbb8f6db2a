namespace Cstp.Abstractions;

/// <summary>Digest algorithms that are written (RFC 5754 2).</summary>
public enum DigestAlgorithm
{
    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>SHA-384.</summary>
    Sha384,

    /// <summary>SHA-512.</summary>
    Sha512,
}

/// <summary>Content encryption algorithms that are written.</summary>
public enum ContentCipher
{
    /// <summary>AES-128 in CBC mode, EnvelopedData (RFC 3565).</summary>
    Aes128Cbc,

    /// <summary>AES-256 in CBC mode, EnvelopedData (RFC 3565).</summary>
    Aes256Cbc,

    /// <summary>AES-128 in GCM mode, AuthEnvelopedData (RFC 5084).</summary>
    Aes128Gcm,

    /// <summary>AES-256 in GCM mode, AuthEnvelopedData (RFC 5084).</summary>
    Aes256Gcm,
}

/// <summary>How a content key is brought to an RSA key.</summary>
public enum RsaKeyTransport
{
    /// <summary>RSAES-PKCS1-v1_5 (RFC 3370 4.2.1).</summary>
    Pkcs1,

    /// <summary>RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 3560).</summary>
    OaepSha256,
}

/// <summary>The names by which algorithms occur in results, capabilities, reports and logs.</summary>
/// <remarks>A module reports one that is not listed here as its dotted object identifier.</remarks>
public static class CmsAlgorithmNames
{
    /// <summary>MD5.</summary>
    public const string Md5 = "md5";

    /// <summary>SHA-1.</summary>
    public const string Sha1 = "sha1";

    /// <summary>SHA-224.</summary>
    public const string Sha224 = "sha224";

    /// <summary>SHA-256.</summary>
    public const string Sha256 = "sha256";

    /// <summary>SHA-384.</summary>
    public const string Sha384 = "sha384";

    /// <summary>SHA-512.</summary>
    public const string Sha512 = "sha512";

    /// <summary>RSASSA-PKCS1-v1_5 signature, or RSAES-PKCS1-v1_5 key transport (the field tells which).</summary>
    public const string RsaPkcs1 = "rsa-pkcs1";

    /// <summary>RSASSA-PSS.</summary>
    public const string RsaPss = "rsa-pss";

    /// <summary>RSAES-OAEP.</summary>
    public const string RsaOaep = "rsa-oaep";

    /// <summary>DSA.</summary>
    public const string Dsa = "dsa";

    /// <summary>ECDSA on NIST P-256.</summary>
    public const string EcdsaP256 = "ecdsa-p256";

    /// <summary>ECDSA on NIST P-384.</summary>
    public const string EcdsaP384 = "ecdsa-p384";

    /// <summary>ECDSA on NIST P-521.</summary>
    public const string EcdsaP521 = "ecdsa-p521";

    /// <summary>Ed25519 (RFC 8419).</summary>
    public const string Ed25519 = "ed25519";

    /// <summary>ML-DSA-44 (RFC 9882).</summary>
    public const string MlDsa44 = "ml-dsa-44";

    /// <summary>ML-DSA-65 (RFC 9882).</summary>
    public const string MlDsa65 = "ml-dsa-65";

    /// <summary>ML-DSA-87 (RFC 9882).</summary>
    public const string MlDsa87 = "ml-dsa-87";

    /// <summary>Ephemeral-static ECDH on NIST P-256 (RFC 5753).</summary>
    public const string EcdhP256 = "ecdh-p256";

    /// <summary>Ephemeral-static ECDH on NIST P-384 (RFC 5753).</summary>
    public const string EcdhP384 = "ecdh-p384";

    /// <summary>Ephemeral-static ECDH on NIST P-521 (RFC 5753).</summary>
    public const string EcdhP521 = "ecdh-p521";

    /// <summary>Ephemeral-static X25519 (RFC 8418).</summary>
    public const string X25519 = "x25519";

    /// <summary>ML-KEM-512 (RFC 9936).</summary>
    public const string MlKem512 = "ml-kem-512";

    /// <summary>ML-KEM-768 (RFC 9936).</summary>
    public const string MlKem768 = "ml-kem-768";

    /// <summary>ML-KEM-1024 (RFC 9936).</summary>
    public const string MlKem1024 = "ml-kem-1024";

    /// <summary>AES-128-CBC.</summary>
    public const string Aes128Cbc = "aes-128-cbc";

    /// <summary>AES-192-CBC.</summary>
    public const string Aes192Cbc = "aes-192-cbc";

    /// <summary>AES-256-CBC.</summary>
    public const string Aes256Cbc = "aes-256-cbc";

    /// <summary>AES-128-GCM.</summary>
    public const string Aes128Gcm = "aes-128-gcm";

    /// <summary>AES-192-GCM.</summary>
    public const string Aes192Gcm = "aes-192-gcm";

    /// <summary>AES-256-GCM.</summary>
    public const string Aes256Gcm = "aes-256-gcm";

    /// <summary>Triple DES in CBC mode.</summary>
    public const string TripleDesCbc = "des-ede3-cbc";
}

/// <summary>What a crypto module can do, in the words of <see cref="CmsAlgorithmNames"/>.</summary>
/// <param name="Digests">Digests of signatures that it makes.</param>
/// <param name="Signatures">Signature algorithms that it makes and checks.</param>
/// <param name="KeyManagement">Key transport, key agreement and key encapsulation algorithms that it writes and reads.</param>
/// <param name="ContentEncryption">Content encryption algorithms that it writes.</param>
/// <param name="KeyReferences">Whether it takes a <see cref="PrivateKeyReference"/>.</param>
/// <param name="Library">The library beneath and its version, for people: <c>"BouncyCastle 2.7.0"</c>.</param>
public sealed record CmsCapabilities(
    IReadOnlyList<string> Digests,
    IReadOnlyList<string> Signatures,
    IReadOnlyList<string> KeyManagement,
    IReadOnlyList<string> ContentEncryption,
    bool KeyReferences,
    string Library);
