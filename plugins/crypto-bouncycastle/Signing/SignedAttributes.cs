using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Ess;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Smime;
using Org.BouncyCastle.Asn1.X509;
using Attribute = Org.BouncyCastle.Asn1.Cms.Attribute;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;
using Time = Org.BouncyCastle.Asn1.Cms.Time;

namespace Cstp.CryptoBouncyCastle.Signing;

/// <summary>Builds the signed attributes (RFC 8551 2.5; RFC 5035 3; RFC 6211).</summary>
internal static class SignedAttributes
{
    // What this module reads, best first; that our side takes binary inside is announced, too (RFC 8551 2.5.2, 2.7.1).
    private static readonly DerSequence s_capabilities = new(
        new DerSequence(NistObjectIdentifiers.IdAes256Gcm),
        new DerSequence(NistObjectIdentifiers.IdAes128Gcm),
        new DerSequence(NistObjectIdentifiers.IdAes256Cbc),
        new DerSequence(NistObjectIdentifiers.IdAes128Cbc),
        new DerSequence(new DerObjectIdentifier("1.2.840.113549.1.9.16.11.1")));

    public static DerSet Build(PrivateKey signer, SignatureMaker maker, byte[] contentDigest, SigningRequest request)
    {
        var attributes = new Asn1EncodableVector
        {
            One(CmsAttributes.ContentType, PkcsObjectIdentifiers.Data),
            One(CmsAttributes.MessageDigest, new DerOctetString(contentDigest)),
            One(CmsAttributes.SigningTime, new Time(request.SigningTime.UtcDateTime)),
            One(SmimeAttributes.SmimeCapabilities, s_capabilities),
            One(PkcsObjectIdentifiers.IdAASigningCertificateV2, SigningCertificate(signer.Certificate)),
            One(CmsAttributes.CmsAlgorithmProtect, new CmsAlgorithmProtection(maker.Digest.Written, CmsAlgorithmProtection.Signature, maker.Algorithm)),
        };
        if (EncryptionCertificate(signer, request) is Certificate encryption)
            attributes.Add(One(SmimeAttributes.EncrypKeyPref, new DerTaggedObject(false, 0, new IssuerAndSerialNumber(encryption.Structure))));
        return DerSet.FromVector(attributes);
    }

    private static Attribute One(DerObjectIdentifier type, Asn1Encodable value) => new(type, new DerSet(value));

    // Where no certificate is named and the signer's cannot be encrypted to, nothing is claimed.
    private static Certificate? EncryptionCertificate(PrivateKey signer, SigningRequest request) =>
        request.EncryptionCertificate is not null ? Certificate.Parse(request.EncryptionCertificate)
        : signer.Certificate.Key.Kind is PublicKeyKind.Rsa or PublicKeyKind.Ec ? signer.Certificate
        : null;

    private static SigningCertificateV2 SigningCertificate(Certificate signer)
    {
        byte[] digest = Algorithms.DigestKind.Sha256.Compute(signer.Encoded.Der.Span);
        var issuer = new GeneralNames(new GeneralName(signer.Structure.Issuer));
        return new SigningCertificateV2(new EssCertIDv2(digest, new IssuerSerial(issuer, signer.Structure.SerialNumber)));
    }
}
