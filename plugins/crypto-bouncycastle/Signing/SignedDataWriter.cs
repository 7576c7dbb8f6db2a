using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Keys;
using Cstp.CryptoBouncyCastle.Pipes;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;
using SignerIdentifier = Org.BouncyCastle.Asn1.Cms.SignerIdentifier;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.CryptoBouncyCastle.Signing;

/// <summary>Writes a ContentInfo with SignedData (RFC 5652 5) around content, or without it.</summary>
internal static class SignedDataWriter
{
    /// <summary>Writes the content as it is read, then the signature.</summary>
    public static async Task WriteAttachedAsync(OctetSource content, OctetSink signedData, SigningRequest request)
    {
        PrivateKey signer = PrivateKey.Open(request.Signer);
        SignatureMaker maker = SignatureMaker.For(signer, DigestKind.From(request.Digest));
        var digests = new ContentDigests([maker.Digest]);

        WriteBeginning(signedData, maker);
        signedData.Write(BerFrames.Context0);
        signedData.Write(BerFrames.OctetString);
        using (var segments = new SegmentWriter(signedData))
        {
            while (await content.FillAsync())
            {
                ReadOnlyMemory<byte> octets = content.Take(SegmentWriter.SegmentOctets);
                digests.Update(octets.Span);
                await segments.WriteAsync(octets);
            }

            await segments.CompleteAsync();
        }

        signedData.Write(BerFrames.End);
        signedData.Write(BerFrames.End);
        await WriteEndAsync(signedData, signer, maker, digests, request);
        await signedData.FlushAsync();
    }

    /// <summary>Reads the content to its end, then writes the signature alone.</summary>
    public static async Task WriteDetachedAsync(OctetSource content, OctetSink signature, SigningRequest request)
    {
        PrivateKey signer = PrivateKey.Open(request.Signer);
        SignatureMaker maker = SignatureMaker.For(signer, DigestKind.From(request.Digest));
        var digests = new ContentDigests([maker.Digest]);
        while (await content.FillAsync())
            digests.Update(content.Take(SegmentWriter.SegmentOctets).Span);

        WriteBeginning(signature, maker);
        await WriteEndAsync(signature, signer, maker, digests, request);
        await signature.FlushAsync();
    }

    // ContentInfo, [0], SignedData, its version 1 (RFC 5652 5.1: id-data and a version 1 SignerInfo), EncapsulatedContentInfo.
    private static void WriteBeginning(OctetSink sink, SignatureMaker maker)
    {
        sink.Write(BerFrames.Sequence);
        sink.Write(PkcsObjectIdentifiers.SignedData.Der());
        sink.Write(BerFrames.Context0);
        sink.Write(BerFrames.Sequence);
        sink.Write(DerInteger.One.Der());
        sink.Write(new DerSet(maker.Digest.Written).Der());
        sink.Write(BerFrames.Sequence);
        sink.Write(PkcsObjectIdentifiers.Data.Der());
    }

    private static async Task WriteEndAsync(
        OctetSink sink, PrivateKey signer, SignatureMaker maker, ContentDigests digests, SigningRequest request)
    {
        digests.Finish();
        // Milliseconds of computing, possibly on the thread of whoever filled the pipe: it goes elsewhere.
        SignerInfo info = await Task.Run(() => Sign(signer, maker, digests.Find(maker.Digest)!, request));
        sink.Write(BerFrames.End);
        WriteCertificates(sink, [request.Signer.Certificate, .. request.Certificates]);
        sink.Write(new DerSet(info).Der());
        sink.Write(BerFrames.End);
        sink.Write(BerFrames.End);
        sink.Write(BerFrames.End);
    }

    private static void WriteCertificates(OctetSink sink, IEnumerable<EncodedCertificate> certificates)
    {
        sink.Write(BerFrames.Context0);
        foreach (EncodedCertificate certificate in certificates.Distinct())
            sink.Write(certificate.Der.Span);
        sink.Write(BerFrames.End);
    }

    private static SignerInfo Sign(PrivateKey signer, SignatureMaker maker, byte[] contentDigest, SigningRequest request)
    {
        DerSet attributes = SignedAttributes.Build(signer, maker, contentDigest, request);
        byte[] signature = maker.Sign(attributes.Der()); // as SET OF, tag 31 (RFC 5652 5.4)
        var identifier = new SignerIdentifier(new IssuerAndSerialNumber(signer.Certificate.Structure));
        return new SignerInfo(identifier, maker.Digest.Written, attributes, maker.Algorithm, DerOctetString.WithContents(signature), (Asn1Set?)null);
    }
}
