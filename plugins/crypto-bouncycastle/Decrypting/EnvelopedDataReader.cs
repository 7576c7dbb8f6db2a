using System.Buffers;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Pipes;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Reads a ContentInfo with EnvelopedData (RFC 5652 6.1) or AuthEnvelopedData (RFC 5083 2.1) and decrypts on the way.</summary>
internal sealed class EnvelopedDataReader(OctetSource envelopedData, OctetSink content, DecryptionRequest request)
{
    private const int PortionOctets = 48 * 1024;

    private readonly BerReader _reader = new(envelopedData);
    private readonly RecipientMatcher _recipients = new(request.Keys);

    public async Task<DecryptionResult> ReadAsync()
    {
        await _reader.EnterAsync(BerTag.Sequence, "ContentInfo");
        bool authenticated = ReadContentType(await _reader.ReadElementAsync(BerTag.ObjectIdentifier, "contentType"));
        await _reader.EnterAsync(BerTag.Context(0), "content");
        await _reader.EnterAsync(BerTag.Sequence, "EnvelopedData");
        await _reader.ReadElementAsync(BerTag.Integer, "version");
        await SkipOptionalAsync(0);
        await ReadRecipientsAsync();
        DecryptionResult result = await ReadContentAsync(authenticated);
        await _reader.LeaveAsync("content");
        await _reader.LeaveAsync("ContentInfo");
        await _reader.EndAsync();
        return result;
    }

    private static bool ReadContentType(byte[] element)
    {
        var type = (DerObjectIdentifier)Asn1Object.FromByteArray(element);
        if (type.Equals(CmsObjectIdentifiers.AuthEnvelopedData))
            return true;
        return type.Equals(PkcsObjectIdentifiers.EnvelopedData)
            ? false
            : throw new BerException($"content type {type.Id} is not EnvelopedData or AuthEnvelopedData");
    }

    private async ValueTask ReadRecipientsAsync()
    {
        await _reader.EnterAsync(BerTag.Set, "recipientInfos");
        while (await _reader.PeekAsync() is { IsEnd: false } next)
            _recipients.Add(next.Tag, await _reader.ReadElementAsync());
        await _reader.LeaveAsync("recipientInfos");
        if (_recipients.Count == 0)
            throw new BerException("there is no recipient");
    }

    private async ValueTask<DecryptionResult> ReadContentAsync(bool authenticated)
    {
        await _reader.EnterAsync(BerTag.Sequence, "encryptedContentInfo");
        var type = (DerObjectIdentifier)Asn1Object.FromByteArray(await _reader.ReadElementAsync(BerTag.ObjectIdentifier, "contentType"));
        ContentAlgorithm algorithm = ContentAlgorithm.Read(
            AlgorithmIdentifier.GetInstance(Asn1Object.FromByteArray(
                await _reader.ReadElementAsync(BerTag.Sequence, "contentEncryptionAlgorithm"))),
            authenticated,
            request.AllowTripleDes);
        ContentKey? key = _recipients.Matches.Count == 0 || algorithm.Problem is not null
            ? null
            : await Task.Run(() => KeyOpening.Open(_recipients.Matches, algorithm));
        try
        {
            return await DecryptAsync(algorithm, key, authenticated, type);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key?.Octets);
        }
    }

    private async ValueTask<DecryptionResult> DecryptAsync(
        ContentAlgorithm algorithm, ContentKey? key, bool authenticated, DerObjectIdentifier type)
    {
        IContentDecryption? decryption = key is null ? null : Start(algorithm, key);
        byte[] plaintext = ArrayPool<byte>.Shared.Rent(PortionOctets + 64);
        try
        {
            bool hasContent = await DecryptContentAsync(decryption, plaintext);
            await _reader.LeaveAsync("encryptedContentInfo");
            byte[] attributes = authenticated ? await ReadAttributesAsync(type) : [];
            byte[] tag = authenticated ? ReadOctets(await _reader.ReadElementAsync(BerTag.OctetString, "mac")) : [];
            await SkipOptionalAsync(authenticated ? 2 : 1);
            await _reader.LeaveAsync("EnvelopedData");
            if (_recipients.Matches.Count == 0)
                return new DecryptionResult.NoMatchingKey(algorithm.Name, _recipients.Count);
            if (decryption is null)
                return new DecryptionResult.Failed(algorithm.Problem!);
            if (!hasContent)
                return new DecryptionResult.Failed("the encrypted content is not in the message");
            content.Write(plaintext.AsSpan(0, decryption.Finish(tag, attributes, plaintext)));
            return key!.Problem is null
                ? new DecryptionResult.Decrypted(authenticated, key.Match.Identity, algorithm.Name, key.KeyManagement)
                : new DecryptionResult.Failed(key.Problem);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
            ArrayPool<byte>.Shared.Return(plaintext);
        }
    }

    private static IContentDecryption Start(ContentAlgorithm algorithm, ContentKey key) =>
        algorithm.IsGcm ? new GcmDecryption(algorithm, key.Octets) : new CbcDecryption(algorithm, key.Octets);

    private async ValueTask<bool> DecryptContentAsync(IContentDecryption? decryption, byte[] plaintext)
    {
        if ((await _reader.PeekAsync()).IsEnd)
            return false;
        await _reader.OpenContentAsync(BerTag.Context(0), "encryptedContent");
        while (await _reader.ReadContentAsync() is { IsEmpty: false } portion)
        {
            for (; decryption is not null && !portion.IsEmpty; portion = portion[Math.Min(PortionOctets, portion.Length)..])
            {
                int count = decryption.Update(portion.Span[..Math.Min(PortionOctets, portion.Length)], plaintext);
                await content.WriteAsync(plaintext.AsSpan(0, count));
            }
        }

        return true;
    }

    // The authenticated data is the DER SET OF, tag 31, not the [1] on the wire (RFC 5083 2.2).
    private async ValueTask<byte[]> ReadAttributesAsync(DerObjectIdentifier type)
    {
        if ((await _reader.PeekAsync()).Tag == BerTag.Context(1))
        {
            byte[] element = await _reader.ReadElementAsync();
            return Asn1Set.GetInstance(Asn1TaggedObject.GetInstance(Asn1Object.FromByteArray(element)), false).Der();
        }

        return type.Equals(PkcsObjectIdentifiers.Data)
            ? []
            : throw new BerException("there are no authenticated attributes, and the content is not id-data");
    }

    private static byte[] ReadOctets(byte[] element) => Asn1OctetString.GetInstance(Asn1Object.FromByteArray(element)).GetOctets();

    private async ValueTask SkipOptionalAsync(int number)
    {
        if (await _reader.PeekAsync() is { IsEnd: false, Constructed: true } next && next.Tag == BerTag.Context(number))
            await _reader.SkipElementAsync();
    }
}
