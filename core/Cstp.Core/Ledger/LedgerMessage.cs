using Cstp.Abstractions;

namespace Cstp.Core.Ledger;

/// <summary>A message as the ledger knows it.</summary>
/// <param name="Side">Where its session came in.</param>
/// <param name="ReversePath">The sender; null for the null reverse-path.</param>
/// <param name="Digest">Of the header section without trace fields.</param>
internal sealed record LedgerMessage(Side Side, Mailbox? ReversePath, string Digest);

/// <summary>The ledger cannot be written.</summary>
/// <param name="message">Why.</param>
/// <param name="cause">What was behind it.</param>
internal sealed class LedgerException(string message, Exception? cause = null) : Exception(message, cause);
