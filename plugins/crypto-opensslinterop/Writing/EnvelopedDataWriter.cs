using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>Writes a ContentInfo with EnvelopedData (RFC 5652 6) or AuthEnvelopedData (RFC 5083) as its content streams by.</summary>
/// <param name="request">Recipients and cipher.</param>
internal sealed class EnvelopedDataWriter(EncryptionRequest request)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly string _cipher = request.Cipher switch
    {
        ContentCipher.Aes128Cbc => CmsAlgorithmNames.Aes128Cbc,
        ContentCipher.Aes128Gcm => CmsAlgorithmNames.Aes128Gcm,
        ContentCipher.Aes256Gcm => CmsAlgorithmNames.Aes256Gcm,
        _ => CmsAlgorithmNames.Aes256Cbc,
    };

    private bool IsGcm => request.Cipher is ContentCipher.Aes128Gcm or ContentCipher.Aes256Gcm;

    /// <summary>Encrypts.</summary>
    /// <param name="content">Read to its end.</param>
    /// <param name="output">Receives BER.</param>
    public async Task WriteAsync(PipeWindow content, PipeOutput output)
    {
        int keyLength = request.Cipher is ContentCipher.Aes128Cbc or ContentCipher.Aes128Gcm ? 16 : 32;
        byte[] key = RandomNumberGenerator.GetBytes(keyLength);
        byte[] iv = RandomNumberGenerator.GetBytes(IsGcm ? NonceLength : 16);
        try
        {
            RecipientInfoWriter[] recipients = [.. request.Recipients.DistinctBy(r => r.Certificate).Select(r => new RecipientInfoWriter(r))];
            if (recipients.Length == 0)
                throw new ArgumentException("a message must be encrypted to somebody; give at least one recipient", nameof(content));
            // RFC 5652 6.1, RFC 5083 2.1
            int version = IsGcm || recipients.All(r => r.IsTransport) ? 0 : recipients.Any(r => r.IsEncapsulation) ? 3 : 2;
            Ber.Begin(output, CmsCursor.Sequence);
            Ber.Write(output, w => w.WriteOid(IsGcm ? Oids.AuthEnvelopedData : Oids.EnvelopedData));
            Ber.Begin(output, CmsCursor.Context(0));
            Ber.Begin(output, CmsCursor.Sequence);
            Ber.Write(output, w => w.WriteInteger(version));
            Ber.Write(output, w =>
            {
                using (w.PushSetOf())
                {
                    foreach (RecipientInfoWriter recipient in recipients)
                        recipient.Write(w, key);
                }
            });
            Ber.Begin(output, CmsCursor.Sequence);
            Ber.Write(output, w => w.WriteOid(Oids.Data));
            Ber.Write(output, w => WriteAlgorithm(w, iv));
            Ber.Begin(output, CmsCursor.Context(0));
            using var cipher = EvpCipher.Start(_cipher, key, iv, encrypts: true);
            await PassAsync(content, output, cipher);
            Ber.End(output, 2);
            if (IsGcm)
                Ber.Write(output, w => w.WriteOctetString(cipher.Tag()));
            Ber.End(output, 3);
            await output.FlushAsync();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static async Task PassAsync(PipeWindow content, PipeOutput output, EvpCipher cipher)
    {
        byte[] encrypted = new byte[Ber.Segment + 32];
        while (await content.LookAsync(1) > 0)
        {
            ReadOnlyMemory<byte> piece = content.Piece(Ber.Segment);
            int written = cipher.Update(piece.Span, encrypted);
            Ber.WriteSegment(output, encrypted.AsSpan(0, written));
            content.Take(piece.Length);
            await output.FlushAsync();
        }
        content.Release();
        Ber.WriteSegment(output, encrypted.AsSpan(0, cipher.Finish(encrypted)));
    }

    private void WriteAlgorithm(AsnWriter writer, byte[] iv)
    {
        using (writer.PushSequence())
        {
            writer.WriteOid(Oids.CipherOid(_cipher));
            if (!IsGcm)
            {
                writer.WriteOctetString(iv);
                return;
            }
            using (writer.PushSequence())
            {
                writer.WriteOctetString(iv);
                writer.WriteInteger(TagLength);   // absent would mean 12 (RFC 5084 3.2)
            }
        }
    }
}
