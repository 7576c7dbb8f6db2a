using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>A recipient that the server accepted and we keep.</summary>
/// <param name="Mailbox">The address.</param>
/// <param name="Path">The forward-path as it came, with its brackets.</param>
/// <param name="Line">The RCPT line as it went to the server, without CRLF: repeated as it is on every delivery.</param>
/// <param name="Parameters">The line's parameters.</param>
internal sealed record TransactionRecipient(Mailbox Mailbox, string Path, string Line, IReadOnlyList<(string Keyword, string? Value)> Parameters);

/// <summary>A mail transaction (RFC 5321 3.3).</summary>
/// <param name="ReversePath">The sender; null for the null reverse-path.</param>
/// <param name="Path">The reverse-path as it came, with its brackets.</param>
/// <param name="Parameters">The parameters as they went to the server.</param>
/// <param name="Declared">What the client said by BODY.</param>
internal sealed record Transaction(Mailbox? ReversePath, string Path, IReadOnlyList<(string Keyword, string? Value)> Parameters, BodyValue Declared)
{
    private readonly List<TransactionRecipient> _recipients = [];
    private readonly List<Mailbox> _mailboxes = [];
    private readonly List<RecipientNotification> _notifications = [];

    /// <summary>The MAIL line as it went to the server, without CRLF.</summary>
    public string Line { get; } = LineOf(Path, Parameters);

    /// <summary>Whether it may have addresses and a header section beyond ASCII (RFC 6531 3.4).</summary>
    public bool IsInternational => Parameters.Any(p => p.Keyword == SmtpParameters.International);

    /// <summary>What a delivery holds.</summary>
    /// <param name="delivery">The delivery.</param>
    public BodyValue BodyOf(PlannedDelivery delivery) => delivery.Body ?? Declared;

    /// <summary>The parameters of MAIL for a delivery.</summary>
    /// <param name="delivery">The delivery; it may need SMTPUTF8 where the client did not, and BINARYMIME where he did not, or the other way round.</param>
    public IReadOnlyList<(string Keyword, string? Value)> ParametersFor(PlannedDelivery delivery)
    {
        List<(string Keyword, string? Value)> parameters = [.. Parameters];
        if ((BodyOf(delivery) == BodyValue.Binary) != (Declared == BodyValue.Binary))
        {
            parameters.RemoveAll(p => p.Keyword == "BODY");
            parameters.Add(("BODY", BodyOf(delivery) == BodyValue.Binary ? SmtpParameters.BinaryMime : SmtpParameters.EightBitMime));
        }
        if (delivery.IsInternational && !IsInternational)
            parameters.Add((SmtpParameters.International, null));
        return parameters;
    }

    /// <summary>The MAIL line for a delivery.</summary>
    /// <param name="delivery">The delivery.</param>
    public string LineFor(PlannedDelivery delivery) => LineOf(Path, ParametersFor(delivery));

    /// <summary>The recipients kept, in the order of their RCPT.</summary>
    public IReadOnlyList<TransactionRecipient> Recipients => _recipients;

    /// <summary>Their addresses.</summary>
    public IReadOnlyList<Mailbox> Mailboxes => _mailboxes;

    /// <summary>What the sender wants to hear of each.</summary>
    public IReadOnlyList<RecipientNotification> Notifications => _notifications;

    /// <summary>What the policy was told of those that it is asked about; grows with them.</summary>
    public List<PolicyRecipient> Described { get; } = [];

    /// <summary>Recipients that we refused though the server accepted them, the first few.</summary>
    public List<Mailbox> Refused { get; } = [];

    /// <summary>How many there were in all.</summary>
    public int RefusedCount { get; private set; }

    /// <summary>What the first of them was told.</summary>
    public Reply? FirstRefusal { get; private set; }

    /// <summary>Whether the server accepted a recipient that is none any more: the transaction there must be made anew.</summary>
    public bool HasWithheld { get; private set; }

    /// <summary>Whether its recipients have a message of this sender that others wait for (true), or have not (false): never both in one transaction. Null before the first.</summary>
    public bool? IsAhead { get; set; }

    /// <summary>A recipient stays.</summary>
    /// <param name="recipient">The recipient.</param>
    public void Keep(TransactionRecipient recipient)
    {
        _recipients.Add(recipient);
        _mailboxes.Add(recipient.Mailbox);
        _notifications.Add(NotificationRequest.Of(recipient));
    }

    /// <summary>A recipient that the server accepted is refused.</summary>
    /// <param name="recipient">The recipient.</param>
    /// <param name="reply">What the client hears.</param>
    public void Refuse(Mailbox recipient, Reply reply)
    {
        HasWithheld = true;
        FirstRefusal ??= reply;
        RefusedCount++;
        // A client may go on for ever.
        if (Refused.Count < DeliveryStory.MaxNamed)
            Refused.Add(recipient);
    }

    /// <summary>Takes out recipients that have the message already.</summary>
    /// <param name="isServed">Tells them.</param>
    public void LeaveOut(Predicate<Mailbox> isServed)
    {
        for (int i = _recipients.Count - 1; i >= 0; i--)
        {
            if (!isServed(_mailboxes[i]))
                continue;
            HasWithheld = true;
            _recipients.RemoveAt(i);
            _mailboxes.RemoveAt(i);
            _notifications.RemoveAt(i);
        }
    }

    private static string LineOf(string path, IEnumerable<(string Keyword, string? Value)> parameters) =>
        string.Join(' ', [$"MAIL FROM:{path}", .. parameters.Select(p => p.Value is null ? p.Keyword : $"{p.Keyword}={p.Value}")]);
}
