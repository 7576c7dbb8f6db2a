using System.Diagnostics.CodeAnalysis;

namespace Cstp.Abstractions;

/// <summary>A mailbox, <c>local-part@domain</c> (RFC 5321 4.1.2). Equal when the domains are without case, and the local parts with.</summary>
/// <remarks>Only ASCII; made only by <see cref="TryParse"/> and <see cref="Parse"/>. Immutable.</remarks>
public sealed class Mailbox : IEquatable<Mailbox>
{
    private Mailbox(string localPart, string domain)
    {
        LocalPart = localPart;
        Domain = domain;
    }

    /// <summary>The local part as written on the wire, a quoted string with its quotes; 1 to 64 octets.</summary>
    public string LocalPart { get; }

    /// <summary>The domain in lower case, or an address literal with its brackets; 1 to 255 octets.</summary>
    public string Domain { get; }

    /// <summary>Reads a mailbox without angle brackets.</summary>
    /// <param name="text">The text, all of it.</param>
    /// <param name="mailbox">The mailbox, or null.</param>
    /// <returns>Whether the text fits the grammar Mailbox of RFC 5321 4.1.2 and its size limits (4.5.3.1).</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Mailbox? mailbox)
    {
        mailbox = null;
        if (text is null || LocalPartLength(text) is not (> 0 and <= 64 and int at))
            return false;
        if (at >= text.Length || text[at] != '@')
            return false;
        string domain = text[(at + 1)..];
        if (!IsDomain(domain) && !IsAddressLiteral(domain))
            return false;
        mailbox = new Mailbox(text[..at], domain.ToLowerInvariant());
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
            for (int i = 1; i < text.Length; i++)
            {
                switch (text[i])
                {
                    case '"':
                        return i + 1;
                    case '\\' when i + 1 < text.Length && text[i + 1] is >= ' ' and <= '~':
                        i++;
                        break;
                    case '\\' or < ' ' or > '~':
                        return -1;
                }
            }
            return -1;
        }
        int length = 0;
        bool dotAllowed = false;
        for (; length < text.Length && text[length] != '@'; length++)
        {
            char c = text[length];
            if (c == '.' ? !dotAllowed : !IsAtext(c))
                return -1;
            dotAllowed = c != '.';
        }
        return dotAllowed ? length : -1;
    }

    private static bool IsAtext(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal);

    /// <inheritdoc/>
    public bool Equals(Mailbox? other) => other is not null && LocalPart == other.LocalPart && Domain == other.Domain;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Mailbox);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(LocalPart, Domain);

    /// <summary>The mailbox as <c>local-part@domain</c>.</summary>
    public override string ToString() => $"{LocalPart}@{Domain}";
}
