using System.Globalization;
using System.Text;

namespace Cstp.Abstractions;

/// <summary>Domains with letters beyond ASCII: their A-labels are the one spelling that is compared (RFC 5890 2.3.2.1).</summary>
internal static class InternationalDomain
{
    private static readonly IdnMapping s_mapping = new() { AllowUnassigned = true };

    /// <summary>
    /// Letters that a mail server may take for others (RFC 5892 2.2, unstable under NFKC), and marks that belong into one letter with the
    /// one before them (NFC). To us they would be a domain of their own, for which no certificate is known: they are no U-label.
    /// </summary>
    private static readonly (int First, int Last)[] s_unstable =
    [
        (0xaa, 0xba), (0x132, 0x133), (0x13f, 0x140), (0x149, 0x149), (0x17f, 0x17f), (0x1c4, 0x1cc), (0x1f1, 0x1f3), (0x2b0, 0x2ff), (0x300, 0x37a),
        (0x1d2c, 0x1d7f), (0x1d9b, 0x1dff), (0x2070, 0x214f), (0x3099, 0x309f), (0x30ff, 0x30ff), (0x3131, 0x318e), (0xa69c, 0xa69d), (0xa770, 0xa770),
        (0xf900, 0xfdff), (0xfe20, 0xffef), (0x1d400, 0x1d7ff), (0x1ee00, 0x1eeff), (0x2f800, 0x2fa1f),
    ];

    /// <summary>Writes a domain in its one spelling.</summary>
    /// <param name="text">Labels of ASCII and U-labels, in upper or lower case.</param>
    /// <returns>Lower case, each label in ASCII; null where the text is no domain.</returns>
    public static string? ToAscii(string text)
    {
        if (Ascii.IsValid(text))
            return Mailbox.IsDomain(text) ? text.ToLowerInvariant() : null;
        string[] labels = text.Split('.');
        for (int i = 0; i < labels.Length; i++)
        {
            string lower = labels[i].ToLowerInvariant();
            if ((Ascii.IsValid(labels[i]) ? lower : ToALabel(lower)) is not { } ascii)
                return null;
            labels[i] = ascii;
        }
        string domain = string.Join('.', labels);
        return Mailbox.IsDomain(domain) ? domain : null;
    }

    private static string? ToALabel(string label)
    {
        if (label.StartsWith('-') || label.EndsWith('-'))
            return null;
        foreach (Rune rune in label.EnumerateRunes())
        {
            bool isLetter = rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value == '-' : Rune.GetUnicodeCategory(rune) is
                UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter or
                UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;
            if (!isLetter || s_unstable.Any(range => rune.Value >= range.First && rune.Value <= range.Last))
                return null;
        }
        try
        {
            string ascii = s_mapping.GetAscii(label);
            // Not so for a letter like the Kelvin sign, whose lower case is ASCII.
            return s_mapping.GetUnicode(ascii) == label && ascii != label ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
