using Cstp.Abstractions;
using Cstp.Conformance;
using Cstp.PolicyLiberal;
using Cstp.PolicyRestrictive;

namespace Cstp.Tests.Conformance;

public sealed class PolicyConformanceTests
{
    [Fact]
    public async Task All_rules_hold_for_the_policies_of_the_product()
    {
        foreach (IRecipientPolicy policy in new IRecipientPolicy[] { new LiberalPolicy(), new RestrictivePolicy() })
            Assert.Empty(await FailingAsync(policy));
    }

    [Fact]
    public async Task Each_fault_of_a_policy_fails_its_own_rule()
    {
        Assert.Equal(["policy.complete"], await FailingAsync(new Planner(plan => [.. plan.Select(delivery => delivery with { Recipients = [.. delivery.Recipients.Take(20)] })])));
        Assert.Equal(["policy.once"], await FailingAsync(new Planner(plan => [.. plan, plan[^1] with { Recipients = [plan[^1].Recipients[0]] }])));
        Assert.Equal(["policy.required"], await FailingAsync(new Planner(plan => [.. plan.Select(delivery => delivery with { Protection = Protection.None })])));
        Assert.Equal(["policy.withheld"], await FailingAsync(new Planner(plan => [.. plan.Select(delivery => delivery with { Protection = Protection.None, Route = DeliveryRoute.Withheld })])));
        Assert.Equal(["policy.certificates"], await FailingAsync(new Planner(plan => [.. plan.Select(delivery => delivery with { Protection = Protection.SignedEncrypted })])));
        Assert.Equal(["policy.deliveries"], await FailingAsync(new Planner(plan => [.. plan, new Delivery([], Protection.None)])));
        Assert.Equal(["policy.replies"], await FailingAsync(new Refuser(new Reply(250, null, "taken all the same"))));
    }

    [Fact]
    public async Task A_policy_that_remembers_is_not_pure()
    {
        int asked = 0;
        Assert.Equal(["policy.pure", "policy.parallel"], await FailingAsync(new Planner(plan =>
            [.. plan.Select(delivery => delivery with { Route = Interlocked.Increment(ref asked) % 7 == 0 ? DeliveryRoute.Relay : DeliveryRoute.Server })])));
    }

    [Fact]
    public async Task A_policy_that_throws_fails_every_rule() =>
        Assert.Equal(PolicyConformance.Rules.Select(rule => rule.Id), await FailingAsync(new Planner(_ => throw new InvalidOperationException())));

    private static async Task<IReadOnlyList<string>> FailingAsync(IRecipientPolicy policy)
    {
        IReadOnlyList<ConformanceRow> rows = await PolicyConformance.RunAsync(policy, null, TestContext.Current.CancellationToken);
        Assert.Equal(PolicyConformance.Rules.Select(rule => rule.Id), rows.Select(row => row.Id));
        return [.. rows.Where(row => row.Result != ConformanceResult.Holds).Select(row => row.Id)];
    }

    /// <summary>The liberal policy with its plan changed.</summary>
    private sealed class Planner(Func<IReadOnlyList<Delivery>, IReadOnlyList<Delivery>> change) : IRecipientPolicy
    {
        private readonly LiberalPolicy _right = new();

        public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) => change(_right.Plan(transaction, header));
    }

    private sealed class Refuser(Reply reply) : IRecipientPolicy
    {
        public Reply? DecideData(PolicyTransaction transaction) => reply;

        public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) => [];
    }
}
