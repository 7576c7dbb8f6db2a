namespace Cstp.Abstractions;

/// <summary>How a delivery is protected.</summary>
[Flags]
public enum Protection
{
    /// <summary>As it came.</summary>
    None = 0,

    /// <summary>Signed so that any reader can show it.</summary>
    Signed = 1,

    /// <summary>Encrypted.</summary>
    Encrypted = 2,

    /// <summary>Signed, then encrypted.</summary>
    SignedEncrypted = Signed | Encrypted,
}

/// <summary>By which way a delivery goes.</summary>
public enum DeliveryRoute
{
    /// <summary>To the server that the client meant, on its connection or on a further one.</summary>
    Server,

    /// <summary>Through the configured relay; refused with 451 where there is none.</summary>
    Relay,

    /// <summary>
    /// Not at all: the sender gets a report of non-delivery (RFC 3464) instead. Only for recipients that
    /// <see cref="PolicyRecipient.MayBeWithheld"/>, and with <see cref="Protection.None"/>.
    /// </summary>
    Withheld,
}

/// <summary>Whom a certificate speaks for.</summary>
public enum CertificateScope
{
    /// <summary>One address.</summary>
    User,

    /// <summary>All addresses of a domain; the box there opens the message.</summary>
    Gateway,
}

/// <summary>A certificate that a recipient's messages can be encrypted to.</summary>
/// <param name="Certificate">The certificate; trusted, valid now, and fit for encryption.</param>
/// <param name="Scope">Whom it speaks for.</param>
public sealed record RecipientCertificate(EncodedCertificate Certificate, CertificateScope Scope);

/// <summary>An outbound recipient that the server accepted.</summary>
/// <param name="Mailbox">The address.</param>
/// <param name="Certificates">Usable certificates; empty where there is none.</param>
/// <param name="Required">What the configuration demands at least; the host refuses a plan that gives less.</param>
public sealed record PolicyRecipient(Mailbox Mailbox, IReadOnlyList<RecipientCertificate> Certificates, Protection Required)
{
    /// <summary>Whether the message can be encrypted for this recipient.</summary>
    public bool HasCertificate => Certificates.Count > 0;

    /// <summary>
    /// Whether the message may be kept from this recipient with a report to the sender (<see cref="DeliveryRoute.Withheld"/>): there is a relay
    /// to send it through, a sender to get it, and he did not say that he wants none (RFC 3461 4.1).
    /// </summary>
    public bool MayBeWithheld { get; init; }
}

/// <summary>A header field (RFC 5322 2.2).</summary>
/// <param name="Name">The name as written.</param>
/// <param name="Value">The value, unfolded, without white space around it.</param>
public sealed record PolicyHeaderField(string Name, string Value);

/// <summary>What a policy is asked about.</summary>
/// <param name="Sender">The reverse-path; null for the null reverse-path.</param>
/// <param name="Recipients">The outbound recipients so far, in the order of their RCPT.</param>
/// <param name="UnencryptedProtection">What a message gets that is not encrypted: <see cref="Protection.None"/> or <see cref="Protection.Signed"/>.</param>
public sealed record PolicyTransaction(Mailbox? Sender, IReadOnlyList<PolicyRecipient> Recipients, Protection UnencryptedProtection);

/// <summary>One delivery of a plan.</summary>
/// <param name="Recipients">At least one.</param>
/// <param name="Protection">How this delivery is protected.</param>
/// <param name="Route">By which way.</param>
public sealed record Delivery(IReadOnlyList<PolicyRecipient> Recipients, Protection Protection, DeliveryRoute Route = DeliveryRoute.Server);

/// <summary>Decides what becomes of the outbound recipients of one transaction when not all have a certificate.</summary>
/// <remarks>
/// Pure: no I/O, no state; the same question has the same answer. Called by many threads. An exception refuses the transaction
/// with 451 4.7.5. Whatever a policy plans, the host holds it to this: every recipient in exactly one delivery, none with
/// less protection than its <see cref="PolicyRecipient.Required"/>, none encrypted without a certificate, none withheld whose sender
/// would not hear of it; else the message is refused.
/// </remarks>
public interface IRecipientPolicy
{
    /// <summary>Asked at RCPT, once the server accepted a recipient.</summary>
    /// <param name="transaction">The transaction with the recipients kept so far.</param>
    /// <param name="candidate">The recipient in question.</param>
    /// <returns>Null to keep it, or the 4yz or 5yz reply that the client gets; the recipient is then left out.</returns>
    Reply? DecideRecipient(PolicyTransaction transaction, PolicyRecipient candidate) => null;

    /// <summary>Asked at DATA.</summary>
    /// <param name="transaction">The transaction with all recipients kept.</param>
    /// <returns>Null to go on, or the 4yz or 5yz reply to DATA.</returns>
    Reply? DecideData(PolicyTransaction transaction) => null;

    /// <summary>Asked once the header section was read, for the deliveries.</summary>
    /// <param name="transaction">The transaction with all recipients kept.</param>
    /// <param name="header">The fields of the header section in their order.</param>
    /// <returns>The deliveries; the first protected one keeps the client's connection to the server.</returns>
    IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header);
}
