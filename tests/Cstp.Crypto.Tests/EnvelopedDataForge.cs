using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;

namespace Cstp.Crypto.Tests;

/// <summary>Builds AuthEnvelopedData for an RSA key in which any one thing can be wrong; untouched it decrypts.</summary>
internal sealed class EnvelopedDataForge
{
    public byte[] Content { get; init; } = Exchange.Content(100);

    public byte[] Key { get; init; } = Exchange.Content(16);

    public byte[] Nonce { get; init; } = Exchange.Content(12);

    /// <summary>Octets of the mac.</summary>
    public int Tag { get; init; } = 16;

    /// <summary>The announced aes-ICVlen; null for none.</summary>
    public int? AnnouncedTag { get; init; } = 16;

    public Asn1Set? Attributes { get; init; }

    /// <summary>Other attributes on the wire than were authenticated.</summary>
    public Asn1Set? AttributesOnWire { get; init; }

    public DerObjectIdentifier ContentType { get; init; } = PkcsObjectIdentifiers.Data;

    /// <summary>The algorithm's parameters, where they are not to be nonce and tag length.</summary>
    public Asn1Encodable? Parameters { get; init; }

    public IReadOnlyList<Asn1Encodable>? Recipients { get; init; }

    public byte[] Build()
    {
        var cipher = new GcmBlockCipher(AesUtilitiesEngine());
        cipher.Init(true, new AeadParameters(new KeyParameter(Key), 128, Nonce.Length == 0 ? new byte[12] : Nonce, Attributes?.GetDerEncoded()));
        byte[] output = new byte[cipher.GetOutputSize(Content.Length)];
        int count = cipher.ProcessBytes(Content, output);
        cipher.DoFinal(output.AsSpan(count));
        Asn1Encodable parameters = Parameters
            ?? (AnnouncedTag is int length
                ? new DerSequence(new DerOctetString(Nonce), DerInteger.ValueOf(length))
                : new DerSequence(new DerOctetString(Nonce)));
        var fields = new Asn1EncodableVector
        {
            DerInteger.Zero,
            new BerSet((Recipients ?? [Recipient(TestIdentities.Rsa, Key)]).ToArray()),
            new BerSequence(
                ContentType,
                new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Gcm, parameters),
                new BerTaggedObject(false, 0, new BerOctetString(output[..Content.Length]))),
        };
        Asn1Set? onWire = AttributesOnWire ?? Attributes;
        if (onWire is not null)
            fields.Add(new DLTaggedObject(false, 1, onWire));
        fields.Add(new DerOctetString(output.AsSpan(Content.Length, Tag).ToArray()));
        return new BerSequence(CmsObjectIdentifiers.AuthEnvelopedData, new BerTaggedObject(0, new BerSequence(fields))).GetEncoded();
    }

    /// <summary>A key transport RecipientInfo with RSAES-PKCS1-v1_5.</summary>
    public static Asn1Encodable Recipient(CmsIdentity identity, byte[] key)
    {
        var structure = X509CertificateStructure.GetInstance(identity.Certificate.Der.ToArray());
        var rsa = new Pkcs1Encoding(new RsaEngine());
        rsa.Init(true, Org.BouncyCastle.Security.PublicKeyFactory.CreateKey(structure.SubjectPublicKeyInfo));
        return Recipient(identity, new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance), rsa.ProcessBlock(key, 0, key.Length));
    }

    /// <summary>A key transport RecipientInfo with any value.</summary>
    public static Asn1Encodable Recipient(CmsIdentity identity, AlgorithmIdentifier algorithm, byte[] encryptedKey) =>
        new KeyTransRecipientInfo(
            new RecipientIdentifier(new IssuerAndSerialNumber(X509CertificateStructure.GetInstance(identity.Certificate.Der.ToArray()))),
            algorithm,
            new DerOctetString(encryptedKey));

    private static Org.BouncyCastle.Crypto.IBlockCipher AesUtilitiesEngine() => Org.BouncyCastle.Crypto.AesUtilities.CreateEngine();
}
