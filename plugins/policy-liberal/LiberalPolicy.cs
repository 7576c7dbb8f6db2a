using Cstp.Abstractions;

namespace Cstp.PolicyLiberal;

/// <summary>Encrypted to those with a certificate; the others get the message as if they were alone.</summary>
public sealed class LiberalPolicy : IRecipientPolicy
{
    /// <inheritdoc/>
    public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header)
    {
        PolicyRecipient[] with = [.. transaction.Recipients.Where(r => r.HasCertificate)];
        PolicyRecipient[] without = [.. transaction.Recipients.Where(r => !r.HasCertificate)];
        var plan = new List<Delivery>();
        if (with.Length > 0)
            plan.Add(new Delivery(with, Protection.SignedEncrypted));
        if (without.Length > 0)
            plan.Add(new Delivery(without, transaction.UnencryptedProtection));
        return plan;
    }
}
