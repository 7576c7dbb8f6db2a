using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;

namespace Cstp.Conformance.Forging;

/// <summary>Builds a KEMRecipientInfo (RFC 9629 3; RFC 9936 2) in which any one thing can be wrong; untouched it opens.</summary>
/// <param name="recipient">Who is to open it.</param>
/// <param name="key">The content key.</param>
internal sealed class KemForge(CmsIdentity recipient, byte[] key)
{
    public DerInteger Version { get; init; } = DerInteger.Zero;

    /// <summary>Whether the recipient is named by its subject key identifier.</summary>
    public bool ByKeyIdentifier { get; init; }

    /// <summary>Another algorithm than the key's.</summary>
    public AlgorithmIdentifier? Kem { get; init; }

    public AlgorithmIdentifier Kdf { get; init; } = new(PkcsObjectIdentifiers.IdAlgHkdfWithSha256);

    /// <summary>Octets of the key that wraps.</summary>
    public int KekLength { get; init; } = 32;

    /// <summary>Another length on the wire than the one that was derived with.</summary>
    public int? KekLengthOnWire { get; init; }

    public byte[]? Material { get; init; }

    /// <summary>Other material on the wire than the one that was derived with.</summary>
    public byte[]? MaterialOnWire { get; init; }

    public AlgorithmIdentifier Wrap { get; init; } = new(NistObjectIdentifiers.IdAes256Wrap);

    /// <summary>Changes the encapsulated secret after it was used.</summary>
    public Func<byte[], byte[]>? Ciphertext { get; init; }

    /// <summary>Changes the wrapped content key.</summary>
    public Func<byte[], byte[]>? EncryptedKey { get; init; }

    /// <summary>One with the components of the recipient's parameter set (RFC 9936 2.2.2).</summary>
    /// <param name="how">A name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="recipient">Who is to open it.</param>
    /// <param name="key">The content key.</param>
    public static KemForge Of(string how, CmsIdentity recipient, byte[] key) => how == CmsAlgorithmNames.MlKem512
        ? new(recipient, key) { KekLength = 16, Wrap = new AlgorithmIdentifier(NistObjectIdentifiers.IdAes128Wrap) }
        : new(recipient, key);

    /// <summary>The key that wraps (RFC 9629 5; RFC 9936 2.2.1).</summary>
    /// <param name="secret">The shared secret.</param>
    /// <param name="kdf">The derivation.</param>
    /// <param name="wrap">The wrap.</param>
    /// <param name="length">The kekLength.</param>
    /// <param name="material">The ukm, or null.</param>
    public static byte[] Derive(byte[] secret, DerObjectIdentifier kdf, AlgorithmIdentifier wrap, int length, byte[]? material)
    {
        var info = new Asn1EncodableVector(wrap, DerInteger.ValueOf(length));
        if (material is not null)
            info.Add(new DerTaggedObject(true, 0, new DerOctetString(material)));
        var hkdf = new HkdfBytesGenerator(
            kdf.Equals(PkcsObjectIdentifiers.IdAlgHkdfWithSha384) ? new Sha384Digest()
            : kdf.Equals(PkcsObjectIdentifiers.IdAlgHkdfWithSha512) ? new Sha512Digest()
            : new Sha256Digest());
        hkdf.Init(new HkdfParameters(secret, null, new DerSequence(info).GetDerEncoded()));
        byte[] derived = new byte[length];
        hkdf.GenerateBytes(derived, 0, length);
        return derived;
    }

    public Asn1Encodable Build()
    {
        var certificate = X509CertificateStructure.GetInstance(recipient.Certificate.Der.ToArray());
        var theirs = (MLKemPublicKeyParameters)PublicKeyFactory.CreateKey(certificate.SubjectPublicKeyInfo);
        var encapsulator = new MLKemEncapsulator(theirs.Parameters);
        encapsulator.Init(new ParametersWithRandom(theirs, new SecureRandom()));
        byte[] ciphertext = new byte[encapsulator.EncapsulationLength];
        byte[] secret = new byte[encapsulator.SecretLength];
        encapsulator.Encapsulate(ciphertext, secret);
        var engine = new AesWrapEngine();
        engine.Init(true, new KeyParameter(Derive(secret, Kdf.Algorithm, Wrap, KekLength, Material)));
        byte[] wrapped = engine.Wrap(key, 0, key.Length);
        Asn1EncodableVector fields =
        [
            Version,
            ByKeyIdentifier
                ? new DerTaggedObject(false, 0, new DerOctetString(SubjectKeyIdentifier.GetInstance(certificate.Extensions.GetExtension(X509Extensions.SubjectKeyIdentifier)).GetKeyIdentifier()))
                : new IssuerAndSerialNumber(certificate),
            Kem ?? certificate.SubjectPublicKeyInfo.Algorithm,
            new DerOctetString(Ciphertext?.Invoke(ciphertext) ?? ciphertext),
            Kdf,
            DerInteger.ValueOf(KekLengthOnWire ?? KekLength),
        ];
        if ((MaterialOnWire ?? Material) is { } material)
            fields.Add(new DerTaggedObject(true, 0, new DerOctetString(material)));
        fields.Add(Wrap);
        fields.Add(new DerOctetString(EncryptedKey?.Invoke(wrapped) ?? wrapped));
        return new DerTaggedObject(false, 4, new DerSequence(CmsObjectIdentifiers.id_ori_kem, new DerSequence(fields)));
    }
}
