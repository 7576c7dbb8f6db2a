using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>The signed attributes that every signature has (RFC 8551 2.5, RFC 5035 3, RFC 6211).</summary>
internal static class SignedAttributes
{
    private static readonly string[] s_ciphers = [CmsAlgorithmNames.Aes256Gcm, CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.Aes256Cbc, CmsAlgorithmNames.Aes128Cbc];

    /// <summary>Makes them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="choice">Digest and scheme.</param>
    /// <param name="contentDigest">The digest of the content.</param>
    /// <returns>A DER SET OF.</returns>
    public static byte[] Encode(SigningRequest request, SignatureChoice choice, byte[] contentDigest)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSetOf())
        {
            Attribute(writer, Oids.ContentType, w => w.WriteObjectIdentifier(Oids.Data));
            Attribute(writer, Oids.MessageDigest, w => w.WriteOctetString(contentDigest));
            Attribute(writer, Oids.SigningTime, w => WriteTime(w, request.SigningTime.ToUniversalTime()));
            Attribute(writer, Oids.SmimeCapabilities, WriteCapabilities);
            Attribute(writer, Oids.SigningCertificateV2, w => WriteCertificateId(w, request.Signer.Certificate));
            Attribute(writer, Oids.AlgorithmProtection, w => WriteProtection(w, choice));
            if (Preferred(request) is { } preferred)
                Attribute(writer, Oids.EncryptionKeyPreference, w => WritePreference(w, preferred));
        }
        return writer.Encode();
    }

    private static Certificate? Preferred(SigningRequest request)
    {
        if (request.EncryptionCertificate is { } named)
            return Certificate.Read(named);
        Certificate signer = Certificate.Read(request.Signer.Certificate);
        return signer.Algorithm is Oids.Rsa or Oids.Ec ? signer : null;
    }

    private static void Attribute(AsnWriter writer, string oid, Action<AsnWriter> value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            using (writer.PushSetOf())
                value(writer);
        }
    }

    /// <summary>RFC 5652 11.3: UTCTime to 2049.</summary>
    private static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time.Year is >= 1950 and <= 2049)
            writer.WriteUtcTime(time, 2049);
        else
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
    }

    private static void WriteCapabilities(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            foreach (string cipher in s_ciphers)
                AlgorithmValue.Write(writer, Oids.CipherOid(cipher));
            AlgorithmValue.Write(writer, Oids.PreferBinaryInside);
        }
    }

    /// <summary>RFC 5035 3: SHA-256, the default, is not written.</summary>
    private static void WriteCertificateId(AsnWriter writer, EncodedCertificate signer)
    {
        Certificate certificate = Certificate.Read(signer);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteOctetString(SHA256.HashData(signer.Der.Span));
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
                    writer.WriteEncodedValue(certificate.Issuer.Span);
                writer.WriteEncodedValue(Ber.Integer(certificate.SerialNumber.Span));
            }
        }
    }

    private static void WriteProtection(AsnWriter writer, SignatureChoice choice)
    {
        using (writer.PushSequence())
        {
            AlgorithmValue.Write(writer, Oids.DigestOid(choice.Digest));
            choice.WriteAlgorithm(writer, new Asn1Tag(TagClass.ContextSpecific, 1));
        }
    }

    /// <summary>RFC 8551 2.5.3: issuerAndSerialNumber [0].</summary>
    private static void WritePreference(AsnWriter writer, Certificate certificate)
    {
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            writer.WriteEncodedValue(certificate.Issuer.Span);
            writer.WriteEncodedValue(Ber.Integer(certificate.SerialNumber.Span));
        }
    }
}
