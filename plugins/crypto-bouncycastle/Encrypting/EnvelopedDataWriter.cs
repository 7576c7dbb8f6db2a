using System.Buffers;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Pipes;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Pkcs;

namespace Cstp.CryptoBouncyCastle.Encrypting;

/// <summary>Writes a ContentInfo with EnvelopedData (RFC 5652 6.1) or AuthEnvelopedData (RFC 5083 2.1).</summary>
internal static class EnvelopedDataWriter
{
    // A cipher gives out at most two blocks more than it takes.
    private const int OutputOctets = SegmentWriter.SegmentOctets + 64;

    public static async Task WriteAsync(OctetSource content, OctetSink envelopedData, EncryptionRequest request)
    {
        if (request.Recipients.Count == 0)
            throw new ArgumentException("there is no recipient", nameof(request));
        ContentEncryption encryption = ContentEncryption.Create(request.Cipher);
        try
        {
            DerSet recipients = await Task.Run(() => MakeRecipients(request, encryption.Key));
            WriteBeginning(envelopedData, encryption, recipients);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(encryption.Key);
        }

        byte[] tag = await EncryptAsync(content, envelopedData, encryption);
        envelopedData.Write(BerFrames.End);
        envelopedData.Write(BerFrames.End);
        if (encryption.Authenticated)
            envelopedData.Write(DerOctetString.WithContents(tag).Der());
        envelopedData.Write(BerFrames.End);
        envelopedData.Write(BerFrames.End);
        envelopedData.Write(BerFrames.End);
        await envelopedData.FlushAsync();
    }

    private static DerSet MakeRecipients(EncryptionRequest request, byte[] contentKey) => DerSet.FromVector(
        Asn1EncodableVector.FromEnumerable(request.Recipients
            .DistinctBy(recipient => recipient.Certificate)
            .Select(recipient => RecipientInfoMaker.Make(recipient, contentKey))));

    private static void WriteBeginning(OctetSink sink, ContentEncryption encryption, DerSet recipients)
    {
        sink.Write(BerFrames.Sequence);
        sink.Write((encryption.Authenticated ? CmsObjectIdentifiers.AuthEnvelopedData : PkcsObjectIdentifiers.EnvelopedData).Der());
        sink.Write(BerFrames.Context0);
        sink.Write(BerFrames.Sequence);
        sink.Write(DerInteger.ValueOf(Version(encryption, recipients)).Der());
        sink.Write(recipients.Der());
        sink.Write(BerFrames.Sequence);
        sink.Write(PkcsObjectIdentifiers.Data.Der());
        sink.Write(encryption.Algorithm.Der());
        sink.Write(BerFrames.Context0);
    }

    // RFC 5652 6.1: 3 with an ori, 0 only if every RecipientInfo is of version 0, as key transport is here; RFC 5083 2.1: always 0.
    private static int Version(ContentEncryption encryption, DerSet recipients) =>
        encryption.Authenticated || recipients.All(info => ((RecipientInfo)info).Info is KeyTransRecipientInfo) ? 0
        : recipients.Any(info => ((RecipientInfo)info).Info is OtherRecipientInfo) ? 3
        : 2;

    private static async Task<byte[]> EncryptAsync(OctetSource content, OctetSink sink, ContentEncryption encryption)
    {
        using var segments = new SegmentWriter(sink);
        byte[] output = ArrayPool<byte>.Shared.Rent(OutputOctets);
        try
        {
            while (await content.FillAsync())
            {
                ReadOnlyMemory<byte> octets = content.Take(SegmentWriter.SegmentOctets);
                int count = encryption.Cipher.ProcessBytes(octets.Span, output.AsSpan());
                await segments.WriteAsync(output.AsMemory(0, count));
            }

            int last = encryption.Cipher.DoFinal(output.AsSpan());
            int tag = encryption.Authenticated ? ContentEncryption.TagOctets : 0;
            await segments.WriteAsync(output.AsMemory(0, last - tag));
            await segments.CompleteAsync();
            return output[(last - tag)..last];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }
}
