using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>The signed attributes that every signature has (RFC 8551 2.5, RFC 5035 3, RFC 6211).</summary>
internal static class SignedAttributes
{
    private static readonly string[] s_ciphers = [CmsAlgorithmNames.Aes256Gcm, CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.Aes256Cbc, CmsAlgorithmNames.Aes128Cbc];

    // What is the same in every signature, or in every one of a key, is made once.
    private static readonly byte[] s_contentType = Attribute(Oids.ContentType, w => w.WriteObjectIdentifier(Oids.Data));
    private static readonly byte[] s_capabilities = Attribute(Oids.SmimeCapabilities, WriteCapabilities);
    private static readonly ConditionalWeakTable<Certificate, byte[]> s_certificateIds = [];
    private static readonly ConditionalWeakTable<Certificate, byte[]> s_preferences = [];

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
            writer.WriteEncodedValue(s_contentType);
            WriteAttribute(writer, Oids.MessageDigest, w => w.WriteOctetString(contentDigest));
            WriteAttribute(writer, Oids.SigningTime, w => WriteTime(w, request.SigningTime.ToUniversalTime()));
            writer.WriteEncodedValue(s_capabilities);
            writer.WriteEncodedValue(s_certificateIds.GetValue(
                Certificate.Read(request.Signer.Certificate), static signer => Attribute(Oids.SigningCertificateV2, w => WriteCertificateId(w, signer))));
            WriteAttribute(writer, Oids.AlgorithmProtection, w => WriteProtection(w, choice));
            if (Preferred(request) is { } preferred)
                writer.WriteEncodedValue(s_preferences.GetValue(preferred, static certificate => Attribute(Oids.EncryptionKeyPreference, w => WritePreference(w, certificate))));
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

    private static byte[] Attribute(string oid, Action<AsnWriter> value) => Ber.Encode(writer => WriteAttribute(writer, oid, value));

    private static void WriteAttribute(AsnWriter writer, string oid, Action<AsnWriter> value)
    {
        using (writer.PushSequence())
        {
            writer.WriteOid(oid);
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
    private static void WriteCertificateId(AsnWriter writer, Certificate signer)
    {
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteOctetString(SHA256.HashData(signer.Encoded.Der.Span));
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
                    writer.WriteEncodedValue(signer.Issuer.Span);
                writer.WriteEncodedValue(Ber.Integer(signer.SerialNumber.Span));
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
