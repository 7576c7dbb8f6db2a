using System.Formats.Asn1;
using CryptoSample.Ber;
using Cstp.Abstractions;

namespace CryptoSample.Encrypting;

/// <summary>Reads EnvelopedData (RFC 5652 6) and AuthEnvelopedData (RFC 5083). Whatever fails behind a match has one outcome: Failed.</summary>
/// <param name="ber">The message.</param>
/// <param name="output">Receives the content.</param>
/// <param name="request">The keys that may be tried.</param>
internal sealed class EnvelopedDataReader(BerInput ber, Output output, DecryptionRequest request)
{
    private static readonly Asn1Tag s_attributes = new(TagClass.ContextSpecific, 1);

    private long _octets;

    /// <summary>Reads it to its end.</summary>
    public async Task<DecryptionResult> ReadAsync()
    {
        await ber.EnterAsync(0x30);
        string kind = (await ber.ReadAsync(await ber.ExpectAsync(0x06))).ReadObjectIdentifier();
        bool isAuthenticated = kind == Oids.AuthEnvelopedData;
        if (!isAuthenticated && kind != Oids.EnvelopedData)
            throw new MalformedException("no EnvelopedData");
        await ber.EnterAsync(0xA0);
        await ber.EnterAsync(0x30);
        if (!(await ber.ReadAsync(await ber.ExpectAsync(0x02))).TryReadInt32(out int version) || version is < 0 or > 4)
            throw new MalformedException("an EnvelopedData of another version");
        var finding = new KeyFinding(request.Keys);
        await ReadRecipientsAsync(finding);

        await ber.EnterAsync(0x30);
        string type = (await ber.ReadAsync(await ber.ExpectAsync(0x06))).ReadObjectIdentifier();
        (string algorithm, ReadOnlyMemory<byte> parameters) = Der.ReadAlgorithm(await ber.ReadAsync(await ber.ExpectAsync(0x30)));
        Opening? opening = Opening.Start(finding, algorithm, parameters, isAuthenticated);
        await ReadContentAsync(opening);
        if (isAuthenticated)
            await ReadTagAsync(opening, type);
        else
            await ReadUnprotectedAsync(0xA1);
        await ber.LeaveAsync(3);

        if (finding.Found.Count == 0)
            return new DecryptionResult.NoMatchingKey(Oids.CipherName(algorithm), finding.Recipients);
        if (opening is null)
            throw new MalformedException("no key opens it");
        await output.WriteAsync(opening.Stream.Finish());
        return new DecryptionResult.Decrypted(isAuthenticated, opening.Key.Identity, Oids.CipherName(algorithm), opening.Key.KeyManagement);
    }

    private async Task ReadRecipientsAsync(KeyFinding finding)
    {
        BerHeader next = await ber.NextAsync() ?? throw new MalformedException("recipientInfos are missing");
        if (next.Tag == 0xA0)
        {
            await ber.ReadEncodedAsync(next);
            next = await ber.NextAsync() ?? throw new MalformedException("recipientInfos are missing");
        }
        if (next.Tag != 0x31)
            throw new MalformedException("recipientInfos under another tag");
        ber.Enter(next);
        while (await ber.NextAsync() is { } recipient)
            finding.Look(recipient.Tag, await ber.ReadAsync(recipient));
        if (finding.Recipients == 0)
            throw new MalformedException("no recipient");
    }

    /// <summary>encryptedContent, and the end of EncryptedContentInfo.</summary>
    private async Task ReadContentAsync(Opening? opening)
    {
        BerHeader content = await ber.NextAsync() ?? throw new MalformedException("the content is missing");
        if ((content.Tag & ~0x20) != 0x80)
            throw new MalformedException("content under another tag");
        await ber.FlowAsync(content, async piece =>
        {
            _octets += piece.Length;
            if (opening is not null)
                await output.WriteAsync(opening.Stream.Pass(piece));
        });
        await ber.LeaveAsync();
    }

    /// <summary>authAttrs, mac and unauthAttrs (RFC 5083 2.1).</summary>
    private async Task ReadTagAsync(Opening? opening, string type)
    {
        BerHeader next = await ber.NextAsync() ?? throw new MalformedException("the tag is missing");
        byte[]? attributes = null;
        if (next.Tag == 0xA1)
        {
            AsnReader set = (await ber.ReadAsync(next)).ReadSetOf(skipSortOrderValidation: true, s_attributes);
            attributes = Der.Write(writer =>
            {
                using (writer.PushSetOf())
                {
                    while (set.HasData)
                        writer.WriteEncodedValue(Der.Of(set.ReadEncodedValue()));
                }
            });
            next = await ber.NextAsync() ?? throw new MalformedException("the tag is missing");
        }
        byte[] tag = (await ber.ReadAsync(next)).ReadOctetString();
        await ReadUnprotectedAsync(0xA2);
        if (opening is null)
            return;
        if (tag.Length != opening.TagLength || (attributes is null && type != Oids.Data))
            throw new MalformedException("a tag of another length, or attributes that are missing");
        await output.WriteAsync(opening.Stream.Pass(attributes is null ? tag : LateAttributes.TakeOut(tag, attributes, _octets, opening.ContentKey)));
    }

    /// <summary>Unprotected attributes, if there are any, and the end of the structure.</summary>
    private async Task ReadUnprotectedAsync(byte tag)
    {
        if (await ber.NextAsync() is not { } attributes)
            return;
        if (attributes.Tag != tag)
            throw new MalformedException("something behind the content");
        await ber.ReadEncodedAsync(attributes);
        await ber.LeaveAsync();
    }
}
