using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Running;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

using ContentInfo = Org.BouncyCastle.Asn1.Cms.ContentInfo;
using EncryptedContentInfo = Org.BouncyCastle.Asn1.Cms.EncryptedContentInfo;
using EnvelopedData = Org.BouncyCastle.Asn1.Cms.EnvelopedData;

namespace Cstp.Conformance.Reading;

/// <summary>Opens what a module encrypted, with nothing of the module.</summary>
internal sealed class EnvelopeReader
{
    private readonly Asn1Set _recipients;
    private readonly EncryptedContentInfo _content;
    private readonly byte[]? _mac;

    /// <summary>Reads the structure.</summary>
    /// <param name="message">A ContentInfo.</param>
    public EnvelopeReader(byte[] message)
    {
        ContentInfo info = Outer(message);
        IsAuthenticated = info.ContentType.Equals(CmsObjectIdentifiers.AuthEnvelopedData);
        if (IsAuthenticated)
        {
            AuthEnvelopedData data = AuthEnvelopedData.GetInstance(info.Content);
            (_recipients, _content, _mac) = (data.RecipientInfos, data.AuthEncryptedContentInfo, data.Mac.GetOctets());
            Expect.That(data.Version.HasValue(0), "the version of AuthEnvelopedData is not 0 (RFC 5083 2.1)");
        }
        else
        {
            Expect.That(info.ContentType.Equals(CmsObjectIdentifiers.EnvelopedData), $"the message is of type {info.ContentType}");
            EnvelopedData data = EnvelopedData.GetInstance(info.Content);
            (_recipients, _content) = (data.RecipientInfos, data.EncryptedContentInfo);
            bool hasOther = _recipients.Select(RecipientInfo.GetInstance).Any(recipient => recipient.Info is OtherRecipientInfo);
            Expect.That(!hasOther || data.Version.HasValue(3), "the version of EnvelopedData with an OtherRecipientInfo is not 3 (RFC 5652 6.1)");
        }
        Expect.That(_content.ContentType.Equals(PkcsObjectIdentifiers.Data), $"the content is of type {_content.ContentType}");
    }

    public bool IsAuthenticated { get; }

    public DerObjectIdentifier Cipher => _content.ContentEncryptionAlgorithm.Algorithm;

    /// <summary>Nonce or initialisation vector.</summary>
    public byte[] Start => IsAuthenticated
        ? GcmParameters.GetInstance(_content.ContentEncryptionAlgorithm.Parameters).GetNonce()
        : Asn1OctetString.GetInstance(_content.ContentEncryptionAlgorithm.Parameters).GetOctets();

    public int Recipients => _recipients.Count;

    public int TagLength => _mac?.Length ?? 0;

    /// <summary>The announced aes-ICVlen.</summary>
    public int AnnouncedTagLength => GcmParameters.GetInstance(_content.ContentEncryptionAlgorithm.Parameters).IcvLen;

    /// <summary>Reads a ContentInfo that is nothing but one.</summary>
    /// <param name="message">The octets.</param>
    public static ContentInfo Outer(byte[] message)
    {
        try
        {
            return ContentInfo.GetInstance(Asn1Object.FromByteArray(message));
        }
        catch (Exception broken) when (broken is IOException or ArgumentException or InvalidOperationException)
        {
            throw new Shortfall($"what it wrote cannot be read: {broken.Message}");
        }
    }

    /// <summary>The content, opened with a key.</summary>
    /// <param name="identity">The recipient.</param>
    public byte[] Open(CmsIdentity identity) => Decrypt(ContentKey(identity));

    /// <summary>The content key, opened with a key.</summary>
    /// <param name="identity">The recipient.</param>
    public byte[] ContentKey(CmsIdentity identity)
    {
        AsymmetricKeyParameter key = TestIdentities.KeyOf(identity);
        var certificate = X509CertificateStructure.GetInstance(identity.Certificate.Der.ToArray());
        foreach (RecipientInfo recipient in _recipients.Select(RecipientInfo.GetInstance))
        {
            if (recipient.Info is KeyTransRecipientInfo transport && IsOf(transport.RecipientIdentifier.ID, certificate))
                return Unwrapped(() => Transported(transport, key));
            if (recipient.Info is OtherRecipientInfo other && other.OriType.Equals(CmsObjectIdentifiers.id_ori_kem))
            {
                var encapsulated = KemRecipientInfo.GetInstance(other.OriValue);
                if (IsOf(encapsulated.RecipientIdentifier.ID, certificate))
                    return Unwrapped(() => Decapsulated(encapsulated, key));
            }
            if (recipient.Info is KeyAgreeRecipientInfo agreement)
            {
                foreach (RecipientEncryptedKey encrypted in agreement.RecipientEncryptedKeys.Select(RecipientEncryptedKey.GetInstance))
                {
                    Asn1Encodable named = (Asn1Encodable?)encrypted.Identifier.IssuerAndSerialNumber ?? encrypted.Identifier.RKeyID.SubjectKeyIdentifier;
                    if (IsOf(named, certificate))
                        return Unwrapped(() => Agreed(agreement, encrypted.EncryptedKey.GetOctets(), key));
                }
            }
        }
        throw new Shortfall("no RecipientInfo names the recipient");
    }

    private static byte[] Unwrapped(Func<byte[]> unwrap)
    {
        try
        {
            return unwrap();
        }
        catch (Exception broken) when (broken is CryptoException or ArgumentException or InvalidOperationException)
        {
            throw new Shortfall($"the content key cannot be unwrapped: {broken.Message}");
        }
    }

    private static byte[] Transported(KeyTransRecipientInfo transport, AsymmetricKeyParameter key)
    {
        AlgorithmIdentifier algorithm = transport.KeyEncryptionAlgorithm;
        IAsymmetricBlockCipher cipher = algorithm.Algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption)
            ? new Pkcs1Encoding(new RsaEngine())
            : Oaep(RsaesOaepParameters.GetInstance(algorithm.Parameters));
        cipher.Init(false, key);
        byte[] encrypted = transport.EncryptedKey.GetOctets();
        return cipher.ProcessBlock(encrypted, 0, encrypted.Length);
    }

    private static OaepEncoding Oaep(RsaesOaepParameters parameters)
    {
        var mask = AlgorithmIdentifier.GetInstance(parameters.MaskGenAlgorithm.Parameters);
        return new OaepEncoding(
            new RsaEngine(), DigestUtilities.GetDigest(parameters.HashAlgorithm.Algorithm), DigestUtilities.GetDigest(mask.Algorithm), null);
    }

    private static byte[] Agreed(KeyAgreeRecipientInfo agreement, byte[] encrypted, AsymmetricKeyParameter key)
    {
        OriginatorPublicKey originator = agreement.Originator.OriginatorKey ?? throw new Shortfall("the originator's key is not in the message");
        AlgorithmIdentifier wrap = AlgorithmIdentifier.GetInstance(agreement.KeyEncryptionAlgorithm.Parameters);
        int length = wrap.Algorithm.Equals(KeyAgreement.Wrap(16)) ? 16 : wrap.Algorithm.Equals(KeyAgreement.Wrap(32)) ? 32 : throw new Shortfall($"the key is wrapped with {wrap.Algorithm}");
        AsymmetricKeyParameter theirs = key is ECPrivateKeyParameters own
            ? new ECPublicKeyParameters("EC", own.Parameters.Curve.DecodePoint(originator.PublicKey.GetBytes()), own.PublicKeyParamSet)
            : new X25519PublicKeyParameters(originator.PublicKey.GetBytes());
        var engine = new AesWrapEngine();
        engine.Init(false, new KeyParameter(KeyAgreement.Derive(key, theirs, agreement.KeyEncryptionAlgorithm.Algorithm, wrap, length)));
        byte[] unwrapped = engine.Unwrap(encrypted, 0, encrypted.Length);
        Expect.That(unwrapped.Length == length, "the wrapping key is not of the content key's size (RFC 8551 2.3)");
        return unwrapped;
    }

    /// <summary>RFC 9936 2: the identifier is the key's, HKDF with SHA-256, no parameters anywhere, and the wrap of the parameter set.</summary>
    private static byte[] Decapsulated(KemRecipientInfo recipient, AsymmetricKeyParameter key)
    {
        MLKemParameters set = key is MLKemPrivateKeyParameters own ? own.Parameters : throw new Shortfall("a KEMRecipientInfo names a key that decapsulates nothing");
        int length = set == MLKemParameters.ml_kem_512 ? 16 : 32;
        DerObjectIdentifier expected = set == MLKemParameters.ml_kem_512 ? NistObjectIdentifiers.id_alg_ml_kem_512
            : set == MLKemParameters.ml_kem_768 ? NistObjectIdentifiers.id_alg_ml_kem_768
            : NistObjectIdentifiers.id_alg_ml_kem_1024;
        Expect.That(recipient.Kem.Algorithm.Equals(expected), $"the key encapsulation is {recipient.Kem.Algorithm}, not {set.Name}");
        Expect.That(recipient.Kdf.Algorithm.Equals(PkcsObjectIdentifiers.IdAlgHkdfWithSha256), $"the key derivation is {recipient.Kdf.Algorithm}");
        Expect.That(recipient.Wrap.Algorithm.Equals(KeyAgreement.Wrap(length)), $"the key is wrapped with {recipient.Wrap.Algorithm}");
        Expect.That(
            recipient.Kem.Parameters is null && recipient.Kdf.Parameters is null && recipient.Wrap.Parameters is null, "an algorithm of the KEMRecipientInfo has parameters");
        Expect.That(DerInteger.GetInstance(Asn1Sequence.GetInstance(recipient.ToAsn1Object())[5]).HasValue(length), "the kekLength is not that of the wrap's key");
        var decapsulator = new MLKemDecapsulator(set);
        decapsulator.Init(key);
        byte[] secret = new byte[decapsulator.SecretLength];
        decapsulator.Decapsulate(recipient.Kemct.GetOctets(), secret);
        var engine = new AesWrapEngine();
        engine.Init(false, new KeyParameter(KemForge.Derive(secret, recipient.Kdf.Algorithm, recipient.Wrap, length, recipient.Ukm?.GetOctets())));
        byte[] encrypted = recipient.EncryptedKey.GetOctets();
        return engine.Unwrap(encrypted, 0, encrypted.Length);
    }

    private byte[] Decrypt(byte[] key)
    {
        byte[] octets = _content.EncryptedContent.GetOctets();
        try
        {
            if (!IsAuthenticated)
            {
                var cbc = new PaddedBufferedBlockCipher(new CbcBlockCipher(AesUtilities.CreateEngine()), new Pkcs7Padding());
                cbc.Init(false, new ParametersWithIV(new KeyParameter(key), Start));
                return cbc.DoFinal(octets);
            }
            var gcm = new GcmBlockCipher(AesUtilities.CreateEngine());
            gcm.Init(false, new AeadParameters(new KeyParameter(key), TagLength * 8, Start));
            byte[] output = new byte[octets.Length + 32];
            int count = gcm.ProcessBytes(octets, output);
            count += gcm.ProcessBytes(_mac, output.AsSpan(count));
            count += gcm.DoFinal(output.AsSpan(count));
            return output[..count];
        }
        catch (Exception broken) when (broken is CryptoException or ArgumentException)
        {
            throw new Shortfall($"the content cannot be decrypted: {broken.Message}");
        }
    }

    private static bool IsOf(Asn1Encodable identifier, X509CertificateStructure certificate)
    {
        if (identifier is Asn1OctetString keyIdentifier)
        {
            X509Extension? own = certificate.Extensions.GetExtension(X509Extensions.SubjectKeyIdentifier);
            return own is not null && SubjectKeyIdentifier.GetInstance(own).GetKeyIdentifier().AsSpan().SequenceEqual(keyIdentifier.GetOctets());
        }
        var name = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber.GetInstance(identifier);
        return name.SerialNumber.Equals(certificate.SerialNumber) && name.Issuer.Equivalent(certificate.Issuer);
    }
}
