using Cstp.Abstractions;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>Object identifiers, and the names of the contracts for them.</summary>
internal static class Oids
{
    public const string Data = "1.2.840.113549.1.7.1";
    public const string SignedData = "1.2.840.113549.1.7.2";
    public const string EnvelopedData = "1.2.840.113549.1.7.3";
    public const string AuthEnvelopedData = "1.2.840.113549.1.9.16.1.23";

    public const string ContentType = "1.2.840.113549.1.9.3";
    public const string MessageDigest = "1.2.840.113549.1.9.4";
    public const string SigningTime = "1.2.840.113549.1.9.5";
    public const string SmimeCapabilities = "1.2.840.113549.1.9.15";
    public const string EncryptionKeyPreference = "1.2.840.113549.1.9.16.2.11";
    public const string SigningCertificate = "1.2.840.113549.1.9.16.2.12";
    public const string SigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";
    public const string AlgorithmProtection = "1.2.840.113549.1.9.52";
    public const string PreferBinaryInside = "1.2.840.113549.1.9.16.11.1";

    public const string Rsa = "1.2.840.113549.1.1.1";
    public const string RsaOaep = "1.2.840.113549.1.1.7";
    public const string Mgf1 = "1.2.840.113549.1.1.8";
    public const string PSpecified = "1.2.840.113549.1.1.9";
    public const string RsaPss = "1.2.840.113549.1.1.10";
    public const string Ec = "1.2.840.10045.2.1";
    public const string Dsa = "1.2.840.10040.4.1";
    public const string Ed25519 = "1.3.101.112";
    public const string X25519 = "1.3.101.110";

    public const string RecipientKem = "1.2.840.113549.1.9.16.13.3";

    public const string SubjectKeyIdentifier = "2.5.29.14";

    private static readonly Dictionary<string, string> s_digests = new()
    {
        ["1.2.840.113549.2.5"] = CmsAlgorithmNames.Md5,
        ["1.3.14.3.2.26"] = CmsAlgorithmNames.Sha1,
        ["2.16.840.1.101.3.4.2.4"] = CmsAlgorithmNames.Sha224,
        ["2.16.840.1.101.3.4.2.1"] = CmsAlgorithmNames.Sha256,
        ["2.16.840.1.101.3.4.2.2"] = CmsAlgorithmNames.Sha384,
        ["2.16.840.1.101.3.4.2.3"] = CmsAlgorithmNames.Sha512,
    };

    private static readonly Dictionary<string, (string Name, int Key, bool IsGcm)> s_ciphers = new()
    {
        ["2.16.840.1.101.3.4.1.2"] = (CmsAlgorithmNames.Aes128Cbc, 16, false),
        ["2.16.840.1.101.3.4.1.22"] = (CmsAlgorithmNames.Aes192Cbc, 24, false),
        ["2.16.840.1.101.3.4.1.42"] = (CmsAlgorithmNames.Aes256Cbc, 32, false),
        ["2.16.840.1.101.3.4.1.6"] = (CmsAlgorithmNames.Aes128Gcm, 16, true),
        ["2.16.840.1.101.3.4.1.26"] = (CmsAlgorithmNames.Aes192Gcm, 24, true),
        ["2.16.840.1.101.3.4.1.46"] = (CmsAlgorithmNames.Aes256Gcm, 32, true),
        ["1.2.840.113549.3.7"] = (CmsAlgorithmNames.TripleDesCbc, 24, false),
    };

    /// <summary>Signature algorithms that name their digest: family (an algorithm of keys), and the digest.</summary>
    private static readonly Dictionary<string, (string Family, string? Digest)> s_signatures = new()
    {
        [Rsa] = (Rsa, null),
        ["1.2.840.113549.1.1.4"] = (Rsa, CmsAlgorithmNames.Md5),
        ["1.2.840.113549.1.1.5"] = (Rsa, CmsAlgorithmNames.Sha1),
        ["1.2.840.113549.1.1.14"] = (Rsa, CmsAlgorithmNames.Sha224),
        ["1.2.840.113549.1.1.11"] = (Rsa, CmsAlgorithmNames.Sha256),
        ["1.2.840.113549.1.1.12"] = (Rsa, CmsAlgorithmNames.Sha384),
        ["1.2.840.113549.1.1.13"] = (Rsa, CmsAlgorithmNames.Sha512),
        [RsaPss] = (RsaPss, null),
        ["1.2.840.10045.4.1"] = (Ec, CmsAlgorithmNames.Sha1),
        ["1.2.840.10045.4.3.1"] = (Ec, CmsAlgorithmNames.Sha224),
        ["1.2.840.10045.4.3.2"] = (Ec, CmsAlgorithmNames.Sha256),
        ["1.2.840.10045.4.3.3"] = (Ec, CmsAlgorithmNames.Sha384),
        ["1.2.840.10045.4.3.4"] = (Ec, CmsAlgorithmNames.Sha512),
        [Ed25519] = (Ed25519, null),
        [Dsa] = (Dsa, null),
        ["1.2.840.10040.4.3"] = (Dsa, CmsAlgorithmNames.Sha1),
        ["2.16.840.1.101.3.4.3.1"] = (Dsa, CmsAlgorithmNames.Sha224),
        ["2.16.840.1.101.3.4.3.2"] = (Dsa, CmsAlgorithmNames.Sha256),
    };

    /// <summary>The name of a digest, or null.</summary>
    /// <param name="oid">Its identifier.</param>
    public static string? DigestName(string oid) => s_digests.GetValueOrDefault(oid);

    /// <summary>Whether a name is a digest's.</summary>
    /// <param name="name">The name.</param>
    public static bool IsDigest(string name) => s_digests.ContainsValue(name);

    /// <summary>The identifier of a digest.</summary>
    /// <param name="name">Its name.</param>
    public static string DigestOid(string name) => s_digests.First(d => d.Value == name).Key;

    /// <summary>Name, key length and mode of a content cipher, or null.</summary>
    /// <param name="oid">Its identifier.</param>
    public static (string Name, int Key, bool IsGcm)? Cipher(string oid) => s_ciphers.TryGetValue(oid, out var cipher) ? cipher : null;

    /// <summary>The identifier of a content cipher.</summary>
    /// <param name="name">Its name.</param>
    public static string CipherOid(string name) => s_ciphers.First(c => c.Value.Name == name).Key;

    /// <summary>Family and digest of a signature algorithm, or null; that of ML-DSA is its parameter set.</summary>
    /// <param name="oid">Its identifier.</param>
    public static (string Family, string? Digest)? Signature(string oid) => s_signatures.TryGetValue(oid, out var signature) ? signature
        : LatticeAlgorithm.Find(oid) is { Encapsulates: false } ? (oid, null)
        : null;

    /// <summary>Whether a family signs octets rather than their digest.</summary>
    /// <param name="family">The family.</param>
    public static bool IsPure(string family) => family == Ed25519 || LatticeAlgorithm.Find(family) is not null;

    /// <summary>The identifier of a signature algorithm of a family with a digest.</summary>
    /// <param name="family">The family.</param>
    /// <param name="digest">The digest's name.</param>
    public static string SignatureOid(string family, string digest) => s_signatures.First(s => s.Value.Family == family && s.Value.Digest == digest).Key;
}
