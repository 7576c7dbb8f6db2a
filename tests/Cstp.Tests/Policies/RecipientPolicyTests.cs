using Cstp.Abstractions;
using Cstp.PolicyAllOrNothing;
using Cstp.PolicyLiberal;
using Cstp.PolicyRestrictive;

namespace Cstp.Tests.Policies;

/// <summary>Rule 6, asked of the policies themselves: recipients with and without certificate in every order.</summary>
public sealed class RecipientPolicyTests
{
    private static readonly RecipientCertificate s_certificate = new(new EncodedCertificate(new byte[] { 0x30, 0 }), CertificateScope.Gateway);

    /// <summary>All orders of up to four: '+' has a certificate, '-' has none.</summary>
    public static TheoryData<string> Orders => [.. Enumerable.Range(1, 4).SelectMany(length =>
        Enumerable.Range(0, 1 << length).Select(bits => string.Concat(Enumerable.Range(0, length).Select(i => (bits >> i & 1) == 1 ? '+' : '-'))))];

    [Theory]
    [MemberData(nameof(Orders))]
    public void All_or_nothing_keeps_everybody_until_DATA_and_then_nobody_where_one_has_no_certificate(string order)
    {
        var policy = new AllOrNothingPolicy();
        PolicyRecipient[] all = [.. order.Select((_, i) => Recipient(order, i))];
        for (int i = 0; i < order.Length; i++)
            Assert.Null(((IRecipientPolicy)policy).DecideRecipient(Transaction([.. all.Take(i)]), all[i]));
        Reply? refusal = policy.DecideData(Transaction([.. all]));
        Assert.Equal(order.Contains('-', StringComparison.Ordinal), refusal is not null);
        if (refusal is not null)
            AssertNames(refusal, all[order.IndexOf('-', StringComparison.Ordinal)]);
        else
            Assert.Equal(Protection.SignedEncrypted, Assert.Single(policy.Plan(Transaction([.. all]), [])).Protection);
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Restrictive_refuses_at_RCPT_who_follows_a_certified_one_and_at_DATA_who_came_before(string order)
    {
        var policy = new RestrictivePolicy();
        List<PolicyRecipient> kept = [];
        for (int i = 0; i < order.Length; i++)
        {
            PolicyRecipient candidate = Recipient(order, i);
            Reply? refusal = policy.DecideRecipient(Transaction(kept), candidate);
            Assert.Equal(order[i] == '-' && order[..i].Contains('+', StringComparison.Ordinal), refusal is not null);
            if (refusal is null)
                kept.Add(candidate);
            else
                AssertNames(refusal, candidate);
        }
        Reply? atData = policy.DecideData(Transaction(kept));
        bool mixed = kept.Any(r => r.HasCertificate) && kept.Any(r => !r.HasCertificate);
        Assert.Equal(mixed, atData is not null);
        if (mixed)
        {
            AssertNames(atData!, [.. kept.Where(r => !r.HasCertificate)]);
            return;
        }
        Delivery delivery = Assert.Single(policy.Plan(Transaction(kept), []));
        Assert.Equal(kept, delivery.Recipients);
        Assert.Equal(kept[0].HasCertificate ? Protection.SignedEncrypted : Protection.Signed, delivery.Protection);
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Liberal_takes_all_and_encrypts_for_those_who_can_read_it(string order)
    {
        var policy = new LiberalPolicy();
        PolicyTransaction transaction = Transaction([.. Enumerable.Range(0, order.Length).Select(i => Recipient(order, i))]);
        Assert.All(transaction.Recipients, r => Assert.Null(((IRecipientPolicy)policy).DecideRecipient(transaction, r)));
        Assert.Null(((IRecipientPolicy)policy).DecideData(transaction));
        IReadOnlyList<Delivery> plan = policy.Plan(transaction, []);
        Assert.Equal(order.Distinct().Count(), plan.Count);
        Assert.Equal(transaction.Recipients.OrderBy(r => !r.HasCertificate), plan.SelectMany(d => d.Recipients));
        Assert.All(plan, d => Assert.Equal(d.Recipients[0].HasCertificate ? Protection.SignedEncrypted : Protection.Signed, d.Protection));
    }

    [Fact]
    public void A_long_list_of_refused_ones_is_one_line_of_an_SMTP_reply()
    {
        PolicyRecipient[] many = [.. Enumerable.Range(0, 100).Select(i => Recipient("-", 0) with { Mailbox = Mailbox.Parse($"{new string('x', 60)}{i}@elsewhere.test") }), Recipient("+", 0)];
        string reply = new RestrictivePolicy().DecideData(Transaction(many))!.ToString();
        Assert.InRange(reply.Length, 1, 510);
        Assert.DoesNotContain('\n', reply);
    }

    private static void AssertNames(Reply reply, params PolicyRecipient[] recipients)
    {
        Assert.Equal((550, "5.7.1"), (reply.Code, reply.EnhancedStatusCode));
        Assert.All(recipients, r => Assert.Contains(r.Mailbox.ToString(), reply.Text, StringComparison.Ordinal));
    }

    private static PolicyRecipient Recipient(string order, int i) => order[i] == '+'
        ? new(Mailbox.Parse($"r{i}@intel.test"), [s_certificate], Protection.SignedEncrypted)
        : new(Mailbox.Parse($"r{i}@elsewhere.test"), [], Protection.None);

    private static PolicyTransaction Transaction(IReadOnlyList<PolicyRecipient> recipients) => new(Mailbox.Parse("juro@amd.test"), recipients, Protection.Signed);
}
