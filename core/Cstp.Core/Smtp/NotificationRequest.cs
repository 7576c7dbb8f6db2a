using System.Globalization;
using System.Text;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>Reads what a sender asked for about notifications (RFC 3461 4).</summary>
internal static class NotificationRequest
{
    /// <summary>A recipient's wishes.</summary>
    /// <param name="recipient">The recipient.</param>
    public static RecipientNotification Of(TransactionRecipient recipient)
    {
        string? notify = Value(recipient.Parameters, "NOTIFY");
        return new RecipientNotification(
            notify is null || notify.Split(',').Contains("FAILURE", StringComparer.OrdinalIgnoreCase),
            Value(recipient.Parameters, "ORCPT") is { } original ? Decode(Utf8Octets.Decode(original)!) : null);
    }

    /// <summary>The identifier that the sender gave to the transaction, or null.</summary>
    /// <param name="transaction">The transaction.</param>
    public static string? EnvelopeId(Transaction transaction) => Value(transaction.Parameters, "ENVID") is { } id ? Decode(id) : null;

    private static string? Value(IReadOnlyList<(string Keyword, string? Value)> parameters, string keyword) => parameters.FirstOrDefault(p => p.Keyword == keyword).Value;

    /// <summary>Decodes xtext (RFC 3461 4) that fits its grammar: <c>+</c> and two hexadecimal digits stand for a printable octet.</summary>
    private static string Decode(string xtext)
    {
        var text = new StringBuilder(xtext.Length);
        for (int i = 0; i < xtext.Length; i++)
        {
            char c = xtext[i];
            if (c == '+' && byte.TryParse(xtext.AsSpan(i + 1, Math.Min(2, xtext.Length - i - 1)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet))
            {
                c = (char)octet;
                i += 2;
            }
            text.Append(c);
        }
        return text.ToString();
    }
}
