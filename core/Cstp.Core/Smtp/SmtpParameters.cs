using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Smtp;

/// <summary>Parameters of MAIL and RCPT: only those of extensions in force go on, and only with a value that fits (RFC 5321 4.1.1.11).</summary>
internal static class SmtpParameters
{
    /// <summary>Says that addresses and header section may be beyond ASCII (RFC 6531 3.4).</summary>
    public const string International = "SMTPUTF8";

    /// <summary>Lines of any octets (RFC 6152): keyword and body-value.</summary>
    public const string EightBitMime = "8BITMIME";

    /// <summary>Any octets, by BDAT (RFC 3030 3): keyword and body-value.</summary>
    public const string BinaryMime = "BINARYMIME";

    /// <summary>Looks at the parameters of MAIL.</summary>
    /// <param name="path">The argument.</param>
    /// <param name="inForce">What the server offers and we let through.</param>
    /// <returns>Null where all may go on, else our reply.</returns>
    public static Reply? RefuseMail(PathArgument path, ServerExtensions inForce) => Refuse(path, inForce, path.Parameters.Any(p => p.Keyword == International), (keyword, value) => keyword switch
    {
        "NOTIFY" or "ORCPT" or "RRVS" => false,
        "BODY" => TryParseBody(value, out _),
        "REQUIRETLS" or International => value is null,
        _ => true,
    });

    /// <summary>Looks at the parameters of RCPT.</summary>
    /// <param name="path">The argument.</param>
    /// <param name="inForce">What the server offers and we let through.</param>
    /// <param name="isInternational">Whether the transaction's MAIL said SMTPUTF8.</param>
    /// <returns>Null where all may go on, else our reply.</returns>
    public static Reply? RefuseRecipient(PathArgument path, ServerExtensions inForce, bool isInternational) => Refuse(path, inForce, isInternational, (keyword, _) => keyword is "NOTIFY" or "ORCPT" or "RRVS");

    /// <summary>Reads the value of BODY.</summary>
    /// <param name="value">The value, or null.</param>
    /// <param name="body">What it says.</param>
    public static bool TryParseBody(string? value, out BodyValue body)
    {
        (bool isKnown, body) = value?.ToUpperInvariant() switch
        {
            "7BIT" => (true, BodyValue.SevenBit),
            "8BITMIME" => (true, BodyValue.EightBit),
            BinaryMime => (true, BodyValue.Binary),
            _ => (false, default),
        };
        return isKnown;
    }

    /// <summary>The EHLO keyword that must be in force for a parameter.</summary>
    /// <param name="keyword">The parameter, upper case.</param>
    /// <param name="value">Its value, or null.</param>
    /// <returns>The keyword, or null for a parameter that we do not know.</returns>
    public static string? Extension(string keyword, string? value) => keyword switch
    {
        "SIZE" => "SIZE",
        "BODY" => TryParseBody(value, out BodyValue body) && body == BodyValue.Binary ? BinaryMime : EightBitMime,
        "RET" or "ENVID" or "NOTIFY" or "ORCPT" => "DSN",
        "AUTH" => "AUTH",
        "BY" => "DELIVERBY",
        "MT-PRIORITY" => "MT-PRIORITY",
        "HOLDFOR" or "HOLDUNTIL" => "FUTURERELEASE",
        "SOLICIT" => "NO-SOLICITING",
        "RRVS" => "RRVS",
        "REQUIRETLS" => "REQUIRETLS",
        International => International,
        _ => null,
    };

    private static Reply? Refuse(PathArgument path, ServerExtensions inForce, bool isInternational, Func<string, string?, bool> isKnown)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string keyword, string? value) in path.Parameters)
        {
            if (!isKnown(keyword, value) || Extension(keyword, value) is not { } extension || !inForce.Has(extension))
                return new Reply(555, keyword == International ? "5.6.7" : "5.5.4", $"Parameter {keyword} not supported here");
            if (!seen.Add(keyword))
                return new Reply(501, "5.5.4", $"Parameter {keyword} given twice");
            if (extension == "DSN" ? !DsnParameters.Fits(keyword, value, isInternational) : value is not null && !Ascii.IsValid(value))
                return new Reply(501, "5.5.4", $"Bad value of {keyword}");
        }
        return path.IsAscii || isInternational
            ? null
            : new Reply(553, "5.6.7", "An address beyond ASCII needs MAIL with SMTPUTF8, where that is offered; else use an ASCII address");
    }
}
