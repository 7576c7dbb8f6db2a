using Microsoft.Extensions.Logging;

namespace Cstp.Core.Trust;

/// <summary>Log events of trust, 4150 to 4199.</summary>
internal static partial class TrustLog
{
    [LoggerMessage(4150, LogLevel.Warning, "The certificate of {Of} {Name} ends at {Until:u} ({Fingerprint}). {Mend}")]
    public static partial void Ending(ILogger logger, string of, string name, string fingerprint, DateTimeOffset until, string mend);

    [LoggerMessage(4151, LogLevel.Error, "The certificate of {Of} {Name} ended at {Until:u} ({Fingerprint}). {Mend}")]
    public static partial void Ended(ILogger logger, string of, string name, string fingerprint, DateTimeOffset until, string mend);

    [LoggerMessage(4152, LogLevel.Error, "Whether certificates are about to end cannot be looked after now; tried again in a day")]
    public static partial void WatchFailed(ILogger logger, Exception fault);
}
