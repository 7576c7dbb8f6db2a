using Cstp.Abstractions;

namespace Cstp.PolicyAllOrNothing;

/// <summary>
/// Nothing leaves unencrypted: every recipient has a certificate, or nobody gets the message. Refused at DATA, when all
/// recipients are known, so that none gets it while the sender is told that it failed. Bounces are no exception: they may carry
/// what came encrypted.
/// </summary>
public sealed class AllOrNothingPolicy : IRecipientPolicy
{
    private const int MaxNamed = 5;

    /// <inheritdoc/>
    public Reply? DecideData(PolicyTransaction transaction)
    {
        PolicyRecipient[] without = [.. transaction.Recipients.Where(recipient => !recipient.HasCertificate)];
        if (without.Length == 0)
            return null;
        string names = string.Join(", ", without.Take(MaxNamed).Select(recipient => $"<{recipient.Mailbox}>")) + (without.Length > MaxNamed ? " and others" : "");
        return new Reply(550, "5.7.1", $"Mail leaves here encrypted only, and there is no certificate for {names}; nobody got the message. Ask for a certificate, or leave them out");
    }

    /// <inheritdoc/>
    public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) =>
        [new Delivery(transaction.Recipients, Protection.SignedEncrypted)];
}
