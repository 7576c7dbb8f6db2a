using System.Globalization;
using System.Text;

namespace Cstp.Core.Smtp;

/// <summary>The grammar of the parameters by which a sender asks for notifications (RFC 3461 4).</summary>
internal static class DsnParameters
{
    private const int MaxEnvelopeId = 100;
    private const int MaxOriginalRecipient = 500;

    /// <summary>Looks at a value.</summary>
    /// <param name="keyword">RET, ENVID, NOTIFY or ORCPT.</param>
    /// <param name="value">The value as it came; null where there is none.</param>
    /// <param name="isInternational">Whether an original recipient may be written in UTF-8 (RFC 6533 3).</param>
    /// <returns>Whether it fits.</returns>
    public static bool Fits(string keyword, string? value, bool isInternational) => value is not null && keyword switch
    {
        "RET" => value.ToUpperInvariant() is "FULL" or "HDRS",
        "ENVID" => value.Length <= MaxEnvelopeId && IsXtext(value, withUtf8: false),
        "NOTIFY" => IsNotify(value.ToUpperInvariant()),
        "ORCPT" => IsOriginalRecipient(value, isInternational),
        _ => false,
    };

    /// <summary>NEVER alone, else each of the others once at most (RFC 3461 4.1).</summary>
    private static bool IsNotify(string value)
    {
        string[] words = value.Split(',');
        return value == "NEVER" || (words.All(word => word is "SUCCESS" or "FAILURE" or "DELAY") && words.Distinct().Count() == words.Length);
    }

    /// <summary>The type of an address, a semicolon, and the address as xtext (RFC 3461 4.2); beyond ASCII what may stand in a mailbox, too.</summary>
    private static bool IsOriginalRecipient(string value, bool isInternational)
    {
        int semicolon = value.IndexOf(';', StringComparison.Ordinal);
        return value.Length <= MaxOriginalRecipient
            && Utf8Octets.Decode(value) is { } text
            && text.EnumerateRunes().All(rune => rune.IsAscii || Rune.GetUnicodeCategory(rune) is not
                (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
            && semicolon > 0
            && value[..semicolon].All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            && semicolon < value.Length - 1
            && IsXtext(value[(semicolon + 1)..], isInternational && value[..semicolon].Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Printable octets, but for plus and equals sign, which stand as + and two hexadecimal digits in upper case.</summary>
    private static bool IsXtext(string value, bool withUtf8)
    {
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] is <= ' ' or '\x7f' or '=' || (value[i] > '\x7f' && !withUtf8))
                return false;
            if (value[i] != '+')
                continue;
            // What it stands for must be printable, too: it is written into notifications (RFC 3461 4.4).
            if (i + 2 >= value.Length || value.AsSpan(i + 1, 2).ContainsAnyInRange('a', 'f')
                || !byte.TryParse(value.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet) || octet is < 0x20 or > 0x7e)
                return false;
            i += 2;
        }
        return true;
    }
}
