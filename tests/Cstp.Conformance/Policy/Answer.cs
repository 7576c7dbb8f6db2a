using Cstp.Abstractions;

namespace Cstp.Conformance.Policy;

/// <summary>All that a policy said to one transaction.</summary>
/// <param name="Refused">The recipients that were refused, with the replies.</param>
/// <param name="Transaction">The transaction with those that were kept.</param>
/// <param name="Data">The refusal at DATA, or null.</param>
/// <param name="Plan">The plan; null where there is none because all was refused.</param>
internal sealed record Answer(IReadOnlyList<(PolicyRecipient Recipient, Reply Reply)> Refused, PolicyTransaction Transaction, Reply? Data, IReadOnlyList<Delivery>? Plan)
{
    /// <summary>Every reply that a client would get.</summary>
    public IEnumerable<Reply> Replies => Refused.Select(refused => refused.Reply).Concat(Data is null ? [] : [Data]);

    /// <summary>Asks as the host does: each recipient in turn, at DATA, for the plan.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="question">The transaction.</param>
    public static Answer To(IRecipientPolicy policy, Question question)
    {
        var transaction = new PolicyTransaction(question.Sender, [], question.Unencrypted);
        var refused = new List<(PolicyRecipient, Reply)>();
        foreach (PolicyRecipient candidate in question.Candidates)
        {
            if (policy.DecideRecipient(transaction, candidate) is { } reply)
                refused.Add((candidate, reply));
            else
                transaction = transaction with { Recipients = [.. transaction.Recipients, candidate] };
        }
        if (transaction.Recipients.Count == 0)
            return new(refused, transaction, null, null);
        Reply? data = policy.DecideData(transaction);
        return new(refused, transaction, data, data is null ? policy.Plan(transaction, question.Header) : null);
    }

    /// <summary>What distinguishes it from another.</summary>
    public string Describe() => string.Join('\n', [
        .. Refused.Select(refused => $"refuse {refused.Recipient.Mailbox} {refused.Reply}"),
        $"data {Data}",
        .. (Plan ?? []).Select(delivery => $"deliver {delivery.Protection} {delivery.Route} {string.Join(' ', delivery.Recipients.Select(recipient => recipient.Mailbox))}")]);
}
