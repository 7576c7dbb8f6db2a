using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace Cstp.Conformance.Forging;

/// <summary>Keys with certificates of one CA, made once for all tests.</summary>
internal static class TestIdentities
{
    private static readonly SecureRandom s_random = new();
    private static readonly AsymmetricCipherKeyPair s_caKey = Ec(SecObjectIdentifiers.SecP256r1);
    private static readonly Lazy<AsymmetricCipherKeyPair> s_rsaKey = new(() => RsaKey(65537));
    private static readonly Lazy<CmsIdentity> s_rsa = new(() => Make("rsa", s_rsaKey.Value));
    private static readonly Lazy<CmsIdentity> s_otherRsa = new(() => Make("rsa2", RsaKey(65537)));
    private static readonly Lazy<CmsIdentity> s_pss = new(() => MakePss("pss", null));
    private static readonly Lazy<CmsIdentity> s_boundPss = new(() => MakePss("pss-sha384", BoundPss()));
    private static readonly Lazy<CmsIdentity> s_p256 = new(() => Make("p256", Ec(SecObjectIdentifiers.SecP256r1)));
    private static readonly Lazy<CmsIdentity> s_p384 = new(() => Make("p384", Ec(SecObjectIdentifiers.SecP384r1)));
    private static readonly Lazy<CmsIdentity> s_p521 = new(() => Make("p521", Ec(SecObjectIdentifiers.SecP521r1)));
    private static readonly Lazy<CmsIdentity> s_ed25519 = new(() => Make("ed25519", Generate(new Ed25519KeyPairGenerator(), new Ed25519KeyGenerationParameters(s_random))));
    private static readonly Lazy<CmsIdentity> s_x25519 = new(() => Make("x25519", Generate(new X25519KeyPairGenerator(), new X25519KeyGenerationParameters(s_random))));
    private static readonly Dictionary<string, Lazy<CmsIdentity>> s_lattice = new()
    {
        [CmsAlgorithmNames.MlDsa44] = MlDsa(CmsAlgorithmNames.MlDsa44, MLDsaParameters.ml_dsa_44),
        [CmsAlgorithmNames.MlDsa65] = MlDsa(CmsAlgorithmNames.MlDsa65, MLDsaParameters.ml_dsa_65),
        [CmsAlgorithmNames.MlDsa87] = MlDsa(CmsAlgorithmNames.MlDsa87, MLDsaParameters.ml_dsa_87),
        [CmsAlgorithmNames.MlKem512] = MlKem(CmsAlgorithmNames.MlKem512, MLKemParameters.ml_kem_512),
        [CmsAlgorithmNames.MlKem768] = MlKem(CmsAlgorithmNames.MlKem768, MLKemParameters.ml_kem_768),
        [CmsAlgorithmNames.MlKem1024] = MlKem(CmsAlgorithmNames.MlKem1024, MLKemParameters.ml_kem_1024),
    };

    private static int s_serial = 0x1000;

    public static EncodedCertificate Authority { get; } = Certify("ca", SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(s_caKey.Public), authority: true);

    public static CmsIdentity Rsa => s_rsa.Value;

    public static CmsIdentity OtherRsa => s_otherRsa.Value;

    public static CmsIdentity RsaPss => s_pss.Value;

    public static CmsIdentity RsaPssSha384 => s_boundPss.Value;

    public static CmsIdentity P256 => s_p256.Value;

    public static CmsIdentity P384 => s_p384.Value;

    public static CmsIdentity P521 => s_p521.Value;

    public static CmsIdentity Ed25519 => s_ed25519.Value;

    public static CmsIdentity X25519 => s_x25519.Value;

    public static CmsIdentity MlDsa65 => ByName(CmsAlgorithmNames.MlDsa65);

    public static CmsIdentity MlKem768 => ByName(CmsAlgorithmNames.MlKem768);

    /// <summary>A key by a short name, or one of ML-DSA or ML-KEM by that of <see cref="CmsAlgorithmNames"/>.</summary>
    /// <param name="name">The name.</param>
    public static CmsIdentity ByName(string name) => s_lattice.TryGetValue(name, out Lazy<CmsIdentity>? lattice) ? lattice.Value : name switch
    {
        "rsa" => Rsa,
        "rsa2" => OtherRsa,
        "pss" => RsaPss,
        "pss-sha384" => RsaPssSha384,
        "p256" => P256,
        "p384" => P384,
        "p521" => P521,
        "ed25519" => Ed25519,
        "x25519" => X25519,
        _ => throw new ArgumentException(name, nameof(name)),
    };

    /// <summary>A key, to be used with a certificate of one's own making.</summary>
    public static AsymmetricKeyParameter KeyOf(CmsIdentity identity) =>
        PrivateKeyFactory.CreateKey(((Pkcs8PrivateKey)identity.PrivateKey).Der.ToArray());

    public static CmsIdentity Make(string name, AsymmetricCipherKeyPair key, BigInteger? serial = null) => new(
        Certify(name, SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(key.Public), serial: serial),
        new Pkcs8PrivateKey(PrivateKeyInfoFactory.CreatePrivateKeyInfo(key.Private).GetDerEncoded()));

    public static AsymmetricCipherKeyPair RsaKey(int exponent)
    {
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(exponent), s_random, 2048, 80));
        return generator.GenerateKeyPair();
    }

    public static AsymmetricCipherKeyPair MlDsaKey() => Generate(new MLDsaKeyPairGenerator(), new MLDsaKeyGenerationParameters(s_random, MLDsaParameters.ml_dsa_65));

    public static AsymmetricCipherKeyPair Ec(DerObjectIdentifier curve) =>
        Generate(new ECKeyPairGenerator(), new ECKeyGenerationParameters(curve, s_random));

    /// <summary>The same key as a seed, expanded, and as both (RFC 9881 6, RFC 9935 6).</summary>
    /// <param name="identity">An identity with a key of ML-DSA or ML-KEM.</param>
    public static IEnumerable<(string Form, CmsIdentity Identity)> Forms(CmsIdentity identity)
    {
        AsymmetricKeyParameter key = KeyOf(identity);
        (byte[] seed, byte[] expanded) = key is MLDsaPrivateKeyParameters signs
            ? (signs.GetSeed(), signs.GetEncoded())
            : (((MLKemPrivateKeyParameters)key).GetSeed(), ((MLKemPrivateKeyParameters)key).GetEncoded());
        AlgorithmIdentifier algorithm = PrivateKeyInfo.GetInstance(((Pkcs8PrivateKey)identity.PrivateKey).Der.ToArray()).PrivateKeyAlgorithm;
        foreach ((string form, Asn1Encodable value) in new (string, Asn1Encodable)[]
            {
                ("a seed", new DerTaggedObject(false, 0, new DerOctetString(seed))),
                ("an expanded key", new DerOctetString(expanded)),
                ("both", new DerSequence(new DerOctetString(seed), new DerOctetString(expanded))),
            })
            yield return (form, identity with { PrivateKey = new Pkcs8PrivateKey(new PrivateKeyInfo(algorithm, value).GetDerEncoded()) });
    }

    /// <summary>A certificate over any key info, signed by the CA.</summary>
    public static EncodedCertificate Certify(string name, SubjectPublicKeyInfo key, bool authority = false, BigInteger? serial = null)
    {
        var tbs = new V3TbsCertificateGenerator();
        tbs.SetIssuer(new X509Name("CN=Test CA,O=CSTP"));
        tbs.SetSubject(new X509Name(authority ? "CN=Test CA,O=CSTP" : $"CN={name},E={name}@example.test"));
        tbs.SetSerialNumber(new DerInteger(serial ?? BigInteger.ValueOf(Interlocked.Increment(ref s_serial))));
        tbs.SetStartDate(new Time(DateTime.UtcNow.AddDays(-1)));
        tbs.SetEndDate(new Time(DateTime.UtcNow.AddYears(2)));
        tbs.SetSubjectPublicKeyInfo(key);
        tbs.SetSignature(new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha256));
        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(authority));
        extensions.AddExtension(X509Extensions.SubjectKeyIdentifier, false, new SubjectKeyIdentifier(
            Org.BouncyCastle.Security.DigestUtilities.CalculateDigest("SHA-1", key.PublicKey.GetBytes())));
        if (authority)
            extensions.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(KeyUsage.KeyCertSign | KeyUsage.CrlSign));
        tbs.SetExtensions(extensions.Generate());
        TbsCertificateStructure structure = tbs.GenerateTbsCertificate();
        var signer = new Asn1SignatureFactory("SHA256withECDSA", s_caKey.Private, s_random);
        var calculator = signer.CreateCalculator();
        byte[] octets = structure.GetDerEncoded();
        calculator.Stream.Write(octets, 0, octets.Length);
        calculator.Stream.Dispose();
        return new EncodedCertificate(new X509CertificateStructure(
            structure, new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha256), new DerBitString(calculator.GetResult().Collect())).GetDerEncoded());
    }

    private static AsymmetricCipherKeyPair Generate(IAsymmetricCipherKeyPairGenerator generator, KeyGenerationParameters parameters)
    {
        generator.Init(parameters);
        return generator.GenerateKeyPair();
    }

    private static Lazy<CmsIdentity> MlDsa(string name, MLDsaParameters parameters) =>
        new(() => Make(name, Generate(new MLDsaKeyPairGenerator(), new MLDsaKeyGenerationParameters(s_random, parameters))));

    private static Lazy<CmsIdentity> MlKem(string name, MLKemParameters parameters) =>
        new(() => Make(name, Generate(new MLKemKeyPairGenerator(), new MLKemKeyGenerationParameters(s_random, parameters))));

    private static CmsIdentity MakePss(string name, RsassaPssParameters? bound)
    {
        SubjectPublicKeyInfo info = SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(s_rsaKey.Value.Public);
        AlgorithmIdentifier algorithm = bound is null
            ? new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsassaPss)
            : new AlgorithmIdentifier(PkcsObjectIdentifiers.IdRsassaPss, bound);
        PrivateKeyInfo rsa = PrivateKeyInfoFactory.CreatePrivateKeyInfo(s_rsaKey.Value.Private);
        return new CmsIdentity(
            Certify(name, new SubjectPublicKeyInfo(algorithm, info.PublicKey)),
            new Pkcs8PrivateKey(new PrivateKeyInfo(algorithm, rsa.ParsePrivateKey()).GetDerEncoded()));
    }

    private static RsassaPssParameters BoundPss()
    {
        var digest = new AlgorithmIdentifier(NistObjectIdentifiers.IdSha384, DerNull.Instance);
        return new RsassaPssParameters(digest, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdMgf1, digest), DerInteger.ValueOf(48), DerInteger.One);
    }
}
