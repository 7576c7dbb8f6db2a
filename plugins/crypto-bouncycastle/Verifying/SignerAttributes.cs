using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Smime;
using Org.BouncyCastle.Asn1.X509;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;
using Time = Org.BouncyCastle.Asn1.Cms.Time;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>Reads the signed attributes of one SignerInfo and checks what they say against what is there.</summary>
internal sealed class SignerAttributes
{
    private readonly Dictionary<DerObjectIdentifier, List<Attribute>> _attributes = [];

    public SignerAttributes(Asn1Set attributes)
    {
        foreach (Asn1Encodable element in attributes)
        {
            Attribute attribute = Attribute.GetInstance(element);
            if (!_attributes.TryGetValue(attribute.AttrType, out List<Attribute>? same))
                _attributes.Add(attribute.AttrType, same = []);
            same.Add(attribute);
        }
    }

    /// <summary>The signing-time attribute; null where there is none.</summary>
    public DateTimeOffset? SigningTime { get; private set; }

    public IReadOnlyList<string> Capabilities { get; private set; } = [];

    /// <summary>Whether content-type, message-digest or signing-time stand where they must not (RFC 5652 11.1 to 11.3).</summary>
    /// <remarks>Nothing else of the unsigned attributes is looked at: anyone on the way can have written them.</remarks>
    public static bool StandsUnsigned(Asn1Set? unsignedAttributes) => unsignedAttributes is not null
        && unsignedAttributes.OfType<Asn1Sequence>().Any(attribute => attribute.Count > 0
            && attribute[0] is DerObjectIdentifier type
            && (type.Equals(CmsAttributes.ContentType) || type.Equals(CmsAttributes.MessageDigest) || type.Equals(CmsAttributes.SigningTime)));

    /// <summary>Checks all that does not depend on the certificate.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Check(SignerInfo signer, DerObjectIdentifier contentType, byte[] contentDigest)
    {
        if (!TryOne(CmsAttributes.ContentType, out Asn1Encodable? type) || type is null)
            return "the content-type attribute is missing, double or has not one value";
        if (!contentType.Equals(type))
            return "the content-type attribute names another type";
        if (!TryOne(CmsAttributes.MessageDigest, out Asn1Encodable? digest) || digest is null)
            return "the message-digest attribute is missing, double or has not one value";
        if (digest is not Asn1OctetString octets || !octets.GetOctets().AsSpan().SequenceEqual(contentDigest))
            return "the message-digest attribute is not the digest of the content";
        if (!TryOne(CmsAttributes.SigningTime, out Asn1Encodable? time))
            return "the signing-time attribute is double or has not one value";
        if (time is not null)
            SigningTime = new DateTimeOffset(Time.GetInstance(time).ToDateTime().ToUniversalTime());
        if (!TryOne(CmsAttributes.CmsAlgorithmProtect, out Asn1Encodable? protection))
            return "the algorithm protection attribute is double or has not one value";
        if (protection is not null && !Protects(CmsAlgorithmProtection.GetInstance(protection), signer))
            return "the algorithm protection attribute names other algorithms";
        if (TryOne(SmimeAttributes.SmimeCapabilities, out Asn1Encodable? capabilities) && capabilities is not null)
            Capabilities = CapabilityList.Read(capabilities);
        return null;
    }

    /// <summary>Checks whether the attributes allow this certificate to be the signer's (RFC 5035 3).</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? CheckCertificate(Certificate certificate)
    {
        if (!TryOne(PkcsObjectIdentifiers.IdAASigningCertificateV2, out Asn1Encodable? second)
            || !TryOne(PkcsObjectIdentifiers.IdAASigningCertificate, out Asn1Encodable? first))
            return "a signing certificate attribute is double or has not one value";
        if (second is not null)
        {
            EssCertIDv2 named = SigningCertificateV2.GetInstance(second).GetCerts()[0];
            if (!IsNamed(certificate, DigestKind.Find(named.HashAlgorithm.Algorithm), named.GetCertHash(), named.IssuerSerial))
                return "the signing certificate attribute names another certificate";
        }

        if (first is not null)
        {
            EssCertID named = SigningCertificate.GetInstance(first).GetCerts()[0];
            if (!IsNamed(certificate, DigestKind.Sha1, named.GetCertHash(), named.IssuerSerial))
                return "the signing certificate attribute names another certificate";
        }

        return null;
    }

    private static bool IsNamed(Certificate certificate, DigestKind? digest, byte[] hash, IssuerSerial? name) =>
        digest is not null
        && digest.Compute(certificate.Encoded.Der.Span).AsSpan().SequenceEqual(hash)
        && (name is null || name.Serial.Equals(certificate.Structure.SerialNumber) && name.Issuer.GetNames().Any(issuer =>
            issuer.TagNo == GeneralName.DirectoryName && X509Name.GetInstance(issuer.Name).Equivalent(certificate.Structure.Issuer, true)));

    // RFC 6211 2; absent parameters and NULL mean the same for the algorithms that have none.
    private static bool Protects(CmsAlgorithmProtection protection, SignerInfo signer) =>
        IsSame(protection.DigestAlgorithm, signer.DigestAlgorithm)
        && protection.SignatureAlgorithm is not null
        && IsSame(protection.SignatureAlgorithm, signer.SignatureAlgorithm);

    private static bool IsSame(AlgorithmIdentifier one, AlgorithmIdentifier other) =>
        one.Algorithm.Equals(other.Algorithm)
        && (one.Parameters ?? DerNull.Instance).ToAsn1Object().Equals((other.Parameters ?? DerNull.Instance).ToAsn1Object());

    // False where the attribute stands twice or has not exactly one value; true and null where it is absent.
    private bool TryOne(DerObjectIdentifier type, out Asn1Encodable? value)
    {
        value = null;
        if (!_attributes.TryGetValue(type, out List<Attribute>? attributes))
            return true;
        if (attributes.Count != 1 || attributes[0].AttrValues.Count != 1)
            return false;
        value = attributes[0].AttrValues[0];
        return true;
    }
}
