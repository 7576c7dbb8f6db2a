using Cstp.Abstractions;

namespace Cstp.Core.Securing;

/// <summary>Holds a policy's plan to its contract: no recipient lost, doubled, or weaker than required, and encrypted to the certificates that were found.</summary>
internal static class PlanCheck
{
    /// <summary>Looks for a fault.</summary>
    /// <param name="transaction">What was asked.</param>
    /// <param name="plan">What was answered.</param>
    /// <returns>Null where there is none, else what is wrong.</returns>
    public static string? FindFault(PolicyTransaction transaction, IReadOnlyList<Delivery> plan)
    {
        var open = transaction.Recipients.GroupBy(r => r.Mailbox).ToDictionary(g => g.Key, g => (g.First().Required, Count: g.Count(), g.First().Certificates, MayBeWithheld: g.All(r => r.MayBeWithheld)));
        foreach (Delivery delivery in plan)
        {
            if (delivery.Recipients.Count == 0)
                return "a delivery without recipients";
            foreach (PolicyRecipient recipient in delivery.Recipients)
            {
                if (!open.TryGetValue(recipient.Mailbox, out var left))
                    return $"a delivery to {recipient.Mailbox}, who is no recipient";
                if (left.Count == 0)
                    return $"more than one delivery to {recipient.Mailbox}";
                open[recipient.Mailbox] = left with { Count = left.Count - 1 };
                if (delivery.Route == DeliveryRoute.Withheld)
                {
                    if (delivery.Protection != Protection.None)
                        return $"protection for {recipient.Mailbox}, who does not get the message";
                    if (!left.MayBeWithheld)
                        return $"nothing for {recipient.Mailbox}, whose sender would not hear of it";
                    continue;
                }
                if ((delivery.Protection & left.Required) != left.Required)
                    return $"less protection for {recipient.Mailbox} than required";
                if (delivery.Protection.HasFlag(Protection.Encrypted) && left.Certificates.Count == 0)
                    return $"encryption for {recipient.Mailbox}, who has no certificate";
                if (delivery.Protection.HasFlag(Protection.Encrypted) && (recipient.Certificates.Count == 0 || recipient.Certificates.Except(left.Certificates).Any()))
                    return $"other certificates for {recipient.Mailbox} than were found";
            }
        }
        return open.FirstOrDefault(o => o.Value.Count > 0) is { Key: { } lost } ? $"no delivery to {lost}" : null;
    }
}
