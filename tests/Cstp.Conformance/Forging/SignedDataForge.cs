using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.Conformance.Forging;

/// <summary>Builds SignedData in which any one thing can be wrong; untouched it verifies.</summary>
internal sealed class SignedDataForge
{
    private static readonly AlgorithmIdentifier s_sha256 = new(NistObjectIdentifiers.IdSha256);

    public byte[] Content { get; init; } = "Content-Type: text/plain\r\n\r\nhello\r\n"u8.ToArray();

    public CmsIdentity Signer { get; init; } = TestIdentities.P256;

    public DerObjectIdentifier ContentType { get; set; } = PkcsObjectIdentifiers.Data;

    public bool Attached { get; init; } = true;

    public bool HasAttributes { get; init; } = true;

    public List<AlgorithmIdentifier> Announced { get; init; } = [s_sha256];

    public AlgorithmIdentifier Digest { get; init; } = s_sha256;

    public AlgorithmIdentifier Algorithm { get; init; } = new(X9ObjectIdentifiers.ECDsaWithSha256);

    public string AlgorithmName { get; init; } = "SHA-256withECDSA";

    public List<EncodedCertificate>? Certificates { get; init; }

    public Asn1Set? Unsigned { get; init; }

    /// <summary>Changes the attributes before they are signed.</summary>
    public Action<List<Attribute>>? Attributes { get; init; }

    /// <summary>Changes the attributes after they were signed.</summary>
    public Func<Asn1Set, Asn1Set>? OnWire { get; init; }

    /// <summary>Makes another signature value.</summary>
    public Func<byte[], byte[]>? Sign { get; init; }

    /// <summary>Segments of the content, each an OCTET STRING of any form; null for a form of the library's choice.</summary>
    public IReadOnlyList<Asn1OctetString>? Segments { get; init; }

    /// <summary>Whether all lengths are definite.</summary>
    public bool Der { get; init; }

    /// <summary>A message with a signature algorithm and digest.</summary>
    /// <param name="signature">A name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="digest">A name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="signer">Whose key it is.</param>
    public static SignedDataForge Of(string signature, string digest, CmsIdentity signer)
    {
        DerObjectIdentifier hash = SignatureNames.Digest(digest);
        return new()
        {
            Signer = signer,
            Announced = [new AlgorithmIdentifier(hash)],
            Digest = new AlgorithmIdentifier(hash),
            Algorithm = SignatureNames.Algorithm(signature, digest),
            AlgorithmName = SignatureNames.Library(signature, digest),
        };
    }

    /// <summary>Adds the attribute that binds the signer's certificate.</summary>
    /// <param name="signer">The signer.</param>
    public static Action<List<Attribute>> Binding(CmsIdentity signer) => attributes => attributes.Add(One(
        PkcsObjectIdentifiers.IdAASigningCertificateV2, new SigningCertificateV2(new EssCertIDv2(Convert.FromHexString(signer.Certificate.Fingerprint)))));

    public byte[] Build(params SignerInfo[] further)
    {
        var certificates = Certificates ?? [Signer.Certificate];
        Asn1OctetString carried = Segments is null ? new BerOctetString(Content) : new BerOctetString(Segments.ToArray());
        Asn1EncodableVector fields =
        [
            DerInteger.One,
            new DerSet(Announced.ToArray<Asn1Encodable>()),
            Attached ? new BerSequence(ContentType, new BerTaggedObject(0, carried)) : new BerSequence(ContentType),
            new DerTaggedObject(false, 0, new DerSet(certificates.Select(certificate => (Asn1Encodable)Asn1Object.FromByteArray(certificate.Der.ToArray())).ToArray())),
            new DerSet(further.Prepend(BuildSigner()).ToArray<Asn1Encodable>()),
        ];
        return Der
            ? new DerSequence(PkcsObjectIdentifiers.SignedData, new DerTaggedObject(0, new DerSequence(fields))).GetEncoded(Asn1Encodable.Der)
            : new BerSequence(PkcsObjectIdentifiers.SignedData, new BerTaggedObject(0, new BerSequence(fields))).GetEncoded();
    }

    public SignerInfo BuildSigner()
    {
        DerSet? attributes = HasAttributes ? DerSet.FromVector(Asn1EncodableVector.FromEnumerable(BuildAttributes())) : null;
        byte[] signed = attributes?.GetDerEncoded() ?? Content;
        var structure = X509CertificateStructure.GetInstance(Signer.Certificate.Der.ToArray());
        return new SignerInfo(
            new Org.BouncyCastle.Asn1.Cms.SignerIdentifier(new IssuerAndSerialNumber(structure)),
            Digest,
            attributes is not null && OnWire is not null ? OnWire(attributes) : attributes,
            Algorithm,
            new DerOctetString(Sign is null ? Signature(signed) : Sign(signed)),
            Unsigned);
    }

    public byte[] Signature(byte[] signed)
    {
        ISigner signer = SignerUtilities.GetSigner(AlgorithmName);
        signer.Init(true, TestIdentities.KeyOf(Signer));
        signer.BlockUpdate(signed, 0, signed.Length);
        return signer.GenerateSignature();
    }

    public byte[] ContentDigest() => DigestUtilities.CalculateDigest(Digest.Algorithm.Id, Content);

    private List<Attribute> BuildAttributes()
    {
        List<Attribute> attributes =
        [
            One(CmsAttributes.ContentType, ContentType),
            One(CmsAttributes.MessageDigest, new DerOctetString(ContentDigest())),
            One(CmsAttributes.SigningTime, new DerUtcTime(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), 2049)),
        ];
        Attributes?.Invoke(attributes);
        return attributes;
    }

    public static Attribute One(DerObjectIdentifier type, Asn1Encodable value) => new(type, new DerSet(value));
}
