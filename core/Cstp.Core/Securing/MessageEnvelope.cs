using Cstp.Abstractions;

namespace Cstp.Core.Securing;

/// <summary>What the SMTP session knows of a message before its content.</summary>
/// <param name="Session">The session's name in the log.</param>
/// <param name="Side">Where the session came in: the direction follows from it, whatever the sender address says.</param>
/// <param name="ReversePath">The sender; null for the null reverse-path.</param>
/// <param name="Recipients">The recipients kept.</param>
/// <param name="Declares8Bit">Whether the client said BODY=8BITMIME.</param>
/// <param name="ServerTakes8Bit">Whether the server offered 8BITMIME.</param>
internal sealed record MessageEnvelope(
    string Session, Side Side, Mailbox? ReversePath, IReadOnlyList<Mailbox> Recipients, bool Declares8Bit, bool ServerTakes8Bit);

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
