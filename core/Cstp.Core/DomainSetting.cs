using System.Text;
using Cstp.Abstractions;

namespace Cstp.Core;

/// <summary>Domains as administrators write them, in U-labels or A-labels (RFC 5890); the box compares and sends A-labels.</summary>
internal static class DomainSetting
{
    /// <summary>The one spelling in A-labels.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text itself where it is ASCII, or no domain.</returns>
    public static string ToAscii(string text) => !Ascii.IsValid(text) && Mailbox.TryParseDomain(text, out string? domain) ? domain : text;

    /// <summary>Says what is wrong.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Null where it is a domain.</returns>
    public static string? Problem(string text)
    {
        if (Mailbox.TryParseDomain(text, out _))
            return null;
        if (text.Length == 0 || text.Contains('@', StringComparison.Ordinal))
            return $"'{text}' is no domain; write only what stands right of the @";
        string? wrong = text.Split('.').FirstOrDefault(label => !Mailbox.TryParseDomain(label, out _));
        return $"'{text}' is no domain: " + wrong switch
        {
            null => "it is longer than 255 octets",
            "" => "a dot stands at its beginning or end, or next to another",
            _ when Ascii.IsValid(wrong) => $"'{wrong}' is not of letters, digits and hyphens, or longer than 63; write one like \"example.com\"",
            _ => $"'{wrong}' has characters other than plain letters and digits (full-width ones, separate accents, symbols and joiners are none), or is too long; write it in composed letters or in A-labels (\"xn--…\")",
        };
    }
}
