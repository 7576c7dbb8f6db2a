using Cstp.Abstractions;

namespace Cstp.PolicyRestrictive;

/// <summary>
/// Encrypted, and only to those with a certificate. A recipient without, after one with, is refused in the session, so that the sender's own
/// server reports it; those accepted before are withheld and the sender gets a report, or, where he would not, the message is refused.
/// A message none of whose recipients has a certificate passes.
/// </summary>
public sealed class RestrictivePolicy : IRecipientPolicy
{
    /// <inheritdoc/>
    public Reply? DecideRecipient(PolicyTransaction transaction, PolicyRecipient candidate) =>
        !candidate.HasCertificate && transaction.Recipients.Any(r => r.HasCertificate)
            ? new Reply(550, "5.7.1", $"<{candidate.Mailbox}> has no certificate, and other recipients of this message get it encrypted; send to this recipient alone, or ask for a certificate")
            : null;

    /// <inheritdoc/>
    public Reply? DecideData(PolicyTransaction transaction)
    {
        PolicyRecipient[] without = [.. transaction.Recipients.Where(r => !r.HasCertificate)];
        return without.Length == 0 || without.Length == transaction.Recipients.Count || without.All(r => r.MayBeWithheld)
            ? null
            : new Reply(550, "5.7.1", $"No certificate for {string.Join(", ", without.Take(5).Select(r => $"<{r.Mailbox}>"))}{(without.Length > 5 ? " and others" : "")}, and other recipients of this message get it encrypted; send to each kind alone");
    }

    /// <inheritdoc/>
    public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header)
    {
        PolicyRecipient[] with = [.. transaction.Recipients.Where(r => r.HasCertificate)];
        if (with.Length == 0)
            return [new Delivery(transaction.Recipients, transaction.UnencryptedProtection)];
        var encrypted = new Delivery(with, Protection.SignedEncrypted);
        return with.Length == transaction.Recipients.Count
            ? [encrypted]
            : [encrypted, new Delivery([.. transaction.Recipients.Where(r => !r.HasCertificate)], Protection.None, DeliveryRoute.Withheld)];
    }
}
