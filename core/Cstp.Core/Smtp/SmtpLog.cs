using System.Net;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Smtp;

/// <summary>Log events of the SMTP station. Peer input is escaped before it comes here.</summary>
internal static partial class SmtpLog
{
    [LoggerMessage(100, LogLevel.Information, "listening inside={Inside} outside={Outside}")]
    public static partial void Listening(ILogger logger, string inside, string outside);

    [LoggerMessage(101, LogLevel.Debug, "{Session}: connection on the {Side} from {Client} to {Server}")]
    public static partial void Connected(ILogger logger, string session, string side, EndPoint client, EndPoint server);

    [LoggerMessage(102, LogLevel.Warning, "{Session}: the server {Server} cannot be reached: {Reason}. Answered 421; the client will try again.")]
    public static partial void ServerUnreachable(ILogger logger, string session, EndPoint server, string reason);

    [LoggerMessage(103, LogLevel.Information, "{Session}: message {Side} from <{Sender}> {Plan}: {Reply}")]
    public static partial void MessageAnswered(ILogger logger, string session, string side, string sender, string plan, string reply);

    [LoggerMessage(104, LogLevel.Warning, "{Session}: closed: {Cause}")]
    public static partial void ClosedByUs(ILogger logger, string session, string cause);

    [LoggerMessage(105, LogLevel.Error, "{Session}: a fault of ours ended the session")]
    public static partial void SessionFault(ILogger logger, string session, Exception fault);

    [LoggerMessage(106, LogLevel.Warning, "{Session}: message not delivered: {Cause}. Answered {Reply}")]
    public static partial void MessageFailed(ILogger logger, string session, string cause, string reply);

    [LoggerMessage(107, LogLevel.Warning, "refused a connection from {Client}: {Sessions} sessions are open, the limit of [smtp] max_sessions")]
    public static partial void TooManySessions(ILogger logger, EndPoint client, int sessions);

    [LoggerMessage(108, LogLevel.Warning, "{Session}: TLS begins, the rest of the session goes by unseen ([smtp] starttls = \"pass\")")]
    public static partial void BlindTls(ILogger logger, string session);

    [LoggerMessage(109, LogLevel.Error, "{Session}: interceptor {Interceptor} threw; answered 451")]
    public static partial void InterceptorThrew(ILogger logger, string session, string interceptor, Exception fault);

    [LoggerMessage(110, LogLevel.Debug, "{Session}: closed")]
    public static partial void Closed(ILogger logger, string session);

    [LoggerMessage(111, LogLevel.Error, "{Session}: {Accepted} of {Deliveries} deliveries were accepted before the one by {Way} failed ({Cause}); the sender will send again, and {Served} will not get the message once more")]
    public static partial void PartialCommit(ILogger logger, string session, int accepted, int deliveries, string way, string cause, string served);

    [LoggerMessage(112, LogLevel.Information, "draining: no new sessions, {Sessions} in progress")]
    public static partial void Draining(ILogger logger, int sessions);

    [LoggerMessage(113, LogLevel.Error, "accepting connections on {Listener} failed: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, EndPoint listener, string reason);

    [LoggerMessage(114, LogLevel.Error, "{Session}: the message could not be secured or opened; answered 451")]
    public static partial void SecuringFault(ILogger logger, string session, Exception fault);
}
