using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Unicode;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using MimeKit;
using MimeKit.Utils;

namespace Cstp.Core.Securing;

/// <summary>
/// Writes the report that a sender gets of recipients who were withheld (RFC 3464, RFC 6522; RFC 6533 where the sender is beyond ASCII): never
/// with the content.
/// </summary>
/// <param name="address">The box's own address.</param>
/// <param name="reporter">The box's name.</param>
/// <param name="outerSubject">Stands for the Subject, which an encrypted message does not show either; empty for the real one.</param>
/// <param name="time">The clock.</param>
internal sealed class NonDeliveryReport(string address, string reporter, string outerSubject, TimeProvider time)
{
    /// <summary>Characters of a line (RFC 5322 2.1.1); parts with longer ones are encoded.</summary>
    private const int MaxLine = 998;

    /// <summary>Whether the report on a message has addresses beyond ASCII in its header section, so that only SMTPUTF8 carries it.</summary>
    /// <param name="envelope">The transaction; it has a reverse-path.</param>
    public bool IsInternational(MessageEnvelope envelope) => !envelope.ReversePath!.IsAscii || !Ascii.IsValid(address);

    /// <summary>Writes one: in 8 bits where it is international, else in 7.</summary>
    /// <param name="envelope">The transaction; it has a reverse-path.</param>
    /// <param name="header">The message's header section.</param>
    /// <param name="withheld">Indices of the recipients.</param>
    /// <param name="output">Receives it; completed by the caller.</param>
    /// <param name="cancel">Ends the writing.</param>
    public async Task WriteAsync(MessageEnvelope envelope, HeaderSection header, IReadOnlyList<int> withheld, PipeWriter output, CancellationToken cancel)
    {
        bool isInternational = IsInternational(envelope);
        string names = string.Join("\r\n", withheld.Select(recipient => $"    {envelope.Recipients[recipient]}"));
        var report = new MultipartReport("delivery-status")
        {
            new TextPart("plain")
            {
                Text = string.Create(CultureInfo.InvariantCulture, $"""
                    Your message was not delivered to

                    {names}

                    Others got it encrypted, and there is no certificate for these.
                    Send it to them alone if it may go unencrypted, or ask for a
                    certificate.

                    """).ReplaceLineEndings("\r\n"),
            },
            Part("message", isInternational ? "global-delivery-status" : "delivery-status", Encoding.UTF8.GetBytes(Status(envelope, withheld, isInternational))),
            Returned(Shown(header), isInternational),
        };
        using var mail = new MimeMessage { Body = report, Subject = "Undelivered: no certificate for a recipient", Date = time.GetUtcNow(), MessageId = MimeUtils.GenerateMessageId(reporter) };
        mail.From.Add(new MailboxAddress("Mail encryption gateway", address));
        mail.To.Add(MailboxAddress.Parse(envelope.ReversePath!.ToString()));
        mail.Headers.Add("Auto-Submitted", "auto-replied");
        mail.Prepare(isInternational ? EncodingConstraint.EightBit : EncodingConstraint.SevenBit, MaxLine);
        FormatOptions format = FormatOptions.Default.Clone();
        format.International = isInternational;
        format.NewLineFormat = NewLineFormat.Dos;
        format.EnsureNewLine = true;
        await using Stream stream = output.AsStream(leaveOpen: true);
        await mail.WriteToAsync(format, stream, cancel);
    }

    private static MimePart Part(string type, string subtype, byte[] content) => new(type, subtype) { Content = new MimeContent(new MemoryStream(content)) };

    /// <summary>
    /// The header section as a part. Beyond ASCII it is message/global-headers, which may be encoded where only 7 bits pass (RFC 6533 6.3);
    /// octets that are no UTF-8 are a broken section, which stays text/rfc822-headers and is encoded (RFC 6522 4).
    /// </summary>
    private static MimePart Returned(byte[] header, bool isInternational)
    {
        bool isAscii = Ascii.IsValid(header);
        bool isGlobal = (isInternational || !isAscii) && Utf8.IsValid(header);
        MimePart part = isGlobal ? Part("message", "global-headers", header) : Part("text", "rfc822-headers", header);
        if (!isAscii && !(isGlobal && isInternational))
            part.ContentTransferEncoding = ContentEncoding.QuotedPrintable;
        return part;
    }

    /// <summary>
    /// The fields of RFC 3464 2, a group for the message and one for each recipient. Addresses beyond ASCII stand there as they are, or in
    /// the form for 7 bits (RFC 6533 3).
    /// </summary>
    private string Status(MessageEnvelope envelope, IReadOnlyList<int> withheld, bool isInternational)
    {
        var status = new StringBuilder($"Reporting-MTA: dns; {reporter}\r\n");
        if (envelope.EnvelopeId is { } id)
            status.Append(CultureInfo.InvariantCulture, $"Original-Envelope-Id: {id}\r\n");
        foreach (int recipient in withheld)
        {
            status.Append("\r\n");
            if (envelope.NotificationOf(recipient).OriginalRecipient is { } original)
                status.Append(CultureInfo.InvariantCulture, $"Original-Recipient: {(isInternational ? original : AddressField.ToAscii(original))}\r\n");
            Mailbox final = envelope.Recipients[recipient];
            string typed = final.IsAscii ? $"rfc822; {final}" : $"utf-8; {(isInternational ? final.ToString() : AddressField.ToXtext(final))}";
            status.Append(CultureInfo.InvariantCulture, $"Final-Recipient: {typed}\r\nAction: failed\r\nStatus: 5.7.1\r\n");
        }
        return status.ToString();
    }

    private byte[] Shown(HeaderSection header)
    {
        var shown = new MemoryStream();
        foreach (HeaderField field in header.Fields.Where(f => f.IsWellFormed))
            shown.Write(field.Is("Subject") && outerSubject.Length > 0 ? Encoding.ASCII.GetBytes($"Subject: {outerSubject}\r\n") : field.Raw.Span);
        return shown.ToArray();
    }
}
