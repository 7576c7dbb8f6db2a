using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Securing;

/// <summary>
/// Keeps blind-copy recipients secret: a RecipientInfo names a certificate, and a user's certificate names the user.
/// </summary>
internal static class BlindCopies
{
    /// <summary>Splits the recipients of one encrypted delivery.</summary>
    /// <param name="header">The header section, whose To and Cc are seen by all.</param>
    /// <param name="recipients">The recipients of the delivery.</param>
    /// <returns>Groups that may share their RecipientInfos; the visible recipients come first.</returns>
    public static IReadOnlyList<IReadOnlyList<PolicyRecipient>> Separate(HeaderSection header, IReadOnlyList<PolicyRecipient> recipients)
    {
        if (!recipients.SelectMany(r => r.Certificates).Any(c => c.Scope == CertificateScope.User))
            return [recipients];
        HashSet<string> visible = [.. header.Fields.Where(f => f.Is("To") || f.Is("Cc")).SelectMany(Addresses)];
        PolicyRecipient[] seen = [.. recipients.Where(r => visible.Contains(r.Mailbox.ToString().ToLowerInvariant()))];
        IEnumerable<IReadOnlyList<PolicyRecipient>> unseen = recipients.Where(r => !seen.Contains(r)).Select(r => new[] { r });
        return seen.Length > 0 ? [seen, .. unseen] : [.. unseen];
    }

    private static IEnumerable<string> Addresses(HeaderField field) =>
        AddressField.Read(field)?.Mailboxes.Select(m => AddressField.MailboxOf(m, field)?.ToString().ToLowerInvariant()).OfType<string>() ?? [];
}
