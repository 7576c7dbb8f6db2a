using Cstp.Abstractions;

namespace PolicySample;

/// <summary>Encrypts to whom it can, and refuses what would go in clear to a confidential domain.</summary>
/// <param name="settings">The domains.</param>
public sealed class DomainPolicy(Settings settings) : IRecipientPolicy
{
    /// <inheritdoc/>
    public Reply? DecideRecipient(PolicyTransaction transaction, PolicyRecipient candidate)
    {
        bool isConfidential = settings.ConfidentialDomains.Contains(candidate.Mailbox.Domain, StringComparer.OrdinalIgnoreCase);
        return isConfidential && !candidate.HasCertificate
            ? new Reply(550, "5.7.1", $"{candidate.Mailbox}: no certificate, and mail to this domain must be encrypted")
            : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header)
    {
        PolicyRecipient[] with = [.. transaction.Recipients.Where(recipient => recipient.HasCertificate)];
        PolicyRecipient[] without = [.. transaction.Recipients.Where(recipient => !recipient.HasCertificate)];
        var plan = new List<Delivery>();
        if (with.Length > 0)
            plan.Add(new Delivery(with, Protection.SignedEncrypted));
        if (without.Length > 0)
            plan.Add(new Delivery(without, transaction.UnencryptedProtection));
        return plan;
    }
}
