using System.Formats.Asn1;
using CryptoSample.Ber;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>Reads SignedData (RFC 5652 5) and judges its signers.</summary>
/// <param name="ber">The message.</param>
/// <param name="request">Where further certificates come from.</param>
internal sealed class SignedDataReader(BerInput ber, VerificationRequest request)
{
    private const int MostSigners = 16;
    private const int MostCertificates = 64;

    /// <summary>Reads a message that carries its content.</summary>
    /// <param name="output">Receives the content.</param>
    public async Task<VerificationResult> ReadAsync(Output output)
    {
        string type = await BeginAsync();
        using var digests = new ContentDigests([CmsAlgorithmNames.Sha256]);
        bool carries = await ReadContentAsync(async piece =>
        {
            digests.Add(piece.Span);
            await output.WriteAsync(piece);
        });
        return await EndAsync(type, carries ? digests : null);
    }

    /// <summary>Reads a detached signature.</summary>
    /// <param name="digests">Computed over the content already.</param>
    public async Task<VerificationResult> ReadDetachedAsync(ContentDigests digests)
    {
        string type = await BeginAsync();
        bool carries = await ReadContentAsync(static _ => default);
        return await EndAsync(type, carries ? null : digests);
    }

    /// <summary>Up to encapContentInfo's type.</summary>
    private async Task<string> BeginAsync()
    {
        await ber.EnterAsync(0x30);
        if (await ReadIdentifierAsync() != Oids.SignedData)
            throw new MalformedException("no SignedData");
        await ber.EnterAsync(0xA0);
        await ber.EnterAsync(0x30);
        if (!(await ber.ReadAsync(await ber.ExpectAsync(0x02))).TryReadInt32(out int version) || version is < 0 or > 5)
            throw new MalformedException("a SignedData of another version");
        await ber.EnterAsync(0x31);
        while (await ber.NextAsync() is { } algorithm)
        {
            if (algorithm.Tag != 0x30)
                throw new MalformedException("digestAlgorithms holds something else");
            Der.ReadAlgorithm(await ber.ReadAsync(algorithm));
        }
        await ber.EnterAsync(0x30);
        return await ReadIdentifierAsync();
    }

    /// <summary>eContent, and the end of encapContentInfo.</summary>
    /// <returns>Whether there is any.</returns>
    private async Task<bool> ReadContentAsync(Func<ReadOnlyMemory<byte>, ValueTask> take)
    {
        if (await ber.NextAsync() is not { } content)
            return false;
        if (content.Tag != 0xA0)
            throw new MalformedException("content under another tag");
        ber.Enter(content);
        BerHeader octets = await ber.NextAsync() ?? throw new MalformedException("empty content");
        if ((octets.Tag & ~0x20) != 0x04)
            throw new MalformedException("content that is no OCTET STRING");
        await ber.FlowAsync(octets, take);
        await ber.LeaveAsync(2);
        return true;
    }

    private async Task<VerificationResult> EndAsync(string type, ContentDigests? digests)
    {
        var certificates = new List<EncodedCertificate>();
        BerHeader next = await ber.NextAsync() ?? throw new MalformedException("signerInfos are missing");
        if (next.Tag == 0xA0)
        {
            ber.Enter(next);
            while (await ber.NextAsync() is { } certificate)
            {
                byte[] encoded = await ber.ReadEncodedAsync(certificate);
                if (certificate.Tag == 0x30 && certificates.Count < MostCertificates)
                    certificates.Add(new EncodedCertificate(encoded));
            }
            next = await ber.NextAsync() ?? throw new MalformedException("signerInfos are missing");
        }
        if (next.Tag == 0xA1)
        {
            ber.Enter(next);
            while (await ber.NextAsync() is { } revocations)
                await ber.ReadEncodedAsync(revocations);
            next = await ber.NextAsync() ?? throw new MalformedException("signerInfos are missing");
        }
        if (next.Tag != 0x31)
            throw new MalformedException("signerInfos under another tag");
        ber.Enter(next);
        var signers = new List<SignerInfo>();
        while (await ber.NextAsync() is { } signer)
        {
            if (signers.Count == MostSigners)
                throw new MalformedException($"more than {MostSigners} signers");
            signers.Add(SignerInfo.Read(await ber.ReadAsync(signer)));
        }
        await ber.LeaveAsync(4);

        var check = new SignerCheck(type, digests, request, certificates);
        return new VerificationResult.Checked([.. signers.Select(check.Judge)], certificates);
    }

    private async Task<string> ReadIdentifierAsync()
    {
        AsnReader reader = await ber.ReadAsync(await ber.ExpectAsync(0x06));
        return reader.ReadObjectIdentifier();
    }
}
