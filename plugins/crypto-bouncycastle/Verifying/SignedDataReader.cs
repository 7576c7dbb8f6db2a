using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Pipes;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>Reads a ContentInfo with SignedData (RFC 5652 5), passing its content on as it comes.</summary>
internal sealed class SignedDataReader(OctetSource signedData)
{
    private const int MostSigners = 16;
    private const int MostCertificates = 64;

    // What 64 large ones come to; post-quantum ones have tens of KiB.
    private const int MostCertificateOctets = 4 * BerLimits.ElementOctets;

    private readonly BerReader _reader = new(signedData);

    /// <summary>Reads one that carries its content.</summary>
    public Task<SignedMessage> ReadAttachedAsync(OctetSink content) => ReadAsync(null, content);

    /// <summary>Reads one whose content was digested before.</summary>
    public Task<SignedMessage> ReadDetachedAsync(ContentDigests digests) => ReadAsync(digests, null);

    private async Task<SignedMessage> ReadAsync(ContentDigests? detached, OctetSink? content)
    {
        await _reader.EnterAsync(BerTag.Sequence, "ContentInfo");
        DerObjectIdentifier outer = await ReadIdentifierAsync("contentType");
        if (!outer.Equals(PkcsObjectIdentifiers.SignedData))
            throw new BerException($"content type {outer.Id} is not SignedData");
        await _reader.EnterAsync(BerTag.Context(0), "content");
        await _reader.EnterAsync(BerTag.Sequence, "SignedData");
        await _reader.ReadElementAsync(BerTag.Integer, "version");
        Asn1Set announced = Asn1Set.GetInstance(await _reader.ReadElementAsync(BerTag.Set, "digestAlgorithms"));
        // Also of a detached signature, whose content was digested already: what cannot be read is malformed, wherever it stands.
        List<DigestKind> known = [.. Known(announced)];
        ContentDigests digests = detached ?? new ContentDigests(known);
        (DerObjectIdentifier type, bool hasContent) = await ReadContentAsync(detached is null ? digests : null, content);
        List<EncodedCertificate> certificates = await ReadCertificatesAsync();
        await SkipRevocationAsync();
        List<SignerInfo> signers = await ReadSignersAsync();
        await _reader.LeaveAsync("SignedData");
        await _reader.LeaveAsync("content");
        await _reader.LeaveAsync("ContentInfo");
        await _reader.EndAsync();
        return new SignedMessage(type, hasContent, detached is not null, digests, certificates, signers);
    }

    private static IEnumerable<DigestKind> Known(Asn1Set announced) => announced
        .Select(element => DigestKind.Find(AlgorithmIdentifier.GetInstance(element).Algorithm))
        .OfType<DigestKind>();

    private async ValueTask<(DerObjectIdentifier Type, bool HasContent)> ReadContentAsync(ContentDigests? digests, OctetSink? content)
    {
        await _reader.EnterAsync(BerTag.Sequence, "encapContentInfo");
        DerObjectIdentifier type = await ReadIdentifierAsync("eContentType");
        bool hasContent = !(await _reader.PeekAsync()).IsEnd;
        if (hasContent)
        {
            await _reader.EnterAsync(BerTag.Context(0), "eContent");
            await _reader.OpenContentAsync(BerTag.OctetString, "an OCTET STRING with the content");
            while (await _reader.ReadContentAsync() is { IsEmpty: false } portion)
            {
                digests?.Update(portion.Span);
                if (content is not null)
                    await content.WriteAsync(portion.Span);
            }

            await _reader.LeaveAsync("eContent");
        }

        digests?.Finish();
        await _reader.LeaveAsync("encapContentInfo");
        return (type, hasContent);
    }

    private async ValueTask<List<EncodedCertificate>> ReadCertificatesAsync()
    {
        List<EncodedCertificate> certificates = [];
        if (!await EnterOptionalAsync(0))
            return certificates;
        int octets = 0;
        while (await _reader.PeekAsync() is { IsEnd: false } next)
        {
            // Others are attribute certificates and private forms; one of indefinite length is not DER and so none, either.
            bool wanted = next.Tag == BerTag.Sequence && next.Length != BerHeader.Indefinite && certificates.Count < MostCertificates;
            if (wanted && (octets += (int)Math.Min(next.Length, BerLimits.ElementOctets)) <= MostCertificateOctets)
                certificates.Add(new EncodedCertificate(await _reader.ReadOpaqueElementAsync()));
            else
                await _reader.SkipElementAsync();
        }

        await _reader.LeaveAsync("certificates");
        return certificates;
    }

    // Revocation is looked up elsewhere.
    private async ValueTask SkipRevocationAsync()
    {
        if (!await EnterOptionalAsync(1))
            return;
        while (!(await _reader.PeekAsync()).IsEnd)
            await _reader.SkipElementAsync();
        await _reader.LeaveAsync("crls");
    }

    private async ValueTask<List<SignerInfo>> ReadSignersAsync()
    {
        List<SignerInfo> signers = [];
        await _reader.EnterAsync(BerTag.Set, "signerInfos");
        while (!(await _reader.PeekAsync()).IsEnd)
        {
            if (signers.Count == MostSigners)
                throw new BerException($"there are over {MostSigners} signers");
            signers.Add(SignerInfo.GetInstance(Asn1Object.FromByteArray(await _reader.ReadElementAsync(BerTag.Sequence, "a SignerInfo"))));
        }

        await _reader.LeaveAsync("signerInfos");
        return signers;
    }

    private async ValueTask<DerObjectIdentifier> ReadIdentifierAsync(string what) =>
        (DerObjectIdentifier)Asn1Object.FromByteArray(await _reader.ReadElementAsync(BerTag.ObjectIdentifier, what));

    private async ValueTask<bool> EnterOptionalAsync(int number)
    {
        BerHeader next = await _reader.PeekAsync();
        if (next.IsEnd || next.Tag != BerTag.Context(number))
            return false;
        await _reader.EnterAsync(next.Tag, "a set");
        return true;
    }
}
