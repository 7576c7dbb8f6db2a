using Cstp.Abstractions;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Securing;

/// <summary>Log events of the securing station.</summary>
internal static partial class SecuringLog
{
    [LoggerMessage(200, LogLevel.Error, "{Session}: the recipient policy threw; answered 451")]
    public static partial void PolicyThrew(ILogger logger, string session, Exception fault);

    [LoggerMessage(201, LogLevel.Error, "{Session}: the recipient policy's plan was refused: {Fault}. Answered 451; use another policy until it is mended.")]
    public static partial void PlanRefused(ILogger logger, string session, string fault);

    [LoggerMessage(202, LogLevel.Information, "{Session}: {Recipients}: {Protection}, signed by {Signer}, {Cipher}")]
    public static partial void Secured(ILogger logger, string session, string recipients, string protection, string signer, string cipher);

    [LoggerMessage(203, LogLevel.Information, "{Session}: {Outcome} for {Recipients}: {Layers}")]
    public static partial void Opened(ILogger logger, string session, string outcome, string recipients, string layers);

    [LoggerMessage(204, LogLevel.Information, "{Session}: {Recipients}: passed, the message is encrypted already")]
    public static partial void PassedEncrypted(ILogger logger, string session, string recipients);

    [LoggerMessage(205, LogLevel.Error, "{Session}: there is no usable gateway key to sign with; answered 451. Run 'cstp keys new' or import one.")]
    public static partial void NoSigner(ILogger logger, string session);

    [LoggerMessage(206, LogLevel.Warning, "{Session}: Authentication-Results fields with this box's identifier were removed ({Count}): forged")]
    public static partial void ForgedRemoved(ILogger logger, string session, int count);

    [LoggerMessage(207, LogLevel.Warning, "{Session}: refused for {Recipients}: a rule demands that it comes {Demanded}")]
    public static partial void Unprotected(ILogger logger, string session, string recipients, string demanded);

    [LoggerMessage(208, LogLevel.Warning, "{Session}: refused for {Recipients}: {Reply}")]
    public static partial void Refused(ILogger logger, string session, string recipients, Reply reply);
}
