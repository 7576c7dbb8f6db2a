using Cstp.Abstractions;

namespace CryptoSample;

/// <summary>Object identifiers, and the names that the contracts have for them.</summary>
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
    public const string SigningCertificate = "1.2.840.113549.1.9.16.2.12";
    public const string SigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";
    public const string EncryptionKeyPreference = "1.2.840.113549.1.9.16.2.11";
    public const string AlgorithmProtection = "1.2.840.113549.1.9.52";

    public const string Rsa = "1.2.840.113549.1.1.1";
    public const string Sha256WithRsa = "1.2.840.113549.1.1.11";
    public const string Ec = "1.2.840.10045.2.1";
    public const string P256 = "1.2.840.10045.3.1.7";
    public const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";
    public const string Sha256 = "2.16.840.1.101.3.4.2.1";
    public const string AgreementSha256 = "1.3.132.1.11.1";
    public const string Aes128Wrap = "2.16.840.1.101.3.4.1.5";
    public const string Aes256Wrap = "2.16.840.1.101.3.4.1.45";

    private static readonly (ContentCipher Cipher, string Name, string Oid)[] s_ciphers =
    [
        (ContentCipher.Aes128Cbc, CmsAlgorithmNames.Aes128Cbc, "2.16.840.1.101.3.4.1.2"),
        (ContentCipher.Aes128Gcm, CmsAlgorithmNames.Aes128Gcm, "2.16.840.1.101.3.4.1.6"),
        (ContentCipher.Aes256Cbc, CmsAlgorithmNames.Aes256Cbc, "2.16.840.1.101.3.4.1.42"),
        (ContentCipher.Aes256Gcm, CmsAlgorithmNames.Aes256Gcm, "2.16.840.1.101.3.4.1.46"),
    ];

    private static readonly Dictionary<string, string> s_digests = new()
    {
        [Sha256] = CmsAlgorithmNames.Sha256,
        ["2.16.840.1.101.3.4.2.2"] = CmsAlgorithmNames.Sha384,
        ["2.16.840.1.101.3.4.2.3"] = CmsAlgorithmNames.Sha512,
        ["1.3.14.3.2.26"] = CmsAlgorithmNames.Sha1,
        ["1.2.840.113549.2.5"] = CmsAlgorithmNames.Md5,
    };

    public static string Of(ContentCipher cipher) => s_ciphers.Single(known => known.Cipher == cipher).Oid;

    public static string NameOf(ContentCipher cipher) => s_ciphers.Single(known => known.Cipher == cipher).Name;

    public static ContentCipher? CipherOf(string oid) => s_ciphers.Where(known => known.Oid == oid).Select(known => (ContentCipher?)known.Cipher).FirstOrDefault();

    /// <summary>A digest by its name; one that has none by its identifier.</summary>
    /// <param name="oid">The identifier.</param>
    public static string DigestName(string oid) => s_digests.GetValueOrDefault(oid, oid);

    /// <summary>A content encryption algorithm by its name; one that has none by its identifier.</summary>
    /// <param name="oid">The identifier.</param>
    public static string CipherName(string oid) => CipherOf(oid) is { } cipher ? NameOf(cipher) : oid;
}
