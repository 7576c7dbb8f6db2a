using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Core.Trust;

/// <summary>The mail addresses in a certificate (RFC 8550 3).</summary>
/// <param name="Mailboxes">All that are usable, those of the subjectAltName first.</param>
internal sealed record CertificateAddresses(IReadOnlyList<Mailbox> Mailboxes)
{
    private const string SmtpUtf8MailboxOid = "1.3.6.1.5.5.7.8.9";

    /// <summary>No address at all.</summary>
    public static CertificateAddresses None { get; } = new([]);

    /// <summary>Whether one of the addresses is this one, as <see cref="Same"/> has it.</summary>
    /// <param name="mailbox">The address.</param>
    public bool Contains(Mailbox mailbox) => Mailboxes.Any(own => Same(own, mailbox));

    /// <summary>Whether two addresses are the same: in ASCII but for case (RFC 8550 3), beyond it the local parts octet for octet (RFC 9598 5).</summary>
    /// <param name="one">One address.</param>
    /// <param name="other">The other.</param>
    public static bool Same(Mailbox one, Mailbox other) =>
        one.Domain == other.Domain && one.LocalPart.Equals(other.LocalPart, one.IsAscii ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>Reads the addresses. What is no mailbox, holds a control character or a second at sign does not count.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="extensions">The extensions, or null.</param>
    public static CertificateAddresses Read(X509Name subject, X509Extensions? extensions)
    {
        var found = new List<Mailbox>();
        if (extensions?.GetExtensionParsedValue(X509Extensions.SubjectAlternativeName) is { } names)
        {
            foreach (GeneralName name in GeneralNames.GetInstance(names).GetNames())
            {
                if (name.TagNo == GeneralName.Rfc822Name)
                {
                    AddAscii(found, DerIA5String.GetInstance(name.Name).GetString());
                }
                else if (SmtpUtf8Mailbox(name) is { } mailbox)
                {
                    Add(found, mailbox);
                }
            }
        }
        foreach (string address in subject.GetValueList(X509Name.EmailAddress))
            AddAscii(found, address);
        return found.Count == 0 ? None : new(found);
    }

    /// <summary>The text of an SmtpUTF8Mailbox (RFC 9598 3); null for any other name.</summary>
    /// <param name="name">A name of subjectAltName.</param>
    public static string? SmtpUtf8Mailbox(GeneralName name) =>
        name.TagNo == GeneralName.OtherName && OtherName.GetInstance(name.Name) is { TypeID.Id: SmtpUtf8MailboxOid } other
            ? DerUtf8String.GetInstance(other.Value).GetString()
            : null;

    /// <summary>An address as a name of subjectAltName: SmtpUTF8Mailbox only where the local part needs it (RFC 9598 3).</summary>
    /// <param name="mailbox">The address.</param>
    public static GeneralName NameOf(Mailbox mailbox) => mailbox.IsAscii
        ? new(GeneralName.Rfc822Name, mailbox.ToString())
        : new(GeneralName.OtherName, new OtherName(new DerObjectIdentifier(SmtpUtf8MailboxOid), new DerUtf8String(mailbox.ToString())));

    /// <summary>What is an IA5String by its definition holds no other octets.</summary>
    private static void AddAscii(List<Mailbox> found, string text)
    {
        if (System.Text.Ascii.IsValid(text))
            Add(found, text);
    }

    private static void Add(List<Mailbox> found, string text)
    {
        if (text.Count(c => c == '@') == 1 && Mailbox.TryParse(text, out Mailbox? mailbox) && !found.Contains(mailbox))
            found.Add(mailbox);
    }
}
