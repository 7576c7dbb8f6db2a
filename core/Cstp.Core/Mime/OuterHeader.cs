using Cstp.Abstractions;

namespace Cstp.Core.Mime;

/// <summary>What the header section outside an S/MIME layer becomes when the layer comes off.</summary>
internal static class OuterHeader
{
    /// <summary>Fields that a sealed message brings itself: others of these names outside are not the sender's.</summary>
    private static readonly string[] s_bound =
        ["From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"];

    /// <summary>Fields that header protection never carries out (RFC 9788): each is the word of a server on the way.</summary>
    private static readonly string[] s_neverRestored = ["Received", "Return-Path", "Authentication-Results", "DKIM-Signature", "Bcc", "HP-Outer"];

    /// <summary>A layer without protected header: the inner Content-* fields take the place of the outer ones.</summary>
    /// <param name="outer">The outer fields.</param>
    /// <param name="inner">The layer's header section.</param>
    public static IReadOnlyList<HeaderField> Replace(IReadOnlyList<HeaderField> outer, HeaderSection inner)
    {
        HeaderField[] content = [.. inner.Fields.Where(f => f.NameStartsWith("Content-"))];
        var result = new List<HeaderField>(outer.Count + content.Length);
        bool placed = false;
        foreach (HeaderField field in outer)
        {
            if (!field.NameStartsWith("Content-"))
            {
                result.Add(field);
                continue;
            }
            if (!placed)
                result.AddRange(content);
            placed = true;
        }
        if (!placed)
            result.AddRange(content);
        return result;
    }

    /// <summary>
    /// A layer that a trusted signer sealed: what came on top on the way, then the original header section octet for octet.
    /// </summary>
    /// <param name="outer">The outer fields in arrival order.</param>
    /// <param name="inner">The sealed entity's header section.</param>
    /// <param name="block">Its block.</param>
    /// <param name="isForged">Tells Authentication-Results fields with our identifier, which nobody else may write.</param>
    public static IReadOnlyList<HeaderField> Restore(
        IReadOnlyList<HeaderField> outer, HeaderSection inner, SealedBlock block, Func<HeaderField, bool> isForged)
    {
        IReadOnlyList<HeaderField> original = block.OriginalFields(inner);
        var copies = new Dictionary<(string, string), int>();
        foreach (HeaderField field in original.Concat(block.OuterFields(inner)))
        {
            (string, string) key = Key(field);
            copies[key] = copies.GetValueOrDefault(key) + 1;
        }
        var result = new List<HeaderField>();
        foreach (HeaderField field in outer)
        {
            if (field.IsStructural || s_bound.Any(field.Is))
                continue;
            (string, string) key = Key(field);
            if (copies.GetValueOrDefault(key) is > 0 and int left)
            {
                copies[key] = left - 1;
                continue;
            }
            result.Add(field);
        }
        result.AddRange(original.Where(f => !isForged(f)));
        return result;
    }

    /// <summary>A user's own protected header (RFC 9788): its fields take the place of the outer ones of their names.</summary>
    /// <param name="outer">The outer fields.</param>
    /// <param name="inner">The layer's header section.</param>
    public static IReadOnlyList<HeaderField> Protect(IReadOnlyList<HeaderField> outer, HeaderSection inner)
    {
        HeaderField[] carried = [.. inner.Fields.Where(f =>
            f.IsWellFormed && !f.IsStructural && !f.Is(SealedBlock.FieldName) && !s_neverRestored.Any(f.Is) && !f.NameStartsWith("ARC-"))];
        HeaderField[] kept = [.. outer.Where(f => f.IsStructural || !carried.Any(c => c.Is(f.Name)))];
        return Replace([.. kept, .. carried], inner);
    }

    /// <summary>The address of the one From field; null where there is none, or several mailboxes or fields.</summary>
    /// <param name="fields">The fields.</param>
    public static Mailbox? FromOf(IEnumerable<HeaderField> fields) => AddressOf(fields, "From");

    /// <summary>The same of the Sender field (RFC 5322 3.6.2).</summary>
    /// <param name="fields">The fields.</param>
    public static Mailbox? SenderOf(IEnumerable<HeaderField> fields) => AddressOf(fields, "Sender");

    private static Mailbox? AddressOf(IEnumerable<HeaderField> fields, string name)
    {
        HeaderField[] from = [.. fields.Where(f => f.Is(name))];
        if (from.Length != 1 || from[0].Value.Contains('\0', StringComparison.Ordinal))
            return null;
        return AddressField.Read(from[0]) is [MimeKit.MailboxAddress address] ? AddressField.MailboxOf(address, from[0]) : null;
    }

    /// <summary>Everybody whom the From fields name, however many there are.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="unreadable">Whether a field names somebody whom a reader may show and we cannot tell.</param>
    public static IReadOnlyList<Mailbox> AllFrom(IEnumerable<HeaderField> fields, out bool unreadable)
    {
        var named = new List<Mailbox>();
        unreadable = false;
        foreach (HeaderField field in fields.Where(f => f.Is("From")))
        {
            if (AddressField.Read(field) is not { } list)
            {
                unreadable = true;
                continue;
            }
            foreach (MimeKit.MailboxAddress address in list.Mailboxes)
            {
                if (AddressField.MailboxOf(address, field) is { } mailbox)
                    named.Add(mailbox);
                else
                    unreadable |= address.Address.Contains('@', StringComparison.Ordinal);
            }
        }
        return named;
    }

    private static (string, string) Key(HeaderField field) => (field.Name.ToLowerInvariant(), field.Value);
}
