using System.Formats.Asn1;
using System.Security.Cryptography;
using CryptoSample.Ber;
using CryptoSample.Keys;
using Cstp.Abstractions;

namespace CryptoSample.Encrypting;

/// <summary>Writes EnvelopedData (RFC 5652 6) or AuthEnvelopedData (RFC 5083).</summary>
internal static class EnvelopedDataWriter
{
    private const int TagLength = 16;

    /// <summary>Encrypts.</summary>
    /// <param name="content">What is encrypted, read to its end.</param>
    /// <param name="output">Receives BER.</param>
    /// <param name="request">Recipients and algorithm.</param>
    public static async ValueTask WriteAsync(Input content, Output output, EncryptionRequest request)
    {
        if (request.Recipients.Count == 0)
            throw new CmsKeyException("there is no recipient to encrypt to; give at least one certificate");
        bool isGcm = ContentCipherStream.IsGcm(request.Cipher);
        byte[] key = RandomNumberGenerator.GetBytes(ContentCipherStream.KeyLength(request.Cipher));
        byte[] vector = RandomNumberGenerator.GetBytes(isGcm ? 12 : 16);
        byte[] recipients = Der.Write(writer => WriteRecipients(writer, request, key));
        byte[] beginning =
        [
            0x30, 0x80, .. Der.Write(writer => writer.WriteObjectIdentifier(isGcm ? Oids.AuthEnvelopedData : Oids.EnvelopedData)), 0xA0, 0x80, 0x30, 0x80,
            // RFC 5652 6.1: version 2 as soon as a recipient is no version 0; RFC 5083 2.1: always 0.
            2, 1, (byte)(!isGcm && request.Recipients.Any(one => Certificate.Read(one.Certificate).IsP256) ? 2 : 0),
            .. recipients,
            0x30, 0x80, .. Der.Write(writer => writer.WriteObjectIdentifier(Oids.Data)),
            .. Der.Write(writer => Der.Algorithm(writer, Oids.Of(request.Cipher), parameters => WriteParameters(parameters, vector, isGcm))),
            0xA0, 0x80,
        ];
        await output.WriteAsync(beginning);

        var cipher = new ContentCipherStream(true, request.Cipher, key, vector, TagLength);
        CryptographicOperations.ZeroMemory(key);
        var segments = new Segments(output);
        while (await content.PeekAsync() is { IsEmpty: false } piece)
        {
            await segments.WriteAsync(cipher.Pass(piece));
            content.Take(piece.Length);
        }
        ReadOnlyMemory<byte> last = cipher.Finish();
        int tag = isGcm ? TagLength : 0;
        await segments.WriteAsync(last[..^tag]);
        await segments.EndAsync();
        byte[] end = [0, 0, 0, 0, .. isGcm ? Der.Write(writer => writer.WriteOctetString(last.Span[^tag..])) : [], 0, 0, 0, 0, 0, 0];
        await output.WriteAsync(end);
    }

    private static void WriteParameters(AsnWriter writer, byte[] vector, bool isGcm)
    {
        if (!isGcm)
        {
            writer.WriteOctetString(vector);
            return;
        }
        using (writer.PushSequence())
        {
            writer.WriteOctetString(vector);
            writer.WriteInteger(TagLength);
        }
    }

    private static void WriteRecipients(AsnWriter writer, EncryptionRequest request, byte[] key)
    {
        using (writer.PushSetOf())
        {
            foreach (EncryptionRecipient recipient in request.Recipients.DistinctBy(one => one.Certificate))
            {
                Certificate certificate = Certificate.Read(recipient.Certificate);
                if (certificate.IsRsa && recipient.RsaTransport == RsaKeyTransport.Pkcs1)
                    WriteTransport(writer, certificate, key);
                else if (certificate.IsP256)
                    WriteAgreement(writer, certificate, key);
                else
                    throw new CmsKeyException($"certificate {recipient.Certificate.Fingerprint}: this module encrypts to RSA (PKCS#1 v1.5) and P-256 alone; give another, or select another module");
            }
        }
    }

    /// <summary>KeyTransRecipientInfo (RFC 5652 6.2.1).</summary>
    private static void WriteTransport(AsnWriter writer, Certificate recipient, byte[] key)
    {
        using RSA rsa = recipient.OpenRsa() ?? throw new CmsKeyException($"certificate {recipient.Encoded.Fingerprint}: its RSA key is of a size or exponent that is not used; give another");
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            recipient.WriteName(writer);
            Der.Algorithm(writer, Oids.Rsa, static parameters => parameters.WriteNull());
            writer.WriteOctetString(rsa.Encrypt(key, RSAEncryptionPadding.Pkcs1));
        }
    }

    /// <summary>KeyAgreeRecipientInfo (RFC 5652 6.2.2, RFC 5753 3.1).</summary>
    private static void WriteAgreement(AsnWriter writer, Certificate recipient, byte[] key)
    {
        using ECDiffieHellman agreed = recipient.OpenEcdh() ?? throw new CmsKeyException($"certificate {recipient.Encoded.Fingerprint}: its key is not on its curve; give another");
        string wrap = key.Length == 16 ? Oids.Aes128Wrap : Oids.Aes256Wrap;
        (byte[] point, byte[] wrapped) = KeyAgreement.Wrap(agreed, key, wrap);
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
        {
            writer.WriteInteger(3);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
            {
                Der.Algorithm(writer, Oids.Ec, static parameters => parameters.WriteObjectIdentifier(Oids.P256));
                writer.WriteBitString(point);
            }
            Der.Algorithm(writer, Oids.AgreementSha256, parameters => Der.Algorithm(parameters, wrap));
            using (writer.PushSequence())
            using (writer.PushSequence())
            {
                recipient.WriteName(writer);
                writer.WriteOctetString(wrapped);
            }
        }
    }
}
