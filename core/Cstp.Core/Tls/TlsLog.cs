using System.Net;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Tls;

/// <summary>Log events of TLS, 500 to 549. Peer input is escaped before it comes here.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(500, LogLevel.Debug, "{Session}: TLS {Version} with the {Leg}, {CipherSuite}")]
    public static partial void Secured(ILogger logger, string session, string leg, string version, string cipherSuite);

    [LoggerMessage(501, LogLevel.Warning, "{Session}: TLS with the {Leg} failed: {Cause}")]
    public static partial void Failed(ILogger logger, string session, string leg, string cause);

    [LoggerMessage(502, LogLevel.Debug, "{Session}: verification of {Server} by {Method}: {Result} {Problem}")]
    public static partial void Verified(ILogger logger, string session, EndPoint server, string method, string result, string problem);

    [LoggerMessage(503, LogLevel.Warning, "{Session}: no mail to {Server}: {Cause}. Answered 451; the client will try again.")]
    public static partial void Refused(ILogger logger, string session, EndPoint server, string cause);

    [LoggerMessage(504, LogLevel.Information, "{File}: the new certificate is in force, valid until {Until}")]
    public static partial void CertificateReplaced(ILogger logger, string file, DateTime until);

    [LoggerMessage(505, LogLevel.Error, "[tls] {Key}: {Cause}. The old certificate stays in force.")]
    public static partial void CertificateNotReplaced(ILogger logger, string key, string cause);

    [LoggerMessage(506, LogLevel.Error, "{File}: {Problem}")]
    public static partial void CertificateQuestionable(ILogger logger, string file, string problem);
}
