using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>A recipient that the server accepted and we keep.</summary>
/// <param name="Mailbox">The address.</param>
/// <param name="Line">The RCPT line as it went to the server, without CRLF: repeated as it is on every delivery.</param>
internal sealed record TransactionRecipient(Mailbox Mailbox, string Line);

/// <summary>A mail transaction (RFC 5321 3.3).</summary>
/// <param name="ReversePath">The sender; null for the null reverse-path.</param>
/// <param name="Line">The MAIL line as it went to the server, without CRLF.</param>
/// <param name="Declares8Bit">Whether the client said BODY=8BITMIME.</param>
internal sealed record Transaction(Mailbox? ReversePath, string Line, bool Declares8Bit)
{
    /// <summary>The recipients kept, in the order of their RCPT.</summary>
    public List<TransactionRecipient> Recipients { get; } = [];

    /// <summary>Whether the server accepted a recipient that we refused: the transaction there must be made anew.</summary>
    public bool HasWithheld { get; set; }
}
