using System.Diagnostics;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;

namespace Cstp.Conformance.Policy;

/// <summary>A rule for recipient policies.</summary>
/// <param name="Id">See <see cref="ConformanceRule"/>.</param>
/// <param name="Title">See <see cref="ConformanceRule"/>.</param>
/// <param name="Check">Ends with an exception where the rule does not hold.</param>
internal sealed record PolicyRule(string Id, string Title, Action<IRecipientPolicy, CancellationToken> Check);

/// <summary>What a policy owes the host, whatever it decides.</summary>
internal static class PolicyRules
{
    private const int Questions = 1000;

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new("policy.complete", "every recipient that was kept is in a delivery", Each((_, answer) =>
            Expect.That(Missing(answer.Transaction.Recipients, Delivered(answer)) is null, $"no delivery to {Missing(answer.Transaction.Recipients, Delivered(answer))}"))),
        new("policy.once", "no recipient is in two deliveries, and nobody is who was not asked about", Each((_, answer) =>
            Expect.That(
                answer.Plan is null || Missing(Delivered(answer), answer.Transaction.Recipients) is null, $"one delivery too many to {Missing(Delivered(answer), answer.Transaction.Recipients)}"))),
        new("policy.required", "nobody gets less protection than is required", Each((_, answer) => EachDelivered(answer, (delivery, recipient) =>
            Expect.That(delivery.Route == DeliveryRoute.Withheld || (delivery.Protection & recipient.Required) == recipient.Required, $"{recipient.Mailbox} gets {delivery.Protection} where {recipient.Required} is required")))),
        new("policy.withheld", "the message is kept only from recipients whose sender would hear of it", Each((_, answer) => EachDelivered(answer, (delivery, recipient) =>
            Expect.That(
                delivery.Route != DeliveryRoute.Withheld || (recipient.MayBeWithheld && delivery.Protection == Protection.None),
                $"{recipient.Mailbox} is withheld with {delivery.Protection}, and {(recipient.MayBeWithheld ? "needs none" : "nobody would be told")}")))),
        new("policy.certificates", "nothing is encrypted for a recipient without a certificate", Each((_, answer) => EachDelivered(answer, (delivery, recipient) =>
            Expect.That(recipient.HasCertificate || !delivery.Protection.HasFlag(Protection.Encrypted), $"{recipient.Mailbox} gets {delivery.Protection} without a certificate")))),
        new("policy.deliveries", "each delivery has recipients, a protection and a route that exist", Each((_, answer) =>
        {
            foreach (Delivery delivery in answer.Plan ?? [])
            {
                Expect.That(delivery.Recipients.Count > 0, "a delivery without recipients");
                Expect.That((delivery.Protection & ~Protection.SignedEncrypted) == 0, $"protection {delivery.Protection}");
                Expect.That(Enum.IsDefined(delivery.Route), $"route {delivery.Route}");
            }
        })),
        new("policy.replies", "refusals are 4yz or 5yz", Each((_, answer) =>
        {
            foreach (Reply reply in answer.Replies)
                Expect.That(reply.Code / 100 is 4 or 5, $"the reply {reply} is no refusal");
        })),
        new("policy.pure", "the same question has the same answer, whatever was asked in between", Pure),
        new("policy.parallel", "threads that ask at once get the same answers as one after the other", Concurrent),
        new("policy.many", "1,000 recipients are decided within 10 s", Many),
    ];

    private static Action<IRecipientPolicy, CancellationToken> Each(Action<Question, Answer> check) => (policy, cancel) =>
    {
        foreach (Question question in Question.Generate(Questions))
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                check(question, Answer.To(policy, question));
            }
            catch (Running.Shortfall broken)
            {
                throw new Running.Shortfall($"{broken.Message} ({question})");
            }
        }
    };

    private static void EachDelivered(Answer answer, Action<Delivery, PolicyRecipient> check)
    {
        // What the host knows of a recipient counts, not what the plan says of it.
        var known = answer.Transaction.Recipients.DistinctBy(recipient => recipient.Mailbox).ToDictionary(recipient => recipient.Mailbox);
        foreach (Delivery delivery in answer.Plan ?? [])
        {
            foreach (PolicyRecipient recipient in delivery.Recipients.Where(recipient => known.ContainsKey(recipient.Mailbox)))
                check(delivery, known[recipient.Mailbox]);
        }
    }

    private static IReadOnlyList<PolicyRecipient> Delivered(Answer answer) =>
        answer.Plan is null ? answer.Transaction.Recipients : [.. answer.Plan.SelectMany(delivery => delivery.Recipients)];

    /// <summary>A mailbox that stands more often in one list than in the other.</summary>
    private static Mailbox? Missing(IReadOnlyList<PolicyRecipient> of, IReadOnlyList<PolicyRecipient> within)
    {
        Dictionary<Mailbox, int> counts = within.GroupBy(recipient => recipient.Mailbox).ToDictionary(group => group.Key, group => group.Count());
        return of.GroupBy(recipient => recipient.Mailbox).FirstOrDefault(group => counts.GetValueOrDefault(group.Key) < group.Count())?.Key;
    }

    private static void Pure(IRecipientPolicy policy, CancellationToken cancel)
    {
        List<Question> questions = [.. Question.Generate(500)];
        List<string> first = [.. questions.Select(question => Answer.To(policy, question).Describe())];
        for (int i = questions.Count - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            Expect.That(Answer.To(policy, questions[i]).Describe() == first[i], $"another answer than before ({questions[i]})");
        }
    }

    private static void Concurrent(IRecipientPolicy policy, CancellationToken cancel)
    {
        List<Question> questions = [.. Question.Generate(100)];
        List<string> first = [.. questions.Select(question => Answer.To(policy, question).Describe())];
        Exception? broken = null;
        Parallel.For(0, 64, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = 64 }, _ =>
        {
            try
            {
                for (int i = 0; i < questions.Count; i++)
                    Expect.That(Answer.To(policy, questions[i]).Describe() == first[i], $"another answer than alone ({questions[i]})");
            }
            catch (Exception thrown)
            {
                broken = thrown;
            }
        });
        if (broken is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(broken);
    }

    private static void Many(IRecipientPolicy policy, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        Answer.To(policy, Question.Of(1000));
        Expect.That(clock.Elapsed < TimeSpan.FromSeconds(10), $"takes {clock.Elapsed.TotalSeconds:0} s");
    }
}
