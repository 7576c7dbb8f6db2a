using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>
/// The MAIL and RCPT lines of a delivery for a server that may offer other extensions than the one to which the client spoke: only those that the
/// delivery uses must be there.
/// </summary>
/// <param name="offer">What the server offers.</param>
/// <param name="name">The server, for the administrator.</param>
internal sealed class DeliveryLines(ServerExtensions offer, string name)
{
    /// <summary>The MAIL line.</summary>
    /// <param name="transaction">The transaction as the client made it.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="isVouched">Whether AUTH passes: it names whom a server authenticated, for which the box does not vouch at another (RFC 4954 5).</param>
    /// <exception cref="IOException">The server lacks an extension that is in use: what the sender asked for would be lost in silence.</exception>
    public string Mail(Transaction transaction, PlannedDelivery delivery, bool isVouched) => Line(
        $"MAIL FROM:{transaction.Path}",
        // SIZE is advice, and BODY about what we made 7-bit.
        transaction.ParametersFor(delivery).Where(p => p.Keyword switch
        {
            "AUTH" => isVouched,
            "SIZE" => offer.Has("SIZE"),
            "BODY" => delivery.Body != BodyValue.SevenBit || offer.Has(SmtpParameters.EightBitMime),
            _ => true,
        }));

    /// <summary>The RCPT line of a recipient.</summary>
    /// <param name="recipient">The recipient.</param>
    /// <exception cref="IOException">The server lacks an extension that is in use.</exception>
    public string Recipient(TransactionRecipient recipient) => Line($"RCPT TO:{recipient.Path}", recipient.Parameters);

    /// <summary>The MAIL line of a report to a sender (RFC 3461 6.1).</summary>
    /// <param name="delivery">The report; with addresses beyond ASCII its content is 8-bit, too (RFC 6531 3.4, 3.6).</param>
    public string ReportMail(PlannedDelivery delivery) =>
        Line("MAIL FROM:<>", delivery.IsInternational ? [(SmtpParameters.International, null), ("BODY", SmtpParameters.EightBitMime)] : []);

    /// <summary>The RCPT line of a report: nobody is told of its own fate (RFC 3461 4.1).</summary>
    /// <param name="sender">The reverse-path of the message that it is about.</param>
    public string ReportRecipient(Mailbox sender) => $"RCPT TO:<{Utf8Octets.Encode(sender.ToString())}>{(offer.Has("DSN") ? " NOTIFY=NEVER" : "")}";

    private string Line(string path, IEnumerable<(string Keyword, string? Value)> parameters)
    {
        foreach ((string keyword, string? value) in parameters)
        {
            if (SmtpParameters.Extension(keyword, value) is not { } extension || !offer.Has(extension))
                throw new IOException($"{name} does not offer {SmtpParameters.Extension(keyword, value) ?? keyword}, which this message uses");
            path += value is null ? $" {keyword}" : $" {keyword}={value}";
        }
        return path;
    }
}
