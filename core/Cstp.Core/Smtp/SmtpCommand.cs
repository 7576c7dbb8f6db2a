using System.Text;
using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>A command line of a client, cut into verb and argument (RFC 5321 4.1.1).</summary>
/// <param name="Verb">The first word in upper case.</param>
/// <param name="Argument">What follows it, without white space around.</param>
/// <param name="Line">The line as it came, without CRLF.</param>
internal sealed record SmtpCommand(string Verb, string Argument, string Line)
{
    /// <summary>Cuts a line.</summary>
    /// <param name="line">Without CRLF.</param>
    public static SmtpCommand Parse(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0
            ? new SmtpCommand(line.ToUpperInvariant(), "", line)
            : new SmtpCommand(line[..space].ToUpperInvariant(), line[(space + 1)..].Trim(' '), line);
    }
}

/// <summary>A path and its parameters, as in MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3).</summary>
/// <param name="Path">The path as it came, with its brackets, one character an octet.</param>
/// <param name="Mailbox">The mailbox; null for the null path.</param>
/// <param name="Parameters">Keyword (upper case) and value (or null), in order.</param>
internal sealed record PathArgument(string Path, Mailbox? Mailbox, IReadOnlyList<(string Keyword, string? Value)> Parameters)
{
    /// <summary>Whether a server without SMTPUTF8 may see the path (RFC 6531 3.3).</summary>
    public bool IsAscii => Ascii.IsValid(Path);

    /// <summary>Reads <c>FROM:&lt;path&gt; parameters</c>.</summary>
    /// <param name="argument">What follows the verb.</param>
    /// <param name="prefix"><c>FROM:</c> or <c>TO:</c>.</param>
    /// <param name="path">The path read.</param>
    /// <returns>Null where it fits the grammar, else the refusal.</returns>
    public static Reply? TryParse(string argument, string prefix, out PathArgument? path)
    {
        path = null;
        bool sender = prefix == "FROM:";
        Reply refusal = sender
            ? new Reply(501, "5.1.7", "Bad sender address syntax; give MAIL FROM:<local-part@domain>")
            : new Reply(501, "5.1.3", "Bad recipient address syntax; give RCPT TO:<local-part@domain>");
        if (!argument.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            return refusal;
        string rest = argument[prefix.Length..].TrimStart(' ');   // many clients put a space there
        if (!rest.StartsWith('<'))
            return refusal;
        int end = EndOfPath(rest);
        if (end < 0 || end > 257)
            return refusal;
        if (Utf8Octets.Decode(rest[1..end]) is not { } inside)
            return new Reply(553, "5.6.7", "An address beyond ASCII is written in UTF-8 (RFC 6531 3.3)");
        if (inside.StartsWith('@'))
        {
            // A source route is accepted and not used (RFC 5321 C).
            int colon = inside.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !inside[..colon].Split(',').All(hop => hop.StartsWith('@') && Abstractions.Mailbox.TryParseDomain(hop[1..], out _)))
                return refusal;
            inside = inside[(colon + 1)..];
        }
        Mailbox? mailbox = null;
        if (inside.Length == 0)
        {
            if (!sender)
                return refusal;
        }
        else if (!sender && inside.Equals("postmaster", StringComparison.OrdinalIgnoreCase))
        {
            // The one path without a domain (RFC 5321 4.5.1): kept under a name that no certificate has.
            mailbox = Abstractions.Mailbox.Parse("postmaster@[127.0.0.1]");
        }
        else if (!Abstractions.Mailbox.TryParse(inside, out mailbox))
        {
            return refusal;
        }

        var parameters = new List<(string, string?)>();
        string tail = rest[(end + 1)..];
        if (tail.Length > 0 && tail[0] != ' ')
            return refusal;
        foreach (string word in tail.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string keyword = (equals < 0 ? word : word[..equals]).ToUpperInvariant();
            if (keyword.Length == 0 || !keyword.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') || equals == word.Length - 1 || word.Any(c => c is < ' ' or '\x7f'))
                return new Reply(501, "5.5.4", "Bad parameter syntax; give KEYWORD=value");
            parameters.Add((keyword, equals < 0 ? null : word[(equals + 1)..]));
        }
        path = new PathArgument(rest[..(end + 1)], mailbox, parameters);
        return null;
    }

    /// <summary>The index of the closing bracket, heeding quoted strings.</summary>
    private static int EndOfPath(string text)
    {
        bool quoted = false;
        for (int i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when quoted:
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '>' when !quoted:
                    return i;
            }
        }
        return -1;
    }
}
