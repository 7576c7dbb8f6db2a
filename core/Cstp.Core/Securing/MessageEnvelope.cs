using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Securing;

/// <summary>What the SMTP session knows of a message before its content.</summary>
/// <param name="Session">The session's name in the log.</param>
/// <param name="Side">Where the session came in: the direction follows from it, whatever the sender address says.</param>
/// <param name="ReversePath">The sender; null for the null reverse-path.</param>
/// <param name="Recipients">The recipients kept.</param>
/// <param name="Declared">What the client said by BODY.</param>
/// <param name="ServerTakes8Bit">Whether the server offered 8BITMIME.</param>
internal sealed record MessageEnvelope(
    string Session, Side Side, Mailbox? ReversePath, IReadOnlyList<Mailbox> Recipients, BodyValue Declared, bool ServerTakes8Bit)
{
    /// <summary>Whether the server offered BINARYMIME.</summary>
    public bool ServerTakesBinary { get; init; }

    /// <summary>Whether the client said SMTPUTF8.</summary>
    public bool IsInternational { get; init; }

    /// <summary>Whether the server offered SMTPUTF8.</summary>
    public bool ServerTakesInternational { get; init; }

    /// <summary>The sender's identifier of the transaction (ENVID, RFC 3461 4.4), decoded, or null.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>What the sender wants to hear of each recipient, in their order; empty where he said nothing.</summary>
    public IReadOnlyList<RecipientNotification> Notifications { get; init; } = [];

    /// <summary>Whether there is a sender, and a way to send him a report.</summary>
    public bool CanReport { get; init; }

    /// <summary>What the sender wants to hear of a recipient.</summary>
    /// <param name="recipient">Its index.</param>
    public RecipientNotification NotificationOf(int recipient) => recipient < Notifications.Count ? Notifications[recipient] : RecipientNotification.Default;
}

/// <summary>What a sender asked for about one recipient (RFC 3461 4.1, 4.2).</summary>
/// <param name="OnFailure">Whether a failure may be reported.</param>
/// <param name="OriginalRecipient">ORCPT, decoded: address type, semicolon, address; or null.</param>
internal sealed record RecipientNotification(bool OnFailure, string? OriginalRecipient)
{
    /// <summary>Where nothing was asked for (RFC 3461 4.1).</summary>
    public static RecipientNotification Default { get; } = new(OnFailure: true, OriginalRecipient: null);
}

/// <summary>Which way a recipient's mail goes (per recipient).</summary>
internal enum Direction
{
    /// <summary>From inside to somebody who is not local: secured.</summary>
    Outbound,

    /// <summary>From outside to a local user: opened.</summary>
    Inbound,

    /// <summary>From inside to a local user: untouched.</summary>
    Local,

    /// <summary>From outside to somebody who is not local: untouched.</summary>
    Transit,
}
