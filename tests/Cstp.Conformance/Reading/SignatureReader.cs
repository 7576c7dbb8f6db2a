using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Running;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using SignedData = Org.BouncyCastle.Asn1.Cms.SignedData;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.Conformance.Reading;

/// <summary>Reads what a module signed, with nothing of the module.</summary>
internal sealed class SignatureReader
{
    private readonly SignedData _data;

    /// <summary>Reads the structure; there must be one signer.</summary>
    /// <param name="message">A ContentInfo.</param>
    public SignatureReader(byte[] message)
    {
        Org.BouncyCastle.Asn1.Cms.ContentInfo info = EnvelopeReader.Outer(message);
        Expect.That(info.ContentType.Equals(CmsObjectIdentifiers.SignedData), $"the message is of type {info.ContentType}");
        _data = SignedData.GetInstance(info.Content);
        Expect.That(_data.SignerInfos.Count == 1, $"there are {_data.SignerInfos.Count} signers");
        Signer = SignerInfo.GetInstance(_data.SignerInfos[0]);
    }

    public SignerInfo Signer { get; }

    /// <summary>The content carried; null where there is none.</summary>
    public byte[]? Content => _data.EncapContentInfo.Content is { } content ? Asn1OctetString.GetInstance(content).GetOctets() : null;

    /// <summary>The signed attributes by their types; each stands once with one value.</summary>
    public Dictionary<DerObjectIdentifier, Asn1Encodable> Attributes
    {
        get
        {
            var attributes = new Dictionary<DerObjectIdentifier, Asn1Encodable>();
            foreach (Attribute attribute in (Signer.SignedAttrs ?? throw new Shortfall("there are no signed attributes")).Select(Attribute.GetInstance))
            {
                Expect.That(attribute.AttrValues.Count == 1, $"attribute {attribute.AttrType} has {attribute.AttrValues.Count} values");
                Expect.That(attributes.TryAdd(attribute.AttrType, attribute.AttrValues[0]), $"attribute {attribute.AttrType} stands twice");
            }
            return attributes;
        }
    }

    /// <summary>SHA-256 fingerprints of the certificates carried.</summary>
    public IReadOnlyList<string> Certificates =>
        [.. (_data.Certificates ?? DerSet.Empty).Select(certificate => Convert.ToHexStringLower(SHA256.HashData(certificate.GetEncoded(Asn1Encodable.Der))))];

    /// <summary>Checks the signature and all that RFC 5652 5 demands of it.</summary>
    /// <param name="content">What was signed.</param>
    /// <param name="signer">Who signed.</param>
    /// <param name="signature">With what: a name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="digest">The digest's name.</param>
    public void Check(byte[] content, CmsIdentity signer, string signature, string digest)
    {
        DerObjectIdentifier expected = SignatureNames.Digest(digest);
        Expect.That(Signer.DigestAlgorithm.Algorithm.Equals(expected), $"the digest is {Signer.DigestAlgorithm.Algorithm}, not {digest}");
        Expect.That(
            _data.DigestAlgorithms.Select(AlgorithmIdentifier.GetInstance).Any(announced => announced.Algorithm.Equals(expected)),
            "the digest is not announced in digestAlgorithms");
        Dictionary<DerObjectIdentifier, Asn1Encodable> attributes = Attributes;
        Expect.That(
            attributes.GetValueOrDefault(CmsAttributes.ContentType) is { } type && type.Equals(PkcsObjectIdentifiers.Data),
            "the content-type attribute is missing or not id-data");
        Expect.That(
            attributes.GetValueOrDefault(CmsAttributes.MessageDigest) is Asn1OctetString value
                && value.GetOctets().AsSpan().SequenceEqual(DigestUtilities.CalculateDigest(expected, content)),
            "the message-digest attribute is missing or not the content's");
        byte[] der = Signer.SignedAttrs.GetEncoded(Asn1Encodable.Der);
        Expect.That(Signer.SignedAttrs.GetEncoded(Asn1Encodable.DL).AsSpan().SequenceEqual(der), "the signed attributes are not DER");
        ISigner check = SignerUtilities.GetSigner(SignatureNames.Library(signature, digest));
        var certificate = X509CertificateStructure.GetInstance(signer.Certificate.Der.ToArray());
        check.Init(false, PublicKeyFactory.CreateKey(certificate.SubjectPublicKeyInfo));
        check.BlockUpdate(der, 0, der.Length);
        Expect.That(check.VerifySignature(Signer.Signature.GetOctets()), "the signature value does not verify");
        Expect.That(Certificates.Contains(signer.Certificate.Fingerprint), "the signer's certificate is not carried");
    }
}
