using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;

namespace Cstp.CryptoBouncyCastle.Encrypting;

/// <summary>Brings a content key to one recipient (RFC 5652 6.2).</summary>
internal static class RecipientInfoMaker
{
    /// <exception cref="CmsKeyException">The certificate's key cannot be encrypted to.</exception>
    public static RecipientInfo Make(EncryptionRecipient recipient, byte[] contentKey)
    {
        Certificate certificate = Certificate.Parse(recipient.Certificate);
        return certificate.Key.Kind switch
        {
            PublicKeyKind.Rsa => Transport(certificate, recipient.RsaTransport, contentKey),
            PublicKeyKind.RsaOaep => Transport(certificate, RsaKeyTransport.OaepSha256, contentKey),
            PublicKeyKind.Ec => AgreeOnCurve(certificate, contentKey),
            PublicKeyKind.X25519 => AgreeX25519(certificate, contentKey),
            PublicKeyKind.MlKem => Encapsulate(certificate, contentKey),
            PublicKeyKind.Unusable => throw new CmsKeyException($"{certificate.Display} cannot be encrypted to: {certificate.Key.Problem}. Ask its owner for another."),
            _ => throw new CmsKeyException($"{certificate.Display} cannot be encrypted to: its key only signs. Take its owner's certificate for encryption."),
        };
    }

    private static RecipientInfo Transport(Certificate certificate, RsaKeyTransport transport, byte[] contentKey)
    {
        var engine = new RsaPublicEngine((RsaPublicKey)certificate.Key.Parameters!);
        bool oaep = transport == RsaKeyTransport.OaepSha256;
        IAsymmetricBlockCipher cipher = oaep
            ? new OaepEncoding(engine, DigestKind.Sha256.Create(), DigestKind.Sha256.Create(), null)
            : new Pkcs1Encoding(engine);
        cipher.Init(true, new ParametersWithRandom(certificate.Key.Parameters, Randomness.System));
        byte[] encrypted = cipher.ProcessBlock(contentKey, 0, contentKey.Length);
        AlgorithmIdentifier algorithm = oaep ? Oaep() : new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance);
        var identifier = new RecipientIdentifier(new IssuerAndSerialNumber(certificate.Structure));
        return new RecipientInfo(new KeyTransRecipientInfo(identifier, algorithm, DerOctetString.WithContents(encrypted)));
    }

    private static AlgorithmIdentifier Oaep()
    {
        AlgorithmIdentifier sha256 = DigestKind.Sha256.WrittenForRsa;
        return new AlgorithmIdentifier(
            PkcsObjectIdentifiers.IdRsaesOaep,
            new RsaesOaepParameters(sha256, new AlgorithmIdentifier(PkcsObjectIdentifiers.IdMgf1, sha256)));
    }

    private static RecipientInfo AgreeOnCurve(Certificate certificate, byte[] contentKey)
    {
        NamedCurve curve = certificate.Key.Curve!;
        var generator = new ECKeyPairGenerator("EC");
        generator.Init(new ECKeyGenerationParameters(curve.Domain, Randomness.System));
        AsymmetricCipherKeyPair ephemeral = generator.GenerateKeyPair();
        byte[] secret = SharedSecret.Agree(curve, ephemeral.Private, certificate.Key.Parameters!);
        // The curve is the recipient's, so that its parameters stay away (RFC 5753 3.1.1).
        var originator = new OriginatorPublicKey(
            new AlgorithmIdentifier(X9ObjectIdentifiers.IdECPublicKey),
            ((ECPublicKeyParameters)ephemeral.Public).Q.GetEncoded(false));
        return Agree(certificate, KeyAgreementScheme.ForCurve(curve.Digest), originator, secret, contentKey);
    }

    private static RecipientInfo AgreeX25519(Certificate certificate, byte[] contentKey)
    {
        var ephemeral = new X25519PrivateKeyParameters(Randomness.System);
        byte[] secret;
        try
        {
            secret = SharedSecret.Agree(ephemeral, certificate.Key.Parameters!);
        }
        catch (InvalidOperationException fault)
        {
            throw new CmsKeyException($"{certificate.Display} cannot be encrypted to: its X25519 key is of low order. Ask its owner for another.", fault);
        }

        var originator = new OriginatorPublicKey(
            new AlgorithmIdentifier(EdECObjectIdentifiers.id_X25519), ephemeral.GeneratePublicKey().GetEncoded());
        return Agree(certificate, KeyAgreementScheme.X25519, originator, secret, contentKey);
    }

    // KEMRecipientInfo (RFC 9629 3) as RFC 9936 2 wants it.
    private static RecipientInfo Encapsulate(Certificate certificate, byte[] contentKey)
    {
        LatticeAlgorithm lattice = certificate.Key.Lattice!;
        var key = (MLKemPublicKeyParameters)certificate.Key.Parameters!;
        var encapsulator = new MLKemEncapsulator(key.Parameters);
        encapsulator.Init(new ParametersWithRandom(key, Randomness.System));
        byte[] ciphertext = new byte[encapsulator.EncapsulationLength];
        byte[] secret = new byte[encapsulator.SecretLength];
        encapsulator.Encapsulate(ciphertext, secret);
        AlgorithmIdentifier wrap = KeyWrap.For(lattice.WrappingOctets);
        byte[] wrappingKey = EncapsulationScheme.Written.DeriveWrappingKey(secret, wrap, lattice.WrappingOctets, null);
        byte[] wrapped = KeyWrap.Wrap(wrappingKey, contentKey);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(wrappingKey);
        return new RecipientInfo(new OtherRecipientInfo(CmsObjectIdentifiers.id_ori_kem, new DerSequence(
            DerInteger.Zero,
            new IssuerAndSerialNumber(certificate.Structure),
            new AlgorithmIdentifier(lattice.Identifier),
            DerOctetString.WithContents(ciphertext),
            new AlgorithmIdentifier(EncapsulationScheme.Written.Identifier),
            DerInteger.ValueOf(lattice.WrappingOctets),
            wrap,
            DerOctetString.WithContents(wrapped))));
    }

    private static RecipientInfo Agree(
        Certificate certificate, KeyAgreementScheme scheme, OriginatorPublicKey originator, byte[] secret, byte[] contentKey)
    {
        AlgorithmIdentifier wrap = KeyWrap.For(contentKey.Length);
        byte[] wrappingKey = scheme.DeriveWrappingKey(secret, wrap, contentKey.Length, null);
        byte[] wrapped = KeyWrap.Wrap(wrappingKey, contentKey);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(wrappingKey);
        var key = new RecipientEncryptedKey(
            new KeyAgreeRecipientIdentifier(new IssuerAndSerialNumber(certificate.Structure)), DerOctetString.WithContents(wrapped));
        return new RecipientInfo(new KeyAgreeRecipientInfo(
            new OriginatorIdentifierOrKey(originator), null, new AlgorithmIdentifier(scheme.Identifier, wrap), new DerSequence(key)));
    }
}
