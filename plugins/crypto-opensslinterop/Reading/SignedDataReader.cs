using System.Formats.Asn1;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Writing;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Reads a ContentInfo with SignedData (RFC 5652 5); its content is digested and passed on as it comes.</summary>
/// <param name="input">What arrives.</param>
/// <param name="verification">Where certificates come from.</param>
internal sealed class SignedDataReader(PipeWindow input, VerificationRequest verification)
{
    private const int MaxSigners = 16;
    private const int MaxCertificates = 64;
    private const int MaxCertificateOctets = 4 * CmsCursor.MaxElement;

    private readonly CmsCursor _cursor = new(input);

    /// <summary>Reads one that carries its content.</summary>
    /// <param name="output">Receives the content.</param>
    public Task<VerificationResult> ReadAttachedAsync(PipeOutput output) => ReadAsync(null, output);

    /// <summary>Reads one whose content was digested before.</summary>
    /// <param name="digested">The content's digests.</param>
    public Task<VerificationResult> ReadDetachedAsync(ContentDigests digested) => ReadAsync(digested, null);

    private async Task<VerificationResult> ReadAsync(ContentDigests? detached, PipeOutput? output)
    {
        await _cursor.EnterAsync(CmsCursor.Sequence, "ContentInfo");
        if (Elements.Oid(await _cursor.ReadAsync(CmsCursor.ObjectIdentifier, "contentType")) is var kind && kind != Oids.SignedData)
            throw new CmsSyntaxException($"content type {kind}, not SignedData");
        await _cursor.EnterAsync(CmsCursor.Context(0), "content");
        await _cursor.EnterAsync(CmsCursor.Sequence, "SignedData");
        Elements.CheckInteger(await _cursor.ReadAsync(CmsCursor.Integer, "version"));
        string[] announced = Announced(await _cursor.ReadAsync(CmsCursor.Set, "digestAlgorithms"));
        using ContentDigests digests = detached ?? new ContentDigests(announced.Select(Oids.DigestName).OfType<string>());
        (string type, bool hasContent) = await ReadContentAsync(detached is null ? digests : null, output);
        List<EncodedCertificate> certificates = await ReadCertificatesAsync();
        if (await _cursor.TryEnterAsync(CmsCursor.Context(1)))
        {
            while (await _cursor.PeekAsync() is not null)
                await _cursor.SkipAsync();
            await _cursor.LeaveAsync("crls");
        }
        List<byte[]> signers = await ReadSignersAsync();
        await _cursor.LeaveAsync("SignedData");
        await _cursor.LeaveAsync("content");
        await _cursor.LeaveAsync("ContentInfo");
        await _cursor.EndAsync();

        digests.Finish();
        var check = new SignerCheck(type, isDetached: detached is not null, hasContent, digests, certificates, verification);
        return new VerificationResult.Checked([.. signers.Select(s => check.Check(SignerValue.Read(s)))], [.. certificates]);
    }

    private async ValueTask<(string Type, bool HasContent)> ReadContentAsync(ContentDigests? digests, PipeOutput? output)
    {
        await _cursor.EnterAsync(CmsCursor.Sequence, "encapContentInfo");
        string type = Elements.Oid(await _cursor.ReadAsync(CmsCursor.ObjectIdentifier, "eContentType"));
        bool hasContent = await _cursor.TryEnterAsync(CmsCursor.Context(0));
        if (hasContent)
        {
            await _cursor.ReadOctetsAsync(CmsCursor.OctetString, "an OCTET STRING with the content", async piece =>
            {
                digests?.Update(piece.Span);
                if (output is not null)
                {
                    output.Write(piece.Span);
                    await output.FlushAsync();
                }
            });
            await _cursor.LeaveAsync("eContent");
        }
        await _cursor.LeaveAsync("encapContentInfo");
        return (type, hasContent);
    }

    private async ValueTask<List<EncodedCertificate>> ReadCertificatesAsync()
    {
        var certificates = new List<EncodedCertificate>();
        if (!await _cursor.TryEnterAsync(CmsCursor.Context(0)))
            return certificates;
        long octets = 0;
        while (await _cursor.PeekAsync() is { } head)
        {
            // Other forms are attribute certificates; an X.509 certificate is DER, so its length is definite.
            bool isWanted = head.Tag == CmsCursor.Sequence && head.Length >= 0 && certificates.Count < MaxCertificates;
            if (isWanted && (octets += Math.Min(head.Length, CmsCursor.MaxElement)) <= MaxCertificateOctets)
                certificates.Add(new EncodedCertificate(await _cursor.ReadAsync(primitives: false)));
            else
                await _cursor.SkipAsync();
        }
        await _cursor.LeaveAsync("certificates");
        return certificates;
    }

    private async ValueTask<List<byte[]>> ReadSignersAsync()
    {
        var signers = new List<byte[]>();
        await _cursor.EnterAsync(CmsCursor.Set, "signerInfos");
        while (await _cursor.PeekAsync() is not null)
        {
            if (signers.Count == MaxSigners)
                throw new CmsSyntaxException($"there are over {MaxSigners} signers");
            signers.Add(await _cursor.ReadAsync(CmsCursor.Sequence, "a SignerInfo"));
        }
        await _cursor.LeaveAsync("signerInfos");
        return signers;
    }

    private static string[] Announced(byte[] set)
    {
        AsnReader algorithms = new AsnReader(set, AsnEncodingRules.BER).ReadSetOf(skipSortOrderValidation: true);
        var oids = new List<string>();
        while (algorithms.HasData)
            oids.Add(AlgorithmValue.Read(algorithms).Oid);
        return [.. oids];
    }
}
