using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Cstp.Abstractions;

/// <summary>
/// A mailbox, <c>local-part@domain</c> (RFC 5321 4.1.2, RFC 6531 3.3). Equal when the domains are, without case and in A-labels, and the
/// local parts octet for octet.
/// </summary>
/// <remarks>
/// Made only by <see cref="TryParse"/> and <see cref="Parse"/>. A local part beyond ASCII is never normalised: only its own server knows which
/// spellings are one mailbox (RFC 6532 3.1). It holds no control or format character and no separator, so that it can stand in a line of text. Immutable.
/// </remarks>
public sealed class Mailbox : IEquatable<Mailbox>
{
    private Mailbox(string localPart, string domain)
    {
        LocalPart = localPart;
        Domain = domain;
    }

    /// <summary>The local part as written on the wire, a quoted string with its quotes; 1 to 64 octets in UTF-8.</summary>
    public string LocalPart { get; }

    /// <summary>The domain in lower case, each label in ASCII (RFC 5890, A-label), or an address literal with its brackets; 1 to 255 octets.</summary>
    public string Domain { get; }

    /// <summary>Whether it can be written in ASCII alone; else only SMTPUTF8 carries it (RFC 6531).</summary>
    public bool IsAscii => Ascii.IsValid(LocalPart);

    /// <summary>Reads a mailbox without angle brackets.</summary>
    /// <param name="text">The text, all of it.</param>
    /// <param name="mailbox">The mailbox, or null.</param>
    /// <returns>Whether the text fits the grammar Mailbox of RFC 5321 4.1.2, extended by RFC 6531 3.3, and its size limits (4.5.3.1).</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Mailbox? mailbox)
    {
        mailbox = null;
        if (text is null || LocalPartLength(text) is not (> 0 and int at) || Encoding.UTF8.GetByteCount(text.AsSpan(0, at)) > 64)
            return false;
        if (at >= text.Length || text[at] != '@')
            return false;
        string right = text[(at + 1)..];
        string? domain = IsAddressLiteral(right) ? right.ToLowerInvariant() : InternationalDomain.ToAscii(right);
        if (domain is null)
            return false;
        mailbox = new Mailbox(text[..at], domain);
        return true;
    }

    /// <summary>Reads a mailbox without angle brackets.</summary>
    /// <param name="text">The text, all of it.</param>
    /// <exception cref="FormatException">It does not fit the grammar.</exception>
    public static Mailbox Parse(string text) =>
        TryParse(text, out Mailbox? mailbox) ? mailbox : throw new FormatException($"'{text}' is no mailbox (local-part@domain, RFC 5321 4.1.2)");

    /// <summary>Whether a text is a domain of letters, digits and hyphens (RFC 5321 4.1.2, Domain).</summary>
    /// <param name="text">The text.</param>
    public static bool IsDomain(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > 255)
            return false;
        foreach (Range label in text.Split('.'))
        {
            ReadOnlySpan<char> letters = text[label];
            if (letters.Length is 0 or > 63 || letters[0] == '-' || letters[^1] == '-')
                return false;
            foreach (char c in letters)
            {
                // The underscore is no letter of RFC 5321; it stands in real host names.
                if (!char.IsAsciiLetterOrDigit(c) && c is not '-' and not '_')
                    return false;
            }
        }
        return true;
    }

    /// <summary>Reads a domain, written in A-labels or U-labels.</summary>
    /// <param name="text">The text, all of it.</param>
    /// <param name="domain">The domain in lower case, each label in ASCII; or null.</param>
    /// <returns>Whether it is a domain. U-labels are in composed form (NFC); other spellings of one are none.</returns>
    public static bool TryParseDomain([NotNullWhen(true)] string? text, [NotNullWhen(true)] out string? domain)
    {
        domain = text is null ? null : InternationalDomain.ToAscii(text);
        return domain is not null;
    }

    private static bool IsAddressLiteral(ReadOnlySpan<char> text)
    {
        if (text is not ['[', .. var inside, ']'])
            return false;
        return inside.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)
            ? System.Net.IPAddress.TryParse(inside[5..], out var six) && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && !inside.Contains('%')
            : System.Net.IPAddress.TryParse(inside, out var four) && four.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && inside.Count('.') == 3;
    }

    private static int LocalPartLength(string text)
    {
        if (text.StartsWith('"'))
        {
            for (int i = 1; i < text.Length;)
            {
                switch (text[i])
                {
                    case '"':
                        return i + 1;
                    case '\\' when i + 1 < text.Length && text[i + 1] is >= ' ' and <= '~':
                        i += 2;
                        break;
                    case '\\' or < ' ' or '\x7f':
                        return -1;
                    default:
                        int length = CharacterLength(text, i);
                        if (length == 0)
                            return -1;
                        i += length;
                        break;
                }
            }
            return -1;
        }
        int end = 0;
        bool dotAllowed = false;
        while (end < text.Length && text[end] != '@')
        {
            char c = text[end];
            int length = c == '.' ? (dotAllowed ? 1 : 0) : char.IsAscii(c) ? (IsAtext(c) ? 1 : 0) : CharacterLength(text, end);
            if (length == 0)
                return -1;
            dotAllowed = c != '.';
            end += length;
        }
        return dotAllowed ? end : -1;
    }

    private static bool IsAtext(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal);

    /// <returns>How many UTF-16 units a character of a local part has; 0 where it may not stand in one.</returns>
    private static int CharacterLength(string text, int at) => Rune.TryGetRuneAt(text, at, out Rune rune) && (rune.IsAscii || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
        ? rune.Utf16SequenceLength
        : 0;

    /// <inheritdoc/>
    public bool Equals(Mailbox? other) => other is not null && LocalPart == other.LocalPart && Domain == other.Domain;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Mailbox);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(LocalPart, Domain);

    /// <summary>The mailbox as <c>local-part@domain</c>.</summary>
    public override string ToString() => $"{LocalPart}@{Domain}";
}
