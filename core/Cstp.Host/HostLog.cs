using Microsoft.Extensions.Logging;

namespace Cstp.Host;

/// <summary>Log events of the host.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Warning}")]
    public static partial void ConfigurationWarning(ILogger logger, string warning);

    [LoggerMessage(2, LogLevel.Error, "No sign of life for systemd's watchdog: {Fault}")]
    public static partial void NotAlive(ILogger logger, string fault);

    [LoggerMessage(3, LogLevel.Warning, "systemd cannot be told how the service does: {Cause}")]
    public static partial void NotHeard(ILogger logger, string cause);
}
