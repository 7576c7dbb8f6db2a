using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>Which extension each parameter of MAIL and RCPT belongs to: only those in force go on, and only with a value that fits (RFC 5321 4.1.1.11).</summary>
internal static class PathParameters
{
    /// <summary>Looks at the parameters of MAIL.</summary>
    /// <param name="path">The argument.</param>
    /// <param name="inForce">What the server offers and we let through.</param>
    /// <returns>Null where all may go on, else our reply.</returns>
    public static Reply? RefuseMail(PathArgument path, ServerExtensions inForce) => Refuse(path, inForce, (keyword, value) => keyword switch
    {
        "SIZE" => "SIZE",
        "BODY" when value?.ToUpperInvariant() is "7BIT" or "8BITMIME" => "8BITMIME",
        "RET" or "ENVID" => "DSN",
        "AUTH" => "AUTH",
        "BY" => "DELIVERBY",
        "MT-PRIORITY" => "MT-PRIORITY",
        "HOLDFOR" or "HOLDUNTIL" => "FUTURERELEASE",
        "SOLICIT" => "NO-SOLICITING",
        "REQUIRETLS" when value is null => "REQUIRETLS",
        _ => null,
    });

    /// <summary>Looks at the parameters of RCPT.</summary>
    /// <param name="path">The argument.</param>
    /// <param name="inForce">What the server offers and we let through.</param>
    /// <returns>Null where all may go on, else our reply.</returns>
    public static Reply? RefuseRecipient(PathArgument path, ServerExtensions inForce) => Refuse(path, inForce, (keyword, _) => keyword switch
    {
        "NOTIFY" or "ORCPT" => "DSN",
        "RRVS" => "RRVS",
        _ => null,
    });

    private static Reply? Refuse(PathArgument path, ServerExtensions inForce, Func<string, string?, string?> extensionOf)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string keyword, string? value) in path.Parameters)
        {
            string? extension = extensionOf(keyword, value);
            if (extension is null || !inForce.Has(extension))
                return new Reply(555, keyword == "SMTPUTF8" ? "5.6.7" : "5.5.4", $"Parameter {keyword} not supported here");
            if (!seen.Add(keyword))
                return new Reply(501, "5.5.4", $"Parameter {keyword} given twice");
            if (extension == "DSN" && !DsnParameters.Fits(keyword, value))
                return new Reply(501, "5.5.4", $"Bad value of {keyword} (RFC 3461 4)");
        }
        return null;
    }
}
