using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Mime;
using Cstp.Core.Securing.Rules;
using Cstp.Core.Smime;
using Cstp.Core.Trust;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Securing;

/// <summary>Takes mail from outside: opens what is S/MIME for local users (rules 3 to 5), passes everything else.</summary>
/// <param name="opening">Opens held messages.</param>
/// <param name="results">The Authentication-Results field of this box.</param>
/// <param name="rules">What is demanded for whom.</param>
/// <param name="trust">The store as it stands.</param>
/// <param name="collect">Keeps a certificate that mail brought.</param>
/// <param name="metrics">Counts.</param>
/// <param name="logger">The log.</param>
internal sealed class InboundOpening(
    Opening opening,
    AuthenticationResults results,
    ProtectionRules rules,
    Func<TrustSnapshot> trust,
    CertificateCollection collect,
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
        InboundGroup[] groups = Groups(envelope, header, local);
        if (EntityKind.Of(header) is not EntityKind.Other && groups.Any(group => group.IsOpened))
            return new MessageDecision.Hold((held, cancel) => OpenAsync(envelope, held, groups, transit, header, cancel));
        if (groups.FirstOrDefault(group => group.Demand.Encrypt == Demand.Require || group.Demand.Sign == Demand.Require) is { } demanding)
            return new MessageDecision.Refuse(Unprotected(envelope, demanding));

        int forged = header.Fields.Count(results.IsForged);
        if (forged == 0 || local.Length == 0)
            return new MessageDecision.Stream([Pass([.. local, .. transit], header, header.Fields)]);
        SecuringLog.ForgedRemoved(logger, envelope.Session, forged);
        PlannedDelivery cleaned = Pass(local, header, [.. header.Fields.Where(f => !results.IsForged(f))]);
        return new MessageDecision.Stream(transit.Length == 0 ? [cleaned] : [cleaned, Pass(transit, header, header.Fields)]);
    }

    /// <summary>Opens a held message for local users as far as the rules let it be opened.</summary>
    /// <param name="held">The message.</param>
    /// <param name="recipients">The local users.</param>
    /// <param name="demand">What the rules say for them.</param>
    /// <param name="came">What the client declared.</param>
    /// <param name="serverTakes">What may be sent on.</param>
    /// <param name="cancel">Ends the work.</param>
    public Task<OpenedMessage> OpenAsync(
        HeldMessage held, IReadOnlyList<Mailbox> recipients, ProtectionDemand demand, BodyValue came, BodyValue serverTakes, CancellationToken cancel)
    {
        TrustSnapshot snapshot = trust();
        Mailbox[] users = [.. recipients.Select(rules.Users.UserOf).Distinct()];
        bool opens = demand.Encrypt != Demand.Never;
        var request = new OpeningRequest(
            opens ? snapshot.GatewayDecryptionKeys : [],
            opens && users.Length == 1 ? snapshot.UserDecryptionKeys(users[0]) : [],
            [.. recipients.Select(recipient => new BoundRecipient(recipient, rules.Users.UserOf(recipient)))],
            ChecksSignatures: demand.Sign != Demand.Never,
            came,
            serverTakes);
        return opening.OpenAsync(held, snapshot, request, cancel);
    }

    private async Task<MessageDecision> OpenAsync(
        MessageEnvelope envelope, HeldMessage held, InboundGroup[] groups, int[] transit, HeaderSection header, CancellationToken cancel)
    {
        var deliveries = new List<PlannedDelivery>();
        var waiting = new Queue<InboundGroup>(groups);
        string source = OuterHeader.FromOf(header.Fields)?.ToString() ?? envelope.ReversePath?.ToString() ?? "";
        while (waiting.TryDequeue(out InboundGroup? group))
        {
            OpenedMessage opened = await OpenAsync(held, group.Mailboxes(envelope), group.Demand, envelope.Declared, ServerTakes(envelope), cancel);
            // What was sealed for some of them is opened for those alone.
            if (opened.NotBound.Count > 0 && opened.NotBound.Count < group.Recipients.Count)
            {
                int[] unbound = [.. opened.NotBound.Select(place => group.Recipients[place])];
                waiting.Enqueue(group with { Recipients = [.. group.Recipients.Except(unbound)] });
                waiting.Enqueue(group with { Recipients = unbound });
                continue;
            }
            Record(envelope, group, opened, source);
            if (opened.Refusal is not null)
                return new MessageDecision.Refuse(opened.Refusal);
            if ((group.Demand.Encrypt == Demand.Require && !opened.CameEncrypted) || (group.Demand.Sign == Demand.Require && !opened.CameSigned))
                return new MessageDecision.Refuse(Unprotected(envelope, group));
            if (opened.IsInternational && !envelope.IsInternational && !envelope.ServerTakesInternational)
                return new MessageDecision.Refuse(new Reply(550, "5.6.7", "The opened message has a header section beyond ASCII, and the mail server does not offer SMTPUTF8"));
            deliveries.Add(new PlannedDelivery(group.Recipients, Protection.None, DeliveryRoute.Server, opened.Outcome, (_, message, stop) => opened.WriteAsync(message, stop))
            {
                Body = opened.IsBinary ? BodyValue.Binary : BodyValue.EightBit,
                IsInternational = opened.IsInternational,
            });
        }
        if (transit.Length > 0)
        {
            deliveries.Add(new PlannedDelivery(transit, Protection.None, DeliveryRoute.Server, "not local", async (_, message, stop) =>
            {
                PipeReader whole = held.Open();
                await Stages.CopyAsync(whole, [message], stop);
                await whole.CompleteAsync();
            }));
        }
        return new MessageDecision.Stream(deliveries);
    }

    private static BodyValue ServerTakes(MessageEnvelope envelope) =>
        envelope.ServerTakesBinary ? BodyValue.Binary : envelope.ServerTakes8Bit ? BodyValue.EightBit : BodyValue.SevenBit;

    private void Record(MessageEnvelope envelope, InboundGroup group, OpenedMessage opened, string source)
    {
        foreach (SeenCertificate seen in opened.Seen)
            collect(seen.Certificate, source, seen.Capabilities, seen.Carried);
        foreach (LayerReport layer in opened.Layers)
            metrics.Layer(layer.Kind, layer.Result);
        SecuringLog.Opened(
            logger,
            envelope.Session,
            opened.Outcome,
            string.Join(' ', group.Mailboxes(envelope)),
            opened.Layers.Count == 0
                ? opened.Reason ?? "no layer was looked at"
                : LogText.Escape(string.Join(", ", opened.Layers.Select(l => l.Reason is null ? $"{l.Kind} {l.Result}" : $"{l.Kind} {l.Result} ({l.Reason})"))));
    }

    /// <summary>Recipients of whom the same is demanded share a delivery.</summary>
    private InboundGroup[] Groups(MessageEnvelope envelope, HeaderSection header, int[] local)
    {
        Mailbox?[] senders = [envelope.ReversePath, .. OuterHeader.AllFrom(header.Fields, out bool unreadable)];
        return [.. local.GroupBy(i => rules.Inbound(senders, unreadable, envelope.Recipients[i])).Select(group => new InboundGroup([.. group], group.Key))];
    }

    /// <summary>One text for every cause: what failed inside an encrypted message is told to nobody outside.</summary>
    private Reply Unprotected(MessageEnvelope envelope, InboundGroup group)
    {
        string demanded = (group.Demand.Encrypt, group.Demand.Sign) switch
        {
            (Demand.Require, Demand.Require) => "encrypted, and signed by somebody who is trusted here",
            (Demand.Require, _) => "encrypted",
            _ => "signed by somebody who is trusted here",
        };
        SecuringLog.Unprotected(logger, envelope.Session, string.Join(' ', group.Mailboxes(envelope)), demanded);
        return new Reply(550, "5.7.1", $"Mail from this sender to <{envelope.Recipients[group.Recipients[0]]}> must be {demanded}; this message is not, and nobody got it");
    }

    /// <summary>Local recipients of whom the same is demanded.</summary>
    /// <param name="Recipients">Indices into the envelope's recipients.</param>
    /// <param name="Demand">What is demanded.</param>
    private sealed record InboundGroup(IReadOnlyList<int> Recipients, ProtectionDemand Demand)
    {
        /// <summary>Whether anything is looked at.</summary>
        public bool IsOpened => Demand is not { Encrypt: Rules.Demand.Never, Sign: Rules.Demand.Never };

        public IReadOnlyList<Mailbox> Mailboxes(MessageEnvelope envelope) => [.. Recipients.Select(i => envelope.Recipients[i])];
    }

    private static PlannedDelivery Pass(IReadOnlyList<int> recipients, HeaderSection header, IReadOnlyList<HeaderField> fields) => new(
        recipients,
        Protection.None,
        DeliveryRoute.Server,
        "not S/MIME",
        async (body, message, cancel) =>
        {
            foreach (HeaderField field in fields)
                message.Write(field.Raw.Span);
            if (header.HasEmptyLine)
                message.Write("\r\n"u8);
            await Stages.CopyAsync(body, [message], cancel);
        });
}
