using Microsoft.Extensions.Logging;

namespace Cstp.Core.Ledger;

/// <summary>Log events of the ledger, 4200 to 4299.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(4200, LogLevel.Warning, "The box fell while messages were committed: for {Recipients} recipients the server's word is not known. Their senders will send again; a second copy may arrive.")]
    public static partial void OutcomeUnknown(ILogger logger, int recipients);

    [LoggerMessage(4201, LogLevel.Error, "What became of a message cannot be written to the store; where its sender sends again after a restart, a second copy may arrive")]
    public static partial void WriteFailed(ILogger logger, Exception cause);

    [LoggerMessage(4202, LogLevel.Information, "The server {Destination} takes no second connection ({Reason}); for {Lifetime} parts of messages go through the relay, where there is one")]
    public static partial void RouteLearned(ILogger logger, string destination, string reason, TimeSpan lifetime);
}
