using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>A command whose reply the client has not got yet.</summary>
/// <param name="Verb">The verb in upper case.</param>
internal sealed record PendingCommand(string Verb)
{
    /// <summary>Our own reply, where the server does not see the command.</summary>
    public Reply? Local { get; init; }

    /// <summary>The transaction that a MAIL opens if the server accepts.</summary>
    public Transaction? Transaction { get; init; }

    /// <summary>The recipient that a RCPT adds if the server accepts.</summary>
    public TransactionRecipient? Recipient { get; init; }
}
