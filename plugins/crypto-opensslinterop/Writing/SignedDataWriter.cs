using System.Formats.Asn1;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>Writes a ContentInfo with SignedData (RFC 5652 5) as its content streams by.</summary>
/// <param name="request">The signer and the choices.</param>
internal sealed class SignedDataWriter(SigningRequest request)
{
    /// <summary>Signs.</summary>
    /// <param name="content">Read to its end.</param>
    /// <param name="output">Receives BER.</param>
    /// <param name="detached">Whether the content stays outside.</param>
    public async Task WriteAsync(PipeWindow content, PipeOutput output, bool detached)
    {
        PrivateKey key = PrivateKey.Read(request.Signer);
        var choice = new SignatureChoice(key, request.Digest);
        Certificate[] certificates = [.. request.Certificates.Prepend(request.Signer.Certificate).Distinct().Select(Certificate.Read)];

        Ber.Begin(output, CmsCursor.Sequence);
        Ber.Write(output, w => w.WriteOid(Oids.SignedData));
        Ber.Begin(output, CmsCursor.Context(0));
        Ber.Begin(output, CmsCursor.Sequence);
        Ber.Write(output, w => w.WriteInteger(1));
        Ber.Write(output, w =>
        {
            using (w.PushSetOf())
                AlgorithmValue.Write(w, Oids.DigestOid(choice.Digest));
        });
        Ber.Begin(output, CmsCursor.Sequence);
        Ber.Write(output, w => w.WriteOid(Oids.Data));
        if (!detached)
        {
            Ber.Begin(output, CmsCursor.Context(0));
            Ber.Begin(output, CmsCursor.OctetString | 0x20);
        }
        byte[] digest = await PassAsync(content, detached ? null : output, choice.Digest);
        Ber.End(output, detached ? 1 : 3);
        Ber.Write(output, w =>
        {
            using (w.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                foreach (Certificate certificate in certificates)
                    w.WriteEncodedValue(certificate.Encoded.Der.Span);
            }
        });
        Ber.Write(output, w =>
        {
            using (w.PushSetOf())
                WriteSigner(w, key, choice, digest);
        });
        Ber.End(output, 3);
        await output.FlushAsync();
    }

    private static async Task<byte[]> PassAsync(PipeWindow content, PipeOutput? output, string algorithm)
    {
        using var digest = new EvpDigest(algorithm);
        while (await content.LookAsync(1) > 0)
        {
            ReadOnlyMemory<byte> piece = content.Piece(Ber.Segment);
            digest.Update(piece.Span);
            if (output is not null)
            {
                Ber.WriteSegment(output, piece.Span);
                await output.FlushAsync();
            }
            content.Take(piece.Length);
        }
        content.Release();
        return digest.Finish();
    }

    private void WriteSigner(AsnWriter writer, PrivateKey key, SignatureChoice choice, byte[] digest)
    {
        byte[] attributes = SignedAttributes.Encode(request, choice, digest);
        byte[] signature = choice.Sign(attributes);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            using (writer.PushSequence())
            {
                writer.WriteEncodedValue(key.Certificate.Issuer.Span);
                writer.WriteEncodedValue(Ber.Integer(key.Certificate.SerialNumber.Span));
            }
            AlgorithmValue.Write(writer, Oids.DigestOid(choice.Digest));
            // The attributes are signed as a SET OF and written under [0] (RFC 5652 5.4).
            writer.WriteEncodedValue([0xA0, .. attributes.AsSpan(1)]);
            choice.WriteAlgorithm(writer);
            writer.WriteOctetString(signature);
        }
    }
}
