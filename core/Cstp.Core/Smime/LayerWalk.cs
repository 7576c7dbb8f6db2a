using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Smime;

/// <summary>Goes through the layers of a message from the outside in, all of them at once and as a stream, and judges nothing.</summary>
/// <param name="crypto">The crypto module.</param>
/// <param name="decryption">The keys that may be tried.</param>
/// <param name="verification">Where certificates come from.</param>
/// <param name="maxLayers">Layers opened at most.</param>
/// <param name="maxHeader">Octets of a header section inside a layer.</param>
internal sealed class LayerWalk(
    ICmsEnveloper crypto, DecryptionRequest decryption, VerificationRequest verification, int maxLayers, int maxHeader)
{
    private readonly Dictionary<int, IReadOnlyList<string>> _digests = [];

    /// <summary>Learns what there is.</summary>
    /// <param name="message">The whole message; read to its end.</param>
    /// <param name="capture">Receives the body of the innermost entity.</param>
    /// <param name="cancel">Ends the walk.</param>
    public async Task<WalkedEntity> LearnAsync(PipeReader message, InnermostBody capture, CancellationToken cancel) =>
        await WalkAsync(message, 0, int.MaxValue, null, capture, cancel);

    /// <summary>Whether a signature needs digests that were not computed; the walk must then be done again.</summary>
    /// <param name="learned">What was learned.</param>
    public bool NeedsOtherDigests(WalkedEntity learned)
    {
        bool needs = false;
        int depth = 0;
        for (WalkedEntity? entity = learned; entity is not null; entity = entity.Inner, depth++)
        {
            if (entity.Finding is not LayerFinding.Signed { Result: VerificationResult.Checked result })
                continue;
            string[] missing = [.. result.Signers.Where(s => s.Validity == SignatureValidity.DigestMissing).Select(s => s.Digest).Distinct()];
            if (missing.Length == 0 || _digests.ContainsKey(depth))
                continue;
            _digests[depth] = missing;
            needs = true;
        }
        return needs;
    }

    /// <summary>Opens a message again, to a depth, into an output.</summary>
    /// <param name="message">The whole message; read to its end.</param>
    /// <param name="depth">Layers that come off.</param>
    /// <param name="body">Receives the body at that depth.</param>
    /// <param name="cancel">Ends the walk.</param>
    public async Task<WalkedEntity> OpenAsync(PipeReader message, int depth, PipeWriter body, CancellationToken cancel) =>
        await WalkAsync(message, 0, depth, body, null, cancel);

    private async Task<WalkedEntity> WalkAsync(
        PipeReader entity, int depth, int target, PipeWriter? sink, InnermostBody? capture, CancellationToken cancel)
    {
        var scan = new ContentScan();
        HeaderSection? header = await HeaderSection.ReadAsync(entity, maxHeader, cancel);
        if (header is null)
        {
            await DrainAsync(entity, scan, capture, cancel);
            return new WalkedEntity(HeaderSection.Missing, scan, new LayerFinding.Unreadable("header section over the limit", IsClear: false), null);
        }
        if (depth == target)
        {
            await Stages.CopyAsync(entity, [sink!], cancel);
            return new WalkedEntity(header, scan, null, null);
        }
        switch (depth < maxLayers ? EntityKind.Of(header) : new EntityKind.Other())
        {
            case EntityKind.Ambiguous ambiguous:
                await DrainAsync(entity, scan, null, cancel);
                return new WalkedEntity(header, scan, new LayerFinding.Unreadable(ambiguous.Reason, IsClear: false), null);
            case EntityKind.Opaque opaque:
                return await WalkOpaqueAsync(entity, header, opaque, scan, depth, target, sink, capture, cancel);
            case EntityKind.ClearSigned clear:
                return await WalkClearAsync(entity, header, clear, scan, depth, target, sink, capture, cancel);
            default:
                await DrainAsync(entity, scan, capture, cancel);
                return new WalkedEntity(header, scan, null, null);
        }
    }

    private async Task<WalkedEntity> WalkOpaqueAsync(
        PipeReader entity, HeaderSection header, EntityKind.Opaque kind, ContentScan scan, int depth, int target, PipeWriter? sink, InnermostBody? capture, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var text = new Pipe(ContentPipes.Options);
        var cms = new Pipe(ContentPipes.Options);
        var content = new Pipe(ContentPipes.Options);
        string? fault = null;
        WalkedEntity? inner = null;
        LayerFinding? finding = null;
        await Stages.WhenAllOrFirstFailureAsync(
            [
                Stages.RunAsync(() => ScanAsync(entity, text.Writer, scan, stop.Token), null, text.Writer),
                Stages.RunAsync(async () => fault = await DecodeAsync(text.Reader, cms.Writer, kind.Encoding, stop.Token), text.Reader, cms.Writer),
                Stages.RunAsync(async () => finding = await OpenCmsAsync(cms.Reader, content.Writer, stop.Token), cms.Reader, content.Writer),
                Stages.RunAsync(async () => inner = await WalkAsync(content.Reader, depth + 1, target, sink, capture, stop.Token), content.Reader),
            ],
            stop);
        if (fault is not null)
            finding = finding is LayerFinding.Encrypted { Result: var result } encrypted
                ? encrypted with { Result = result is DecryptionResult.Decrypted ? new DecryptionResult.Failed(fault) : result }
                : new LayerFinding.Unreadable(fault, IsClear: false);
        return new WalkedEntity(header, scan, finding, inner);
    }

    private async Task<LayerFinding> OpenCmsAsync(PipeReader cms, PipeWriter content, CancellationToken cancel)
    {
        switch (await CmsContentType.PeekAsync(cms, cancel))
        {
            case CmsContentType.SignedData:
                return new LayerFinding.Signed(await crypto.VerifyAsync(cms, content, verification, cancel), IsClear: false);
            case CmsContentType.EnvelopedData:
                return new LayerFinding.Encrypted(await crypto.DecryptAsync(cms, content, decryption, cancel), IsAuthEnveloped: false);
            case CmsContentType.AuthEnvelopedData:
                return new LayerFinding.Encrypted(await crypto.DecryptAsync(cms, content, decryption, cancel), IsAuthEnveloped: true);
            case CmsContentType.CompressedData:
                await DrainAsync(cms, new ContentScan(), null, cancel);
                return new LayerFinding.Unopened("compressed content is not opened");
            default:
                await DrainAsync(cms, new ContentScan(), null, cancel);
                return new LayerFinding.Unreadable("no CMS structure that S/MIME knows", IsClear: false);
        }
    }

    private async Task<WalkedEntity> WalkClearAsync(
        PipeReader entity, HeaderSection header, EntityKind.ClearSigned kind, ContentScan scan, int depth, int target, PipeWriter? sink, InnermostBody? capture, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var text = new Pipe(ContentPipes.Options);
        var part = new Pipe(ContentPipes.Options);
        var digested = new Pipe(ContentPipes.Options);
        var shown = new Pipe(ContentPipes.Options);
        var signaturePart = new Pipe(ContentPipes.Options);
        var signature = new Pipe(ContentPipes.Options);
        IReadOnlyList<string> digests = _digests.GetValueOrDefault(depth) ?? (kind.Digests.Count > 0 ? kind.Digests : [CmsAlgorithmNames.Sha256]);
        string? fault = null;
        WalkedEntity? inner = null;
        VerificationResult? result = null;
        await Stages.WhenAllOrFirstFailureAsync(
            [
                Stages.RunAsync(() => ScanAsync(entity, text.Writer, scan, stop.Token), null, text.Writer),
                Stages.RunAsync(async () => fault = await SplitAsync(kind.Boundary, text.Reader, part.Writer, signaturePart.Writer, stop.Token) ?? fault, text.Reader, part.Writer, signaturePart.Writer),
                Stages.RunAsync(() => Stages.CopyAsync(part.Reader, [digested.Writer, shown.Writer], stop.Token), part.Reader, digested.Writer, shown.Writer),
                Stages.RunAsync(async () => fault = await DecodeSignatureAsync(signaturePart.Reader, signature.Writer, stop.Token) ?? fault, signaturePart.Reader, signature.Writer),
                Stages.RunAsync(async () => result = await VerifyDetachedAsync(digested.Reader, signature.Reader, digests, stop.Token), digested.Reader),
                Stages.RunAsync(async () => inner = await WalkAsync(shown.Reader, depth + 1, target, sink, capture, stop.Token), shown.Reader),
            ],
            stop);
        LayerFinding finding = fault is null ? new LayerFinding.Signed(result!, IsClear: true) : new LayerFinding.Unreadable(fault, IsClear: true);
        return new WalkedEntity(header, scan, finding, inner);
    }

    private async Task<VerificationResult> VerifyDetachedAsync(PipeReader content, PipeReader signature, IReadOnlyList<string> digests, CancellationToken cancel)
    {
        try
        {
            return await crypto.VerifyDetachedAsync(content, signature, digests, verification, cancel);
        }
        finally
        {
            await signature.CompleteAsync();
        }
    }

    private static async Task<string?> SplitAsync(string boundary, PipeReader body, PipeWriter part, PipeWriter signature, CancellationToken cancel)
    {
        try
        {
            await new MultipartSigned(boundary).SplitAsync(body, part, signature, () => part.CompleteAsync(), cancel);
            return null;
        }
        catch (MultipartException e)
        {
            await DrainAsync(body, new ContentScan(), null, cancel);
            return e.Message;
        }
    }

    private async Task<string?> DecodeSignatureAsync(PipeReader part, PipeWriter signature, CancellationToken cancel)
    {
        HeaderSection? header = await HeaderSection.ReadAsync(part, maxHeader, cancel);
        string? fault = header is null ? "header section of the signature over the limit" : null;
        TransferEncoding encoding = TransferEncoding.Identity;
        if (header is not null)
        {
            HeaderField[] encodings = [.. header.All("Content-Transfer-Encoding")];
            HeaderField[] types = [.. header.All("Content-Type")];
            if (types.Length != 1 || EntityKind.Parse(types[0]) is not { } type
                || !(type.IsMimeType("application", "pkcs7-signature") || type.IsMimeType("application", "x-pkcs7-signature")))
                fault = "the second part is no signature";
            else if (encodings.Length > 1)
                fault = "the signature has more than one Content-Transfer-Encoding";
            else
            {
                string name = encodings.Length == 0 ? "7bit" : encodings[0].Value.ToLowerInvariant();
                if (name is not ("base64" or "7bit" or "8bit" or "binary"))
                    fault = $"the signature is in transfer encoding {name}";
                encoding = name == "base64" ? TransferEncoding.Base64 : TransferEncoding.Identity;
            }
        }
        if (fault is null)
            return await DecodeAsync(part, signature, encoding, cancel);
        await DrainAsync(part, new ContentScan(), null, cancel);
        return fault;
    }

    private static async Task<string?> DecodeAsync(PipeReader text, PipeWriter octets, TransferEncoding encoding, CancellationToken cancel)
    {
        try
        {
            if (encoding == TransferEncoding.Base64)
                await Base64Stage.DecodeAsync(text, octets, cancel);
            else
                await Stages.CopyAsync(text, [octets], cancel);
            return null;
        }
        catch (Base64Exception e)
        {
            await DrainAsync(text, new ContentScan(), null, cancel);
            return $"base64: {e.Message}";
        }
    }

    private static async Task ScanAsync(PipeReader from, PipeWriter to, ContentScan scan, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await from.ReadAsync(cancel);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                scan.Write(segment.Span);
                to.Write(segment.Span);
            }
            from.AdvanceTo(read.Buffer.End);
            if ((await to.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (!read.IsCompleted)
                continue;
            scan.End();
            return;
        }
    }

    private static async Task DrainAsync(PipeReader from, ContentScan scan, InnermostBody? capture, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await from.ReadAsync(cancel);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                scan.Write(segment.Span);
                capture?.Write(segment.Span);
            }
            from.AdvanceTo(read.Buffer.End);
            if (!read.IsCompleted)
                continue;
            scan.End();
            return;
        }
    }
}
