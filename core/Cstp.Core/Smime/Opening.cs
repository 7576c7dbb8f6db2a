using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Trust;

namespace Cstp.Core.Smime;

/// <summary>What a message may be opened with, and for whom.</summary>
/// <param name="GatewayKeys">The box's keys.</param>
/// <param name="UserKeys">Keys of the one recipient; empty where there are several: a user's key opens for its owner alone.</param>
/// <param name="Recipients">The recipients: what a box sealed for others stays closed to them.</param>
/// <param name="ChecksSignatures">Whether signatures count; what a box sealed is held to its signature in any case.</param>
/// <param name="Came">What the client declared.</param>
/// <param name="ServerTakes">What may be sent on.</param>
internal sealed record OpeningRequest(
    IReadOnlyList<CmsIdentity> GatewayKeys,
    IReadOnlyList<CmsIdentity> UserKeys,
    IReadOnlyList<BoundRecipient> Recipients,
    bool ChecksSignatures,
    BodyValue Came,
    BodyValue ServerTakes);

/// <summary>A recipient as a sealed message may name it.</summary>
/// <param name="Address">The address of the transaction.</param>
/// <param name="User">The user behind it; the same where it is no alias.</param>
internal readonly record struct BoundRecipient(Mailbox Address, Mailbox User);

/// <summary>
/// Opens held messages: once without output, to learn which layers hold, then into the server as far as they do. Nothing
/// unverified leaves as verified, and what fails at its last octet is still delivered as it came.
/// </summary>
/// <param name="crypto">The crypto module.</param>
/// <param name="options">Section <c>[securing]</c>.</param>
/// <param name="results">The Authentication-Results field of this box.</param>
/// <param name="maxHeader">Octets of a header section on the wire; inside a layer twice that.</param>
internal sealed class Opening(ICmsEnveloper crypto, SecuringOptions options, AuthenticationResults results, int maxHeader)
{
    /// <summary>Learns what a message is and decides what is delivered.</summary>
    /// <param name="held">The message.</param>
    /// <param name="trust">The store as it stands.</param>
    /// <param name="request">Keys and surroundings.</param>
    /// <param name="cancel">Ends the work.</param>
    public async Task<OpenedMessage> OpenAsync(HeldMessage held, TrustSnapshot trust, OpeningRequest request, CancellationToken cancel)
    {
        var decryption = new DecryptionRequest([.. request.UserKeys, .. request.GatewayKeys], options.ReadTripleDes);
        var walk = new LayerWalk(crypto, decryption, new VerificationRequest(trust.Lookup), options.MaxLayers, 2 * maxHeader);
        // What a layer holds is shorter than its base64: a small message is opened once, and its result kept.
        int kept = held.Length <= int.MaxValue && held.TryReserve((int)held.Length) ? (int)held.Length : 0;
        InnermostBody capture;
        WalkedEntity learned;
        do
        {
            capture = new InnermostBody(kept);
            PipeReader message = held.Open();
            learned = await walk.LearnAsync(message, capture, cancel);
            await message.CompleteAsync();
        }
        while (walk.NeedsOtherDigests(learned));

        await trust.WaitForRevocationAsync([.. Signers(learned)], cancel);
        var judgement = new LayerJudgement(learned, new SignatureJudge(trust), options, results, request);
        LayerDecision decision = judgement.Decide();
        if (decision.Refusal is not null)
            return new OpenedMessage("refused", decision.Reason, decision.Refusal, [], decision.Layers, [], [], static (_, _) => Task.CompletedTask);

        bool isBinary = decision.Depth == 0 ? request.Came == BodyValue.Binary : IsBinary(decision, request);
        if (decision.Depth > 0 && Untransportable(decision, isBinary, request) is { } fault)
        {
            return new OpenedMessage(
                "refused", fault, new Reply(554, "5.6.3", $"The opened content cannot be transported: {fault}"), [], decision.Layers, [], [], static (_, _) => Task.CompletedTask);
        }
        ReadOnlyMemory<byte>? body = decision.IsInnermost ? capture.Octets : null;
        return new OpenedMessage(
            decision.Depth > 0 ? "opened" : "passed",
            decision.Reason,
            null,
            decision.Results,
            decision.Layers,
            Seen(learned, decision.Depth),
            decision.NotBound,
            (output, stop) => WriteAsync(held, walk, learned, decision, body, isBinary, output, stop))
        {
            IsBinary = isBinary,
            IsInternational = decision.IsInternational,
        };
    }

    private static IEnumerable<(EncodedCertificate Signer, IReadOnlyList<EncodedCertificate> Carried)> Signers(WalkedEntity learned)
    {
        for (WalkedEntity? entity = learned; entity is not null; entity = entity.Inner)
        {
            if (entity.Finding is not LayerFinding.Signed { Result: VerificationResult.Checked result })
                continue;
            foreach (SignerResult signer in result.Signers)
            {
                if (signer is { Validity: SignatureValidity.Valid, Certificate: { } certificate })
                    yield return (certificate, result.Certificates);
            }
        }
    }

    /// <summary>Signers whose signature holds; of a message without signers, everything it carries.</summary>
    private static List<SeenCertificate> Seen(WalkedEntity learned, int depth)
    {
        var seen = new List<SeenCertificate>();
        WalkedEntity? entity = learned;
        for (int i = 0; i <= depth && entity is not null; i++, entity = entity.Inner)
        {
            if (entity.Finding is not LayerFinding.Signed { Result: VerificationResult.Checked result })
                continue;
            if (result.Signers.Count == 0)
                seen.AddRange(result.Certificates.Select(c => new SeenCertificate(c, [], [])));
            foreach (SignerResult signer in result.Signers)
            {
                if (signer is { Validity: SignatureValidity.Valid, Certificate: { } certificate })
                    seen.Add(new SeenCertificate(certificate, signer.Capabilities, result.Certificates));
            }
        }
        return seen;
    }

    private async Task WriteAsync(
        HeldMessage held, LayerWalk walk, WalkedEntity learned, LayerDecision decision, ReadOnlyMemory<byte>? body, bool isBinary, PipeWriter output, CancellationToken cancel)
    {
        if (decision.Results.Count > 0)
            output.Write(results.Write(decision.Results).Raw.Span);
        foreach (HeaderField field in decision.Outer)
            WriteField(field, output);
        if (!decision.BodyHoldsHeader)
            output.Write("\r\n"u8);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var opened = new Pipe(ContentPipes.Options);
        Task filling = body is { } octets
            ? Stages.RunAsync(async () => await opened.Writer.WriteAsync(octets, stop.Token), null, opened.Writer)
            : Stages.RunAsync(() => OpenAgainAsync(held, walk, learned, decision.Depth, opened.Writer, stop.Token), null, opened.Writer);
        Task finishing = Stages.RunAsync(
            () => decision.NeedsBase64 ? Base64Stage.EncodeAsync(opened.Reader, output, stop.Token)
                : isBinary ? Stages.CopyAsync(opened.Reader, [output], stop.Token)
                : LineEnds.NormaliseAsync(opened.Reader, output, stop.Token),
            opened.Reader);
        await Stages.WhenAllOrFirstFailureAsync([filling, finishing], stop);
    }

    private static async Task OpenAgainAsync(HeldMessage held, LayerWalk walk, WalkedEntity learned, int depth, PipeWriter body, CancellationToken cancel)
    {
        PipeReader message = held.Open();
        WalkedEntity? again = await walk.OpenAsync(message, depth, body, cancel);
        await message.CompleteAsync();
        WalkedEntity? first = learned;
        for (int i = 0; i < depth; i++)
        {
            if (!Agrees(first?.Finding, again?.Finding))
                throw new InvalidOperationException($"layer {i + 1} of a held message opened differently the second time");
            first = first!.Inner;
            again = again!.Inner;
        }
    }

    private static bool Agrees(LayerFinding? first, LayerFinding? second) => (first, second) switch
    {
        (LayerFinding.Encrypted { Result: DecryptionResult.Decrypted }, LayerFinding.Encrypted { Result: DecryptionResult.Decrypted }) => true,
        (LayerFinding.Signed { Result: VerificationResult.Checked a }, LayerFinding.Signed { Result: VerificationResult.Checked b }) =>
            a.Signers.Count == b.Signers.Count && b.Signers.All(s => s.Validity == SignatureValidity.Valid),
        _ => false,
    };

    /// <summary>
    /// Whether what comes out is not made of lines. LF alone may have been one's line end, unless binary was said: by the box that sealed it, by the
    /// client, or by the entity itself, which many a program says of text, so that it counts only where binary may go on.
    /// </summary>
    private static bool IsBinary(LayerDecision decision, OpeningRequest request)
    {
        ContentScan body = decision.Final.Scan;
        bool isSaid = decision.IsBinary || request.Came == BodyValue.Binary || (request.ServerTakes == BodyValue.Binary && EntityKind.EncodingOf(decision.Outer) == "binary");
        return !decision.NeedsBase64 && (body.HasNul || body.HasBareCarriageReturn || (isSaid && !body.IsLines));
    }

    private static string? Untransportable(LayerDecision decision, bool isBinary, OpeningRequest request)
    {
        ContentScan header = new();
        foreach (HeaderField field in decision.Outer)
            header.Write(field.Raw.Span);
        header.End();
        if (header.HasNul || header.HasBareCarriageReturn)
            return "its header section holds NUL or CR without LF";
        if (isBinary && request.ServerTakes != BodyValue.Binary)
            return "it is binary and the mail server does not take that (BINARYMIME)";
        if (request.ServerTakes == BodyValue.SevenBit && (header.HasEightBit || (!decision.NeedsBase64 && decision.Final.Scan.HasEightBit)))
            return "it has 8-bit octets and the mail server does not take them (8BITMIME)";
        return null;
    }

    private static void WriteField(HeaderField field, PipeWriter output)
    {
        ReadOnlySpan<byte> raw = field.Raw.Span;
        if (raw.IndexOf((byte)'\n') == raw.Length - 1 && raw.EndsWith("\r\n"u8))
        {
            output.Write(raw);
            return;
        }
        // A header from inside a layer may end its lines in LF alone.
        string text = Encoding.Latin1.GetString(raw).Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n');
        output.Write(Encoding.Latin1.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n"));
    }
}
