namespace Cstp.Core.Smtp;

/// <summary>Parameters of MAIL and RCPT, and the extensions that bring them.</summary>
internal static class SmtpParameters
{
    /// <summary>The EHLO keyword that must be in force for a parameter.</summary>
    /// <param name="keyword">The parameter, upper case.</param>
    /// <returns>The keyword, or null for a parameter that we do not know.</returns>
    public static string? Extension(string keyword) => keyword switch
    {
        "SIZE" => "SIZE",
        "BODY" => "8BITMIME",
        "RET" or "ENVID" or "NOTIFY" or "ORCPT" => "DSN",
        "AUTH" => "AUTH",
        "BY" => "DELIVERBY",
        "MT-PRIORITY" => "MT-PRIORITY",
        "HOLDFOR" or "HOLDUNTIL" => "FUTURERELEASE",
        "SOLICIT" => "NO-SOLICITING",
        "RRVS" => "RRVS",
        "REQUIRETLS" => "REQUIRETLS",
        _ => null,
    };
}
