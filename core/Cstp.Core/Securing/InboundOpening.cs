using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Mime;
using Cstp.Core.Smime;
using Cstp.Core.Trust;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Securing;

/// <summary>Takes mail from outside: opens what is S/MIME for local users (rules 3 to 5), passes everything else.</summary>
/// <param name="opening">Opens held messages.</param>
/// <param name="results">The Authentication-Results field of this box.</param>
/// <param name="trust">The store as it stands.</param>
/// <param name="collect">Keeps a certificate that mail brought: certificate, source, capabilities.</param>
/// <param name="metrics">Counts.</param>
/// <param name="logger">The log.</param>
internal sealed class InboundOpening(
    Opening opening,
    AuthenticationResults results,
    Func<TrustSnapshot> trust,
    Action<EncodedCertificate, string, IReadOnlyList<string>> collect,
    CstpMetrics metrics,
    ILogger logger)
{
    /// <summary>Decides over a message whose header section was read.</summary>
    /// <param name="envelope">The transaction.</param>
    /// <param name="header">The header section.</param>
    /// <param name="isLocal">Whether a recipient is a local user.</param>
    public MessageDecision Decide(MessageEnvelope envelope, HeaderSection header, Func<Mailbox, bool> isLocal)
    {
        int[] local = [.. Enumerable.Range(0, envelope.Recipients.Count).Where(i => isLocal(envelope.Recipients[i]))];
        int[] transit = [.. Enumerable.Range(0, envelope.Recipients.Count).Except(local)];
        if (EntityKind.Of(header) is not EntityKind.Other && local.Length > 0)
            return new MessageDecision.Hold((held, cancel) => OpenAsync(envelope, held, local, transit, header, cancel));

        int forged = header.Fields.Count(results.IsForged);
        if (forged == 0 || local.Length == 0)
            return new MessageDecision.Stream([Pass([.. local, .. transit], header, header.Fields)]);
        SecuringLog.ForgedRemoved(logger, envelope.Session, forged);
        PlannedDelivery cleaned = Pass(local, header, [.. header.Fields.Where(f => !results.IsForged(f))]);
        return new MessageDecision.Stream(transit.Length == 0 ? [cleaned] : [cleaned, Pass(transit, header, header.Fields)]);
    }

    /// <summary>Opens a held message for one set of local users.</summary>
    /// <param name="held">The message.</param>
    /// <param name="recipients">The local users.</param>
    /// <param name="serverTakes8Bit">Whether 8-bit octets may be sent on.</param>
    /// <param name="cancel">Ends the work.</param>
    public Task<OpenedMessage> OpenAsync(HeldMessage held, IReadOnlyList<Mailbox> recipients, bool serverTakes8Bit, CancellationToken cancel)
    {
        TrustSnapshot snapshot = trust();
        Mailbox[] users = [.. recipients.Distinct()];
        IReadOnlyList<CmsIdentity> userKeys = users.Length == 1 ? snapshot.UserDecryptionKeys(users[0]) : [];
        return opening.OpenAsync(held, snapshot, new OpeningRequest(snapshot.GatewayDecryptionKeys, userKeys, serverTakes8Bit), cancel);
    }

    private async Task<MessageDecision> OpenAsync(
        MessageEnvelope envelope, HeldMessage held, int[] local, int[] transit, HeaderSection header, CancellationToken cancel)
    {
        OpenedMessage opened = await OpenAsync(held, [.. local.Select(i => envelope.Recipients[i])], envelope.ServerTakes8Bit, cancel);
        string source = OuterHeader.FromOf(header.Fields)?.ToString() ?? envelope.ReversePath?.ToString() ?? "";
        foreach (SeenCertificate seen in opened.Seen)
            collect(seen.Certificate, source, seen.Capabilities);
        foreach (LayerReport layer in opened.Layers)
            metrics.Layer(layer.Kind, layer.Result);
        SecuringLog.Opened(
            logger,
            envelope.Session,
            opened.Outcome,
            string.Join(' ', local.Select(i => envelope.Recipients[i])),
            LogText.Escape(string.Join(", ", opened.Layers.Select(l => l.Reason is null ? $"{l.Kind} {l.Result}" : $"{l.Kind} {l.Result} ({l.Reason})"))));

        if (opened.Refusal is not null)
            return new MessageDecision.Refuse(opened.Refusal);
        var delivery = new PlannedDelivery(local, Protection.None, DeliveryRoute.Server, (_, message, stop) => opened.WriteAsync(message, stop)) { Why = opened.Outcome };
        if (transit.Length == 0)
            return new MessageDecision.Stream([delivery]);
        var unopened = new PlannedDelivery(transit, Protection.None, DeliveryRoute.Server, async (_, message, stop) =>
        {
            PipeReader whole = held.Open();
            await Stages.CopyAsync(whole, [message], stop);
            await whole.CompleteAsync();
        }) { Why = "not local" };
        return new MessageDecision.Stream([delivery, unopened]);
    }

    private static PlannedDelivery Pass(IReadOnlyList<int> recipients, HeaderSection header, IReadOnlyList<HeaderField> fields) => new(
        recipients,
        Protection.None,
        DeliveryRoute.Server,
        async (body, message, cancel) =>
        {
            foreach (HeaderField field in fields)
                message.Write(field.Raw.Span);
            if (header.HasEmptyLine)
                message.Write("\r\n"u8);
            await Stages.CopyAsync(body, [message], cancel);
        }) { Why = "not S/MIME" };
}
