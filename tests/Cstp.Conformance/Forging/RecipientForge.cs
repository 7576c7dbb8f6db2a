using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;

namespace Cstp.Conformance.Forging;

/// <summary>Builds a RecipientInfo for each way in which a content key is brought.</summary>
internal static class RecipientForge
{
    private static readonly SecureRandom s_random = new();

    /// <summary>RSAES-OAEP with SHA-256 twice, as parameters say it.</summary>
    public static AlgorithmIdentifier Oaep { get; } = new(
        PkcsObjectIdentifiers.IdRsaesOaep,
        new RsaesOaepParameters(
            new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256, DerNull.Instance),
            new AlgorithmIdentifier(PkcsObjectIdentifiers.IdMgf1, new AlgorithmIdentifier(NistObjectIdentifiers.IdSha256, DerNull.Instance)),
            RsaesOaepParameters.DefaultPSourceAlgorithm));

    /// <summary>A right one.</summary>
    /// <param name="how">A name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="recipient">Who is to open it.</param>
    /// <param name="key">The content key.</param>
    public static Asn1Encodable Of(string how, CmsIdentity recipient, byte[] key) => how switch
    {
        CmsAlgorithmNames.RsaPkcs1 => Transport(
            recipient, new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance), Encrypt(new Pkcs1Encoding(new RsaEngine()), recipient, key)),
        CmsAlgorithmNames.RsaOaep => Transport(
            recipient, Oaep, Encrypt(new OaepEncoding(new RsaEngine(), new Sha256Digest(), new Sha256Digest(), null), recipient, key)),
        CmsAlgorithmNames.MlKem512 or CmsAlgorithmNames.MlKem768 or CmsAlgorithmNames.MlKem1024 => KemForge.Of(how, recipient, key).Build(),
        _ => Agreement(how, recipient, key),
    };

    /// <summary>Key transport with any value.</summary>
    public static Asn1Encodable Transport(CmsIdentity recipient, AlgorithmIdentifier algorithm, byte[] encryptedKey) =>
        new KeyTransRecipientInfo(new RecipientIdentifier(Name(recipient)), algorithm, new DerOctetString(encryptedKey));

    /// <summary>Key agreement with any values.</summary>
    public static Asn1Encodable Agreement(CmsIdentity recipient, OriginatorPublicKey originator, AlgorithmIdentifier scheme, byte[] encryptedKey) =>
        new DerTaggedObject(false, 1, new KeyAgreeRecipientInfo(
            new OriginatorIdentifierOrKey(originator), null, scheme,
            new DerSequence(new RecipientEncryptedKey(new KeyAgreeRecipientIdentifier(Name(recipient)), new DerOctetString(encryptedKey)))));

    private static Asn1Encodable Agreement(string how, CmsIdentity recipient, byte[] key)
    {
        AsymmetricKeyParameter theirs = PublicKey(recipient);
        IAsymmetricCipherKeyPairGenerator generator = theirs is X25519PublicKeyParameters ? new X25519KeyPairGenerator() : new ECKeyPairGenerator();
        generator.Init(theirs is ECPublicKeyParameters curve
            ? new ECKeyGenerationParameters(curve.PublicKeyParamSet, s_random)
            : new X25519KeyGenerationParameters(s_random));
        AsymmetricCipherKeyPair ephemeral = generator.GenerateKeyPair();
        var wrap = new AlgorithmIdentifier(KeyAgreement.Wrap(key.Length));
        DerObjectIdentifier scheme = KeyAgreement.Scheme(how);
        var engine = new AesWrapEngine();
        engine.Init(true, new KeyParameter(KeyAgreement.Derive(ephemeral.Private, theirs, scheme, wrap, key.Length)));
        byte[] own = SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(ephemeral.Public).PublicKey.GetBytes();
        return Agreement(
            recipient, new OriginatorPublicKey(KeyAgreement.PublicKeyAlgorithm(how), own), new AlgorithmIdentifier(scheme, wrap), engine.Wrap(key, 0, key.Length));
    }

    private static byte[] Encrypt(IAsymmetricBlockCipher cipher, CmsIdentity recipient, byte[] key)
    {
        cipher.Init(true, new ParametersWithRandom(PublicKey(recipient), s_random));
        return cipher.ProcessBlock(key, 0, key.Length);
    }

    private static AsymmetricKeyParameter PublicKey(CmsIdentity identity) => PublicKeyFactory.CreateKey(Structure(identity).SubjectPublicKeyInfo);

    private static IssuerAndSerialNumber Name(CmsIdentity identity) => new(Structure(identity));

    private static X509CertificateStructure Structure(CmsIdentity identity) => X509CertificateStructure.GetInstance(identity.Certificate.Der.ToArray());
}
