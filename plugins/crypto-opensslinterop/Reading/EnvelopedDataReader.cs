using System.Buffers;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Writing;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Reads a ContentInfo with EnvelopedData (RFC 5652 6) or AuthEnvelopedData (RFC 5083); content is decrypted as it comes.</summary>
/// <param name="input">What arrives.</param>
/// <param name="output">Receives the content.</param>
/// <param name="request">The keys that may be tried.</param>
internal sealed class EnvelopedDataReader(PipeWindow input, PipeOutput output, DecryptionRequest request)
{
    private const int MaxRecipients = 2_000;
    private const int MaxTries = 8;
    private const int Block = 16 * 1024;

    private readonly CmsCursor _cursor = new(input);

    /// <summary>Why a key that is named cannot be used with this libcrypto; another that is named may open the message all the same.</summary>
    private string? _unusable;

    /// <summary>Decrypts.</summary>
    public async Task<DecryptionResult> ReadAsync()
    {
        await _cursor.EnterAsync(CmsCursor.Sequence, "ContentInfo");
        string kind = Elements.Oid(await _cursor.ReadAsync(CmsCursor.ObjectIdentifier, "contentType"));
        bool isAuthenticated = kind == Oids.AuthEnvelopedData;
        if (!isAuthenticated && kind != Oids.EnvelopedData)
            throw new CmsSyntaxException($"content type {kind}, neither EnvelopedData nor AuthEnvelopedData");
        await _cursor.EnterAsync(CmsCursor.Context(0), "content");
        await _cursor.EnterAsync(CmsCursor.Sequence, kind);
        Elements.CheckInteger(await _cursor.ReadAsync(CmsCursor.Integer, "version"));
        if (await _cursor.PeekAsync() is { } head && head.Tag == CmsCursor.Context(0))
            await _cursor.SkipAsync();                                   // originatorInfo
        (List<(RecipientValue Recipient, PrivateKey Key)> matches, int count) = await ReadRecipientsAsync();
        await _cursor.EnterAsync(CmsCursor.Sequence, "encryptedContentInfo");
        string type = Elements.Oid(await _cursor.ReadAsync(CmsCursor.ObjectIdentifier, "contentType of the content"));
        ContentCipherValue cipher = ContentCipherValue.Read(await _cursor.ReadAsync(CmsCursor.Sequence, "contentEncryptionAlgorithm"));
        if (matches.Count == 0)
        {
            await PassOverAsync();
            return _unusable is null ? new DecryptionResult.NoMatchingKey(cipher.Name, count) : new DecryptionResult.Failed(_unusable);
        }
        string? fault = cipher.KeyLength == 0 ? $"content cipher {cipher.Name} or its parameters are not read"
            : cipher.IsGcm != isAuthenticated ? $"{cipher.Name} in the other structure"
            : cipher.Name == CmsAlgorithmNames.TripleDesCbc && !request.AllowTripleDes ? "Triple DES is switched off"
            : null;
        if (fault is not null)
        {
            await PassOverAsync();
            return new DecryptionResult.Failed(fault);
        }
        (byte[]? contentKey, PrivateKey key, string keyName) = OpenKey(matches, cipher);
        bool failed = contentKey is null;
        // A key that did not open goes on like one that did, to the end (RFC 3218 2.3.2).
        contentKey ??= RandomNumberGenerator.GetBytes(cipher.KeyLength);
        try
        {
            bool holds = isAuthenticated ? await DecryptGcmAsync(cipher, contentKey, type) : await DecryptCbcAsync(cipher, contentKey);
            if (failed || !holds)
                return new DecryptionResult.Failed(failed ? "the content key did not open" : isAuthenticated ? "the tag does not match" : "the padding is wrong");
            return new DecryptionResult.Decrypted(isAuthenticated, key.Identity, cipher.Name, keyName);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(contentKey);
        }
    }

    private async ValueTask<(List<(RecipientValue, PrivateKey)> Matches, int Count)> ReadRecipientsAsync()
    {
        var matches = new List<(RecipientValue, PrivateKey)>();
        int count = 0;
        await _cursor.EnterAsync(CmsCursor.Set, "recipientInfos");
        while (await _cursor.PeekAsync() is not null)
        {
            byte[] element = await _cursor.ReadAsync();
            foreach (RecipientValue? recipient in RecipientValue.Read(element).DefaultIfEmpty())
            {
                if (++count > MaxRecipients)
                    throw new CmsSyntaxException($"there are over {MaxRecipients} recipients");
                if (recipient is null || request.Keys.FirstOrDefault(k => Certificate.Read(k.Certificate).Answers(recipient.Identifier)) is not { } identity)
                    continue;
                if (Certificate.Read(identity.Certificate).Lattice?.Fault is { } fault)
                    _unusable = fault;
                else
                    matches.Add((recipient, PrivateKey.Read(identity)));
            }
        }
        await _cursor.LeaveAsync("recipientInfos");
        return count > 0 ? (matches, count) : throw new CmsSyntaxException("no recipients");
    }

    private static (byte[]? ContentKey, PrivateKey Key, string Name) OpenKey(List<(RecipientValue Recipient, PrivateKey Key)> matches, ContentCipherValue cipher)
    {
        string name = "";
        foreach ((RecipientValue recipient, PrivateKey key) in matches.Take(MaxTries))
        {
            (byte[]? contentKey, name) = new ContentKeyOpening(key, cipher.KeyLength, cipher.Name).Open(recipient);
            if (contentKey is not null)
                return (contentKey, key, name);
        }
        return (null, matches[0].Key, name);
    }

    private async Task<bool> DecryptCbcAsync(ContentCipherValue value, byte[] key)
    {
        using var cipher = EvpCipher.Start(value.Name, key, value.Iv, encrypts: false);
        await DecryptAsync(cipher);
        byte[] last = new byte[32];
        int written = cipher.Finish(last);
        if (written > 0)
            output.Write(last.AsSpan(0, written));
        await _cursor.LeaveAsync("encryptedContentInfo");
        if (await _cursor.PeekAsync() is { } head && head.Tag == CmsCursor.Context(1))
            await _cursor.SkipAsync();                                   // unprotectedAttrs
        await CloseAsync();
        return written >= 0;
    }

    private async Task<bool> DecryptGcmAsync(ContentCipherValue value, byte[] key, string type)
    {
        using var cipher = EvpCipher.Start(value.Name, key, value.Iv, encrypts: false);
        long length = await DecryptAsync(cipher);
        await _cursor.LeaveAsync("encryptedContentInfo");
        byte[]? attributes = null;
        if (await _cursor.PeekAsync() is { } head && head.Tag == CmsCursor.Context(1))
            attributes = DerForm.Whole(await _cursor.ReadAsync(), 1);
        else if (type != Oids.Data)
            throw new CmsSyntaxException("content that is not data, without authenticated attributes");
        var mac = new ArrayBufferWriter<byte>();
        await _cursor.ReadOctetsAsync(CmsCursor.OctetString, "mac", piece =>
        {
            if (mac.WrittenCount + piece.Length > 64)
                throw new CmsSyntaxException("a mac beyond reason");
            mac.Write(piece.Span);
            return ValueTask.CompletedTask;
        });
        if (await _cursor.PeekAsync() is { } rest && rest.Tag == CmsCursor.Context(2))
            await _cursor.SkipAsync();                                   // unauthAttrs
        await CloseAsync();
        if (mac.WrittenCount != value.TagLength)
            return false;
        cipher.ExpectTag(attributes is null ? mac.WrittenSpan : LateAttributes.TagWithout(key, attributes, length, mac.WrittenSpan));
        return cipher.Finish(new byte[32]) >= 0;
    }

    private async Task<long> DecryptAsync(EvpCipher cipher)
    {
        if (await _cursor.PeekAsync() is not { } head || (head.Tag | 0x20) != 0xA0)
            throw new CmsSyntaxException("the encrypted content is missing");
        long length = 0;
        await _cursor.ReadOctetsAsync(0x80, "the encrypted content", async piece =>
        {
            length += piece.Length;
            for (int at = 0; at < piece.Length; at += Block)
            {
                ReadOnlyMemory<byte> part = piece[at..Math.Min(piece.Length, at + Block)];
                output.Advance(cipher.Update(part.Span, output.Room(part.Length + 32)));
                await output.FlushAsync();
            }
        });
        return length;
    }

    /// <summary>Nothing is opened, but the structure must still be one.</summary>
    private async ValueTask PassOverAsync()
    {
        if (await _cursor.PeekAsync() is { } head && (head.Tag | 0x20) == 0xA0)
            await _cursor.ReadOctetsAsync(0x80, "the encrypted content", static _ => ValueTask.CompletedTask);
        await _cursor.LeaveAsync("encryptedContentInfo");
        while (await _cursor.PeekAsync() is not null)
            await _cursor.SkipAsync();
        await CloseAsync();
    }

    private async ValueTask CloseAsync()
    {
        await _cursor.LeaveAsync("EnvelopedData");
        await _cursor.LeaveAsync("content");
        await _cursor.LeaveAsync("ContentInfo");
        await _cursor.EndAsync();
    }
}
