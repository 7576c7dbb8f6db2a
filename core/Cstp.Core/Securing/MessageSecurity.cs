using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing.Rules;
using Cstp.Core.Trust;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Securing;

/// <summary>Decides what becomes of each message: the rules of the product, by side and recipient.</summary>
/// <param name="box">Who this box is.</param>
/// <param name="policy">The recipient policy.</param>
/// <param name="outbound">Makes deliveries that leave.</param>
/// <param name="inbound">Makes deliveries that arrive.</param>
/// <param name="trust">The store as it stands.</param>
/// <param name="crypto">What the crypto module can do.</param>
/// <param name="rules">What is demanded for whom.</param>
/// <param name="logger">The log.</param>
internal sealed class MessageSecurity(
    BoxOptions box,
    IRecipientPolicy policy,
    OutboundSecuring outbound,
    InboundOpening inbound,
    Func<TrustSnapshot> trust,
    CmsCapabilities crypto,
    ProtectionRules rules,
    ILogger logger)
{
    private const int MaxNamed = 5;

    /// <summary>With a hundred trace fields a message runs in a circle (RFC 5321 6.3).</summary>
    private const int MaxReceived = 100;

    private readonly HashSet<string> _domains = new(box.Domains, StringComparer.OrdinalIgnoreCase);

    /// <summary>The direction of a recipient's mail.</summary>
    /// <param name="side">Where the session came in.</param>
    /// <param name="recipient">The recipient.</param>
    public Direction DirectionOf(Side side, Mailbox recipient) => (side, _domains.Contains(recipient.Domain)) switch
    {
        (Side.Inside, true) => Direction.Local,
        (Side.Inside, false) => Direction.Outbound,
        (Side.Outside, true) => Direction.Inbound,
        _ => Direction.Transit,
    };

    /// <summary>Asked once the server accepted a recipient.</summary>
    /// <param name="envelope">The transaction with the recipients kept so far.</param>
    /// <param name="kept">The outbound ones among them as they were described then; one that is kept is added.</param>
    /// <param name="candidate">The recipient.</param>
    /// <param name="notification">What the sender wants to hear of it.</param>
    /// <returns>Null to keep it, or the refusal.</returns>
    public Reply? DecideRecipient(MessageEnvelope envelope, List<PolicyRecipient> kept, Mailbox candidate, RecipientNotification notification)
    {
        if (DirectionOf(envelope.Side, candidate) != Direction.Outbound)
            return null;
        PolicyRecipient described = Describe(envelope, candidate) with { MayBeWithheld = envelope.CanReport && notification.OnFailure };
        Reply? refusal = Logged(envelope, [candidate], Unencryptable([described]) ?? Unsettled([described]) ?? Ask(envelope, () => policy.DecideRecipient(Transaction(envelope, kept), described)));
        if (refusal is null)
            kept.Add(described);
        return refusal;
    }

    /// <summary>Asked at DATA.</summary>
    /// <param name="envelope">The transaction.</param>
    /// <returns>Null to go on, or the refusal.</returns>
    public Reply? DecideData(MessageEnvelope envelope)
    {
        PolicyTransaction transaction = Transaction(envelope);
        return transaction.Recipients.Count > 0
            ? Logged(envelope, envelope.Recipients, Unencryptable(transaction.Recipients) ?? Unsettled(transaction.Recipients) ?? Ask(envelope, () => policy.DecideData(transaction)))
            : null;
    }

    /// <summary>Whether the message may be changed for any recipient; otherwise its octets flow past.</summary>
    /// <param name="envelope">The transaction.</param>
    public bool Touches(MessageEnvelope envelope) => envelope.Side == Side.Outside
        ? envelope.Recipients.Any(r => DirectionOf(envelope.Side, r) == Direction.Inbound)
        : Transaction(envelope).Recipients.Any(r => r.HasCertificate || rules.Triggers.Any || MayBeSigned(envelope, r.Mailbox));

    /// <summary>Asked once the header section was read.</summary>
    /// <param name="envelope">The transaction.</param>
    /// <param name="header">The header section.</param>
    /// <param name="body">The body; may be looked at, not consumed.</param>
    /// <param name="cancel">The session ends.</param>
    public async Task<MessageDecision> DecideAsync(MessageEnvelope envelope, HeaderSection header, PipeReader body, CancellationToken cancel)
    {
        if (Touches(envelope) && header.All("Received").Take(MaxReceived).Count() == MaxReceived)
            return new MessageDecision.Refuse(new Reply(554, "5.4.6", "Mail loop: the message has been through too many servers"));
        if (envelope.Side == Side.Outside)
            return inbound.Decide(envelope, header, r => DirectionOf(Side.Outside, r) == Direction.Inbound);

        int[] untouched = [.. Enumerable.Range(0, envelope.Recipients.Count).Where(i => DirectionOf(Side.Inside, envelope.Recipients[i]) != Direction.Outbound)];
        SenderDemand demand = rules.Triggers.Read(header);
        header = demand.Header;
        PolicyTransaction transaction = Transaction(envelope, demand);
        if ((Contradiction(envelope, transaction.Recipients, demand) ?? Unencryptable(transaction.Recipients) ?? Unsettled(transaction.Recipients)) is { } unprotected)
            return new MessageDecision.Refuse(Logged(envelope, envelope.Recipients, unprotected)!);
        IReadOnlyList<Delivery> plan = [];
        if (transaction.Recipients.Count > 0)
        {
            PolicyHeaderField[] fields = [.. header.Fields.Where(f => f.IsWellFormed).Select(f => new PolicyHeaderField(f.Name, f.Value))];
            Reply? failure = Ask(envelope, () =>
            {
                plan = policy.Plan(transaction, fields);
                return null;
            });
            if (failure is not null)
                return new MessageDecision.Refuse(failure);
            if (PlanCheck.FindFault(transaction, plan) is { } fault)
            {
                SecuringLog.PlanRefused(logger, envelope.Session, fault);
                return new MessageDecision.Refuse(new Reply(451, "4.7.5", "The recipient policy made a plan that would lose or weaken this message; try again later"));
            }
        }
        return await outbound.DecideAsync(
            envelope, header, body, plan, untouched, mailbox => rules.Outbound(envelope.ReversePath, mailbox) is var rule && demand.Sign ? rule with { Sign = Demand.Require } : rule, cancel);
    }

    private PolicyTransaction Transaction(MessageEnvelope envelope, SenderDemand? demand = null) => Transaction(envelope, [.. envelope.Recipients
        .Index()
        .Where(r => DirectionOf(envelope.Side, r.Item) == Direction.Outbound)
        .Select(r => Describe(envelope, r.Item, demand) with { MayBeWithheld = envelope.CanReport && envelope.NotificationOf(r.Index).OnFailure })]);

    private PolicyTransaction Transaction(MessageEnvelope envelope, IReadOnlyList<PolicyRecipient> outbound) => new(envelope.ReversePath, outbound, rules.Unencrypted);

    private PolicyRecipient Describe(MessageEnvelope envelope, Mailbox mailbox, SenderDemand? demand = null)
    {
        ProtectionDemand rule = rules.Outbound(envelope.ReversePath, mailbox);
        // What a rule forbids is to the policy as if there were no certificate.
        IReadOnlyList<RecipientCertificate> certificates = rule.Encrypt == Demand.Never ? [] : CertificatesOf(mailbox);
        Protection required = certificates.Count > 0
            ? rule.Sign == Demand.Never ? Protection.Encrypted : Protection.SignedEncrypted
            : rule.Encrypt == Demand.Require || demand?.Encrypt == true ? Protection.Encrypted : Protection.None;
        return new PolicyRecipient(mailbox, certificates, required);
    }

    /// <summary>Those of the user behind an address; the gateway is that of the address itself, since its box gets the message.</summary>
    private IReadOnlyList<RecipientCertificate> CertificatesOf(Mailbox mailbox)
    {
        TrustSnapshot snapshot = trust();
        Mailbox user = rules.Users.UserOf(mailbox);
        IReadOnlyList<RecipientCertificate> found = snapshot.FindRecipientCertificates(user, crypto.KeyManagement);
        return user.Equals(mailbox) || (found.Count > 0 && found[0].Scope == CertificateScope.User)
            ? found
            : snapshot.FindRecipientCertificates(mailbox, crypto.KeyManagement);
    }

    private bool MayBeSigned(MessageEnvelope envelope, Mailbox recipient) => rules.Outbound(envelope.ReversePath, recipient).Sign switch
    {
        Demand.Require => true,
        Demand.Never => false,
        _ => rules.Unencrypted != Protection.None,
    };

    private static Reply? Unencryptable(IReadOnlyList<PolicyRecipient> recipients)
    {
        PolicyRecipient[] lacking = [.. recipients.Where(r => r.Required.HasFlag(Protection.Encrypted) && !r.HasCertificate)];
        return lacking.Length == 0 ? null : new Reply(
            550, "5.7.1", $"Mail to {Names(lacking)} must be encrypted, and no usable certificate is known here; ask the recipient for one, or your administrator to import it");
    }

    /// <summary>A certificate of which it must be known whether it is revoked, and is not, is neither used nor passed over: mail waits.</summary>
    private Reply? Unsettled(IReadOnlyList<PolicyRecipient> recipients)
    {
        TrustSnapshot snapshot = trust();
        PolicyRecipient[] waiting = [.. recipients.Where(r => r.Certificates.Any(c => snapshot.AwaitsRevocation(c.Certificate)))];
        return waiting.Length == 0 ? null : new Reply(451, "4.7.5", $"Whether the certificate of {Names(waiting)} is revoked cannot be looked up now; try again later");
    }

    /// <summary>A sender may demand more than the rules do, not what they forbid.</summary>
    private Reply? Contradiction(MessageEnvelope envelope, IReadOnlyList<PolicyRecipient> recipients, SenderDemand demand)
    {
        PolicyRecipient[] Forbidden(Func<ProtectionDemand, Demand> kind) =>
            [.. recipients.Where(r => kind(rules.Outbound(envelope.ReversePath, r.Mailbox)) == Demand.Never)];

        if (demand.Encrypt && Forbidden(rule => rule.Encrypt) is { Length: > 0 } unencrypted)
            return new Reply(550, "5.7.1", $"This message demands encryption, and mail to {Names(unencrypted)} is never encrypted here; take out the demand, or the recipients");
        if (demand.Sign && Forbidden(rule => rule.Sign) is { Length: > 0 } unsigned)
            return new Reply(550, "5.7.1", $"This message demands a signature, and mail to {Names(unsigned)} is never signed here; take out the demand, or the recipients");
        return null;
    }

    private static string Names(PolicyRecipient[] recipients) =>
        string.Join(", ", recipients.Take(MaxNamed).Select(r => $"<{r.Mailbox}>")) + (recipients.Length > MaxNamed ? " and others" : "");

    private Reply? Logged(MessageEnvelope envelope, IReadOnlyList<Mailbox> recipients, Reply? refusal)
    {
        if (refusal is not null)
            SecuringLog.Refused(logger, envelope.Session, string.Join(' ', recipients), refusal);
        return refusal;
    }

    private Reply? Ask(MessageEnvelope envelope, Func<Reply?> question)
    {
        try
        {
            return question() is { } reply
                ? reply.Code >= 400 ? reply : throw new InvalidOperationException($"a refusal with the reply {reply}")
                : null;
        }
        catch (Exception e)
        {
            SecuringLog.PolicyThrew(logger, envelope.Session, e);
            return new Reply(451, "4.7.5", "The recipient policy failed; try again later");
        }
    }
}
