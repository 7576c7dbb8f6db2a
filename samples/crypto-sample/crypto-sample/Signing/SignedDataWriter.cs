using System.Formats.Asn1;
using System.Security.Cryptography;
using CryptoSample.Ber;
using CryptoSample.Keys;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>Writes SignedData with one signer (RFC 5652 5).</summary>
internal static class SignedDataWriter
{
    // ContentInfo and SignedData of indefinite length, version 1, SHA-256, then encapContentInfo up to its type.
    private static readonly byte[] s_beginning =
    [
        0x30, 0x80, .. Der.Write(writer => writer.WriteObjectIdentifier(Oids.SignedData)), 0xA0, 0x80, 0x30, 0x80, 2, 1, 1,
        .. Der.Write(writer =>
        {
            using (writer.PushSetOf())
                Der.Algorithm(writer, Oids.Sha256);
        }),
        0x30, 0x80, .. Der.Write(writer => writer.WriteObjectIdentifier(Oids.Data)),
    ];

    /// <summary>Signs.</summary>
    /// <param name="content">What is signed, read to its end.</param>
    /// <param name="output">Receives BER.</param>
    /// <param name="request">The signer and the choices.</param>
    /// <param name="carries">Whether the message carries the content.</param>
    public static async ValueTask WriteAsync(Input content, Output output, SigningRequest request, bool carries)
    {
        if (request.Digest != DigestAlgorithm.Sha256)
            throw new CmsKeyException($"this module signs over SHA-256 alone, not {request.Digest}; select another");
        Certificate signer = Certificate.Read(request.Signer.Certificate);
        using AsymmetricAlgorithm key = signer switch
        {
            { IsRsa: true } => PrivateKey.OpenRsa(request.Signer),
            { IsP256: true } => PrivateKey.OpenEcdsa(request.Signer),
            _ => throw new CmsKeyException($"certificate {signer.Encoded.Fingerprint}: this module signs with RSA (PKCS#1 v1.5) and ECDSA P-256 alone; select another"),
        };

        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (carries)
            await output.WriteAsync((byte[])[.. s_beginning, 0xA0, 0x80, 0x24, 0x80]);
        var segments = new Segments(output);
        while (await content.PeekAsync() is { IsEmpty: false } piece)
        {
            digest.AppendData(piece.Span);
            if (carries)
                await segments.WriteAsync(piece);
            content.Take(piece.Length);
        }
        await segments.EndAsync();
        await output.WriteAsync(carries ? new byte[6] : (byte[])[.. s_beginning, 0, 0]);

        byte[] end =
        [
            .. Der.Write(writer => WriteCertificates(writer, [request.Signer.Certificate, .. request.Certificates])),
            .. Der.Write(writer => WriteSigner(writer, request, signer, key, digest.GetHashAndReset())),
            0, 0, 0, 0, 0, 0,
        ];
        await output.WriteAsync(end);
    }

    private static void WriteCertificates(AsnWriter writer, IEnumerable<EncodedCertificate> certificates)
    {
        using (writer.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            foreach (EncodedCertificate certificate in certificates.Distinct())
                writer.WriteEncodedValue(certificate.Der.Span);
        }
    }

    private static void WriteSigner(AsnWriter writer, SigningRequest request, Certificate signer, AsymmetricAlgorithm key, byte[] contentDigest)
    {
        void Algorithm(AsnWriter to, Asn1Tag? tag)
        {
            if (key is RSA)
                Der.Algorithm(to, Oids.Rsa, static parameters => parameters.WriteNull(), tag);
            else
                Der.Algorithm(to, Oids.EcdsaWithSha256, null, tag);
        }

        byte[] attributes = SignedAttributes.Encode(request, signer, contentDigest, Algorithm);
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            signer.WriteName(writer);
            Der.Algorithm(writer, Oids.Sha256);
            // RFC 5652 5.4: signed as a SET OF, written as [0] IMPLICIT.
            writer.WriteEncodedValue([0xA0, .. attributes.AsSpan(1)]);
            Algorithm(writer, null);
            writer.WriteOctetString(key is RSA rsa
                ? rsa.SignData(attributes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : ((ECDsa)key).SignData(attributes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }
    }
}
