using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Cstp.Abstractions;
using MimeKit;

namespace Cstp.Core.Mime;

/// <summary>Addresses in header fields: reads those of a field like From or To (RFC 5322 3.4, RFC 6532 3.2).</summary>
internal static class AddressField
{
    /// <summary>Reads a field.</summary>
    /// <param name="field">The field.</param>
    /// <returns>Mailboxes and groups; null where it holds something else.</returns>
    public static InternetAddressList? Read(HeaderField field) =>
        InternetAddressList.TryParse(Encoding.Latin1.GetBytes(field.Value), out InternetAddressList? list) ? list : null;

    /// <summary>The mailbox of an address.</summary>
    /// <param name="address">One of those that <see cref="Read"/> found.</param>
    /// <param name="field">The field in which it was found.</param>
    /// <returns>Null where it is none. Beyond ASCII only UTF-8 counts: the library takes other octets for ISO-8859-1, and two spellings must not be one person.</returns>
    public static Mailbox? MailboxOf(MailboxAddress address, HeaderField field) =>
        Mailbox.TryParse(address.Address, out Mailbox? mailbox) && (Ascii.IsValid(address.Address) || Utf8.IsValid(Encoding.Latin1.GetBytes(field.Value))) ? mailbox : null;

    /// <summary>A text where only ASCII may stand: what is beyond it as <c>\x{HEX}</c>.</summary>
    /// <param name="text">The text.</param>
    public static string ToAscii(string text) => Ascii.IsValid(text) ? text : Escape(text, rune => rune.IsAscii);

    /// <summary>An address beyond ASCII where only ASCII may stand (RFC 6533 3, utf-8-addr-xtext).</summary>
    /// <param name="address">The address.</param>
    public static string ToXtext(Mailbox address) => Escape(address.ToString(), rune => rune.Value is > ' ' and < '\x7f' and not ('+' or '=' or '\\'));

    private static string Escape(string text, Predicate<Rune> stays) =>
        string.Concat(text.EnumerateRunes().Select(rune => stays(rune) ? rune.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X}}}")));
}
