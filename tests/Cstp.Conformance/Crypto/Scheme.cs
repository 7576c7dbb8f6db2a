using Cstp.Abstractions;
using Cstp.Conformance.Forging;

namespace Cstp.Conformance.Crypto;

/// <summary>A way to sign.</summary>
/// <param name="Signature">A name of <see cref="CmsAlgorithmNames"/>.</param>
/// <param name="Hash">The digest.</param>
/// <param name="Key">The key's name in <see cref="TestIdentities"/>.</param>
internal sealed record SigningScheme(string Signature, DigestAlgorithm Hash, string Key)
{
    public static IReadOnlyList<SigningScheme> All { get; } =
    [
        new(CmsAlgorithmNames.RsaPkcs1, DigestAlgorithm.Sha256, "rsa"),
        new(CmsAlgorithmNames.RsaPkcs1, DigestAlgorithm.Sha384, "rsa"),
        new(CmsAlgorithmNames.RsaPkcs1, DigestAlgorithm.Sha512, "rsa"),
        new(CmsAlgorithmNames.RsaPss, DigestAlgorithm.Sha256, "pss"),
        new(CmsAlgorithmNames.RsaPss, DigestAlgorithm.Sha384, "pss"),
        new(CmsAlgorithmNames.RsaPss, DigestAlgorithm.Sha512, "pss"),
        new(CmsAlgorithmNames.EcdsaP256, DigestAlgorithm.Sha256, "p256"),
        new(CmsAlgorithmNames.EcdsaP384, DigestAlgorithm.Sha384, "p384"),
        new(CmsAlgorithmNames.EcdsaP521, DigestAlgorithm.Sha512, "p521"),
        new(CmsAlgorithmNames.Ed25519, DigestAlgorithm.Sha512, "ed25519"),
        new(CmsAlgorithmNames.MlDsa44, DigestAlgorithm.Sha512, CmsAlgorithmNames.MlDsa44),
        new(CmsAlgorithmNames.MlDsa65, DigestAlgorithm.Sha512, CmsAlgorithmNames.MlDsa65),
        new(CmsAlgorithmNames.MlDsa87, DigestAlgorithm.Sha512, CmsAlgorithmNames.MlDsa87),
    ];

    public string Digest => Hash switch
    {
        DigestAlgorithm.Sha256 => CmsAlgorithmNames.Sha256,
        DigestAlgorithm.Sha384 => CmsAlgorithmNames.Sha384,
        _ => CmsAlgorithmNames.Sha512,
    };

    public string Id => $"{Signature}.{Digest}";

    public string Title => $"{Signature} over {Digest}";

    public CmsIdentity Identity => TestIdentities.ByName(Key);

    public Ability[] Needs => [new(AbilityKind.Signature, Signature), new(AbilityKind.Digest, Digest)];
}

/// <summary>A way to encrypt.</summary>
/// <param name="Cipher">The content cipher.</param>
/// <param name="How">A name of <see cref="CmsAlgorithmNames"/>.</param>
/// <param name="Key">The key's name in <see cref="TestIdentities"/>.</param>
/// <param name="Transport">What an RSA key gets.</param>
internal sealed record EncryptingScheme(ContentCipher Cipher, string How, string Key, RsaKeyTransport Transport)
{
    public static IReadOnlyList<EncryptingScheme> All { get; } =
    [
        .. from cipher in Enum.GetValues<ContentCipher>()
           from way in new (string How, string Key, RsaKeyTransport Transport)[]
           {
               (CmsAlgorithmNames.RsaPkcs1, "rsa", RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.RsaOaep, "rsa", RsaKeyTransport.OaepSha256),
               (CmsAlgorithmNames.EcdhP256, "p256", RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.EcdhP384, "p384", RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.EcdhP521, "p521", RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.X25519, "x25519", RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.MlKem512, CmsAlgorithmNames.MlKem512, RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.MlKem768, CmsAlgorithmNames.MlKem768, RsaKeyTransport.Pkcs1),
               (CmsAlgorithmNames.MlKem1024, CmsAlgorithmNames.MlKem1024, RsaKeyTransport.Pkcs1),
           }
           select new EncryptingScheme(cipher, way.How, way.Key, way.Transport),
    ];

    public bool IsAuthenticated => Cipher is ContentCipher.Aes128Gcm or ContentCipher.Aes256Gcm;

    public string CipherName => Name(Cipher);

    public string Id => $"{CipherName}.{(Key == "rsa" ? How : Key)}";

    public string Title => $"{CipherName} for {How}";

    public CmsIdentity Identity => TestIdentities.ByName(Key);

    public Ability[] Needs => [new(AbilityKind.ContentEncryption, CipherName), new(AbilityKind.KeyManagement, How)];

    public static string Name(ContentCipher cipher) => cipher switch
    {
        ContentCipher.Aes128Cbc => CmsAlgorithmNames.Aes128Cbc,
        ContentCipher.Aes256Cbc => CmsAlgorithmNames.Aes256Cbc,
        ContentCipher.Aes128Gcm => CmsAlgorithmNames.Aes128Gcm,
        _ => CmsAlgorithmNames.Aes256Gcm,
    };
}
