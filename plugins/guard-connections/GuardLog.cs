using System.Net;
using Microsoft.Extensions.Logging;

namespace Cstp.GuardConnections;

/// <summary>Log events of the module. Peer input is escaped before it comes here.</summary>
internal static partial class GuardLog
{
    [LoggerMessage(300, LogLevel.Warning, "{Session}: {Client}: refused, {By} reached its limit of {Limit} {Measure}; not told again within a minute")]
    public static partial void LimitReached(ILogger logger, string session, IPAddress client, string by, int limit, string measure);

    [LoggerMessage(301, LogLevel.Information, "{Session}: {Client}: turned away, it is on the deny list")]
    public static partial void Denied(ILogger logger, string session, IPAddress client);

    [LoggerMessage(302, LogLevel.Information, "{Session}: {Client}: {Sign} ({Action}): {Detail}")]
    public static partial void SignSeen(ILogger logger, string session, IPAddress client, string sign, string action, string detail);

    [LoggerMessage(303, LogLevel.Warning, "{Session}: {Client}: refused, {Slowed} clients are slowed already, the limit of max_slowed")]
    public static partial void TarPitFull(ILogger logger, string session, IPAddress client, int slowed);
}
