using Microsoft.Extensions.Logging;

namespace Cstp.Core.Trust.Revocation;

/// <summary>Log events of revocation, 4100 to 4149.</summary>
internal static partial class RevocationLog
{
    [LoggerMessage(4100, LogLevel.Information, "Revocation list of {Issuer} fetched from {Address}: {Octets} octets, valid until {Until:u}")]
    public static partial void ListFetched(ILogger logger, string issuer, string address, int octets, DateTimeOffset until);

    [LoggerMessage(4101, LogLevel.Warning, "Revocation of {Certificate} cannot be fetched from {Address}: {Problem}")]
    public static partial void FetchFailed(ILogger logger, string certificate, string address, string problem);

    [LoggerMessage(4102, LogLevel.Warning, "Certificate {Certificate} {Reason}; it is not used any more")]
    public static partial void Revoked(ILogger logger, string certificate, string reason);

    [LoggerMessage(4103, LogLevel.Debug, "Certificate {Certificate}: the responder {Address} says that it {Reason}")]
    public static partial void Answered(ILogger logger, string certificate, string address, string reason);

    [LoggerMessage(4104, LogLevel.Error, "Revocation of {Certificate} cannot be looked after")]
    public static partial void Fault(ILogger logger, string certificate, Exception fault);

    [LoggerMessage(4105, LogLevel.Error, "What revocation data is about to run out cannot be looked after now; tried again in a minute")]
    public static partial void WatchFailed(ILogger logger, Exception fault);
}
