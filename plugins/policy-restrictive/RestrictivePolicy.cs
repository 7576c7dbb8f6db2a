using Cstp.Abstractions;

namespace Cstp.PolicyRestrictive;

/// <summary>
/// Encrypted, and only to those with a certificate: where one recipient of a message has a certificate, the others are refused in
/// the session, so that the sender's own server reports it. A message none of whose recipients has one passes.
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
        return without.Length == 0 || without.Length == transaction.Recipients.Count
            ? null
            : new Reply(550, "5.7.1", $"No certificate for {string.Join(", ", without.Take(5).Select(r => $"<{r.Mailbox}>"))}{(without.Length > 5 ? " and others" : "")}, and other recipients of this message get it encrypted; send to each kind alone");
    }

    /// <inheritdoc/>
    public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) =>
        [new Delivery(transaction.Recipients, transaction.Recipients.All(r => r.HasCertificate) ? Protection.SignedEncrypted : transaction.UnencryptedProtection)];
}
