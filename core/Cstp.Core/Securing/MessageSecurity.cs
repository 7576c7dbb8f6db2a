using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Mime;
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
/// <param name="options">Section <c>[securing]</c>.</param>
/// <param name="logger">The log.</param>
internal sealed class MessageSecurity(
    BoxOptions box,
    IRecipientPolicy policy,
    OutboundSecuring outbound,
    InboundOpening inbound,
    Func<TrustSnapshot> trust,
    CmsCapabilities crypto,
    SecuringOptions options,
    ILogger logger)
{
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
        PolicyRecipient described = Describe(candidate) with { MayBeWithheld = envelope.CanReport && notification.OnFailure };
        Reply? refusal = Ask(envelope, () => policy.DecideRecipient(Transaction(envelope, kept), described));
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
        return transaction.Recipients.Count > 0 ? Ask(envelope, () => policy.DecideData(transaction)) : null;
    }

    /// <summary>Whether the message may be changed for any recipient; otherwise its octets flow past.</summary>
    /// <param name="envelope">The transaction.</param>
    public bool Touches(MessageEnvelope envelope) => envelope.Side == Side.Outside
        ? envelope.Recipients.Any(r => DirectionOf(envelope.Side, r) == Direction.Inbound)
        : Transaction(envelope).Recipients.Any(r => r.HasCertificate || options.SignWithoutCertificate);

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
        PolicyTransaction transaction = Transaction(envelope);
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
        return await outbound.DecideAsync(envelope, header, body, plan, untouched, cancel);
    }

    private PolicyTransaction Transaction(MessageEnvelope envelope) => Transaction(envelope, [.. envelope.Recipients
        .Index()
        .Where(r => DirectionOf(envelope.Side, r.Item) == Direction.Outbound)
        .Select(r => Describe(r.Item) with { MayBeWithheld = envelope.CanReport && envelope.NotificationOf(r.Index).OnFailure })]);

    private PolicyTransaction Transaction(MessageEnvelope envelope, IReadOnlyList<PolicyRecipient> outbound) =>
        new(envelope.ReversePath, outbound, options.SignWithoutCertificate ? Protection.Signed : Protection.None);

    private PolicyRecipient Describe(Mailbox mailbox)
    {
        IReadOnlyList<RecipientCertificate> certificates = trust().FindRecipientCertificates(mailbox, crypto.KeyManagement);
        return new PolicyRecipient(mailbox, certificates, certificates.Count > 0 ? Protection.SignedEncrypted : Protection.None);
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
