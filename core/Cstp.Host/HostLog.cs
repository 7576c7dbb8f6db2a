using Microsoft.Extensions.Logging;

namespace Cstp.Host;

/// <summary>Log events of the host.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Warning}")]
    public static partial void ConfigurationWarning(ILogger logger, string warning);
}
