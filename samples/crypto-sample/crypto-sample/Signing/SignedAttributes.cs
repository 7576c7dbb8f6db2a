using System.Formats.Asn1;
using CryptoSample.Ber;
using CryptoSample.Keys;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>The signed attributes that are written (RFC 8551 2.5, RFC 5035 3, RFC 6211).</summary>
internal static class SignedAttributes
{
    /// <summary>Makes them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="signer">The signer.</param>
    /// <param name="contentDigest">The content's digest.</param>
    /// <param name="signature">Writes the signature algorithm under a tag.</param>
    /// <returns>A DER SET OF.</returns>
    public static byte[] Encode(SigningRequest request, Certificate signer, byte[] contentDigest, Action<AsnWriter, Asn1Tag?> signature) => Der.Write(writer =>
    {
        using (writer.PushSetOf())
        {
            Attribute(writer, Oids.ContentType, value => value.WriteObjectIdentifier(Oids.Data));
            Attribute(writer, Oids.MessageDigest, value => value.WriteOctetString(contentDigest));
            Attribute(writer, Oids.SigningTime, value => WriteTime(value, request.SigningTime.ToUniversalTime()));
            Attribute(writer, Oids.SmimeCapabilities, WriteCapabilities);
            Attribute(writer, Oids.SigningCertificateV2, value => WriteCertificateId(value, signer));
            Attribute(writer, Oids.AlgorithmProtection, value =>
            {
                using (value.PushSequence())
                {
                    Der.Algorithm(value, Oids.Sha256);
                    signature(value, new Asn1Tag(TagClass.ContextSpecific, 1));
                }
            });
            if (request.EncryptionCertificate is { } preferred)
                Attribute(writer, Oids.EncryptionKeyPreference, value => Certificate.Read(preferred).WriteName(value, tag: new Asn1Tag(TagClass.ContextSpecific, 0)));
        }
    });

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
            foreach (ContentCipher cipher in new[] { ContentCipher.Aes256Gcm, ContentCipher.Aes128Gcm, ContentCipher.Aes256Cbc, ContentCipher.Aes128Cbc })
                Der.Algorithm(writer, Oids.Of(cipher));
        }
    }

    /// <summary>SigningCertificateV2; SHA-256 is the default and not written.</summary>
    private static void WriteCertificateId(AsnWriter writer, Certificate signer)
    {
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteOctetString(Convert.FromHexString(signer.Encoded.Fingerprint));
            signer.WriteName(writer, issuer =>
            {
                // GeneralNames with one directoryName.
                using (issuer.PushSequence())
                using (issuer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
                    issuer.WriteEncodedValue(signer.Issuer);
            });
        }
    }
}
