using System.Text;
using Cstp.Core.Mime;

namespace Cstp.Core.Smime;

/// <summary>One <c>smime=</c> result (RFC 7281 3).</summary>
/// <param name="Result">none, pass, fail, policy, neutral, temperror or permerror.</param>
/// <param name="Reason">In words; null for none.</param>
/// <param name="Identifier">For whom the signer's certificate speaks; null where nobody is known.</param>
/// <param name="Serial">The serial number in hexadecimal, with <paramref name="Issuer"/> or not at all.</param>
/// <param name="Issuer">The issuer's name.</param>
internal sealed record SmimeResult(string Result, string? Reason = null, string? Identifier = null, string? Serial = null, string? Issuer = null);

/// <summary>The Authentication-Results field (RFC 8601) of this box: written on top, and forged ones taken out.</summary>
/// <param name="authservId">The box's identifier.</param>
internal sealed class AuthenticationResults(string authservId)
{
    private const string Name = "Authentication-Results";

    /// <summary>Whether a field claims to be ours.</summary>
    /// <param name="field">Any field.</param>
    public bool IsForged(HeaderField field)
    {
        // "Authentication-Results :" is no field to us, but some programs read it as one.
        ReadOnlySpan<byte> raw = field.Raw.Span;
        int colon = raw.IndexOf((byte)':');
        if (colon < 0 || !Encoding.Latin1.GetString(raw[..colon]).Trim().Equals(Name, StringComparison.OrdinalIgnoreCase))
            return false;
        return IdentifierOf(Encoding.Latin1.GetString(raw[(colon + 1)..])).Equals(authservId, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Writes the field.</summary>
    /// <param name="results">At least one.</param>
    /// <returns>The octets, CRLF included.</returns>
    public HeaderField Write(IReadOnlyList<SmimeResult> results) => new(Encoding.ASCII.GetBytes($"{Name}: {Body(results)}\r\n"));

    /// <summary>The field's value as it is written, unfolded.</summary>
    /// <param name="results">At least one.</param>
    public string Value(IReadOnlyList<SmimeResult> results) => Body(results).Replace("\r\n", "", StringComparison.Ordinal);

    private string Body(IReadOnlyList<SmimeResult> results)
    {
        var text = new StringBuilder(authservId);
        foreach (SmimeResult result in results)
        {
            text.Append(";\r\n\tsmime=").Append(result.Result);
            if (result.Reason is not null)
                text.Append("\r\n\treason=").Append(Quote(result.Reason));
            if (result.Identifier is not null)
                text.Append("\r\n\tbody.smime-identifier=").Append(Value(AddressField.ToAscii(result.Identifier)));
            if (result is { Serial: not null, Issuer: not null })
                text.Append("\r\n\tbody.smime-serial=").Append(result.Serial).Append("\r\n\tbody.smime-issuer=").Append(Quote(result.Issuer));
        }
        return text.ToString();
    }

    private static string Value(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@' or '+') ? text : Quote(text);

    /// <summary>A quoted string of printable ASCII, at most 400 characters.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text.Length > 400 ? text.AsSpan(0, 400) : text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\');
            quoted.Append(c is >= ' ' and <= '~' ? c : '?');
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>The identifier at the front of a value: comments and folds skipped, a quoted string unquoted.</summary>
    private static string IdentifierOf(string value)
    {
        int at = 0;
        while (true)
        {
            while (at < value.Length && value[at] is ' ' or '\t' or '\r' or '\n')
                at++;
            if (at >= value.Length || value[at] != '(')
                break;
            int depth = 0;
            do
            {
                switch (value[at])
                {
                    case '\\':
                        at++;
                        break;
                    case '(':
                        depth++;
                        break;
                    case ')':
                        depth--;
                        break;
                }
                at++;
            }
            while (at < value.Length && depth > 0);
        }
        var identifier = new StringBuilder();
        if (at < value.Length && value[at] == '"')
        {
            for (at++; at < value.Length && value[at] != '"'; at++)
            {
                if (value[at] == '\\' && at + 1 < value.Length)
                    at++;
                if (value[at] is not '\r' and not '\n')
                    identifier.Append(value[at]);
            }
            return identifier.ToString().Trim();
        }
        for (; at < value.Length && !" \t\r\n;(/".Contains(value[at], StringComparison.Ordinal); at++)
            identifier.Append(value[at]);
        return identifier.ToString();
    }
}
