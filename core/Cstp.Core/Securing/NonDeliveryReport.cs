using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Cstp.Core.Mime;
using MimeKit;
using MimeKit.Utils;

namespace Cstp.Core.Securing;

/// <summary>Writes the report that a sender gets of recipients who were withheld (RFC 3464, RFC 6522): never with the content.</summary>
/// <param name="address">The box's own address.</param>
/// <param name="reporter">The box's name.</param>
/// <param name="outerSubject">Stands for the Subject, which an encrypted message does not show either; empty for the real one.</param>
/// <param name="time">The clock.</param>
internal sealed class NonDeliveryReport(string address, string reporter, string outerSubject, TimeProvider time)
{
    /// <summary>Writes one.</summary>
    /// <param name="envelope">The transaction; it has a reverse-path.</param>
    /// <param name="header">The message's header section.</param>
    /// <param name="withheld">Indices of the recipients.</param>
    /// <param name="output">Receives it; completed by the caller.</param>
    /// <param name="cancel">Ends the writing.</param>
    public async Task WriteAsync(MessageEnvelope envelope, HeaderSection header, IReadOnlyList<int> withheld, PipeWriter output, CancellationToken cancel)
    {
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
            Part("message", "delivery-status", Encoding.ASCII.GetBytes(Status(envelope, withheld))),
            Part("text", "rfc822-headers", Shown(header)),
        };
        using var mail = new MimeMessage { Body = report, Subject = "Undelivered: no certificate for a recipient", Date = time.GetUtcNow(), MessageId = MimeUtils.GenerateMessageId(reporter) };
        mail.From.Add(new MailboxAddress("Mail encryption gateway", address));
        mail.To.Add(MailboxAddress.Parse(envelope.ReversePath!.ToString()));
        mail.Headers.Add("Auto-Submitted", "auto-replied");
        mail.Prepare(EncodingConstraint.SevenBit);
        FormatOptions format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        format.EnsureNewLine = true;
        await using Stream stream = output.AsStream(leaveOpen: true);
        await mail.WriteToAsync(format, stream, cancel);
    }

    private static MimePart Part(string type, string subtype, byte[] content) => new(type, subtype) { Content = new MimeContent(new MemoryStream(content)) };

    /// <summary>The fields of RFC 3464 2, a group for the message and one for each recipient.</summary>
    private string Status(MessageEnvelope envelope, IReadOnlyList<int> withheld)
    {
        var status = new StringBuilder($"Reporting-MTA: dns; {reporter}\r\n");
        if (envelope.EnvelopeId is { } id)
            status.Append(CultureInfo.InvariantCulture, $"Original-Envelope-Id: {id}\r\n");
        foreach (int recipient in withheld)
        {
            status.Append("\r\n");
            if (envelope.NotificationOf(recipient).OriginalRecipient is { } original)
                status.Append(CultureInfo.InvariantCulture, $"Original-Recipient: {original}\r\n");
            status.Append(CultureInfo.InvariantCulture, $"Final-Recipient: {(envelope.Recipients[recipient].IsAscii ? "rfc822" : "utf-8")}; {AddressField.ToAscii(envelope.Recipients[recipient].ToString())}\r\nAction: failed\r\nStatus: 5.7.1\r\n");
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
