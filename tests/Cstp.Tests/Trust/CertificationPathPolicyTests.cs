using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Tests.Trust;

/// <summary>Certificate policies (RFC 5280 6.1.5; RFC 9618).</summary>
public sealed class CertificationPathPolicyTests : CertificationPathFixture
{
    private const string PolicyA = "1.3.6.1.4.1.99999.1";
    private const string PolicyB = "1.3.6.1.4.1.99999.2";
    private const string AnyPolicy = "2.5.29.32.0";

    [Fact]
    public void A_policy_that_is_asked_for_must_stand_in_every_certificate()
    {
        TestCertificate middle = Middle with { Extensions = [Policies(PolicyA, PolicyB)] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(PolicyA)] };
        CertificationPathVerdict verdict = Find(leaf, Plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyA] }, middle);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal([PolicyA], verdict.Policies);
        Assert.Equal([PolicyA], Find(leaf, Plain, middle).Policies);
        AssertProblem(CertificationPathProblem.Policy, "policy", leaf, Find(leaf, Plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyB] }, middle));
        Assert.Equal(CertificationPathProblem.Policy, Find(End(middle), Plain with { RequiresPolicy = true }, middle).Problem);
        Assert.True(Find(End(middle), Plain with { AcceptablePolicies = [PolicyA] }, middle).IsValid);
    }

    [Fact]
    public void Any_policy_stands_for_those_asked_for_unless_that_is_inhibited()
    {
        TestCertificate middle = Middle with { Extensions = [Policies(AnyPolicy)] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(PolicyA)] };
        CertificationPathConditions asked = Plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyA] };
        Assert.Equal([PolicyA], Find(leaf, asked, middle).Policies);
        Assert.Equal([AnyPolicy], Find(End(middle) with { Extensions = [Policies(AnyPolicy)] }, Plain, middle).Policies);
        Assert.Equal(CertificationPathProblem.Policy, Find(leaf, asked with { InhibitsAnyPolicy = true }, middle).Problem);
    }

    [Fact]
    public void A_policy_may_be_mapped_unless_that_is_inhibited()
    {
        TestCertificate middle = Middle with { Extensions = [Policies(PolicyA), Mappings((PolicyA, PolicyB))] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(PolicyB)] };
        CertificationPathConditions asked = Plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyA] };
        Assert.Equal([PolicyA], Find(leaf, asked, middle).Policies);
        Assert.Equal(CertificationPathProblem.Policy, Find(leaf, asked with { InhibitsPolicyMapping = true }, middle).Problem);
    }

    [Fact]
    public void Two_policies_may_be_mapped_to_one()
    {
        const string C = "1.3.6.1.4.1.99999.3";
        TestCertificate middle = Middle with { Extensions = [Policies(PolicyA, PolicyB), Mappings((PolicyA, C), (PolicyB, C))] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(C)] };
        Assert.Equal([PolicyA, PolicyB], Find(leaf, Plain, middle).Policies);
        CertificationPathConditions asked = Plain with { RequiresPolicy = true };
        Assert.All(new[] { PolicyA, PolicyB }, policy => Assert.Equal([policy], Find(leaf, asked with { AcceptablePolicies = [policy] }, middle).Policies));
    }

    [Fact]
    public void X4_policies_that_multiply_at_every_step_end_in_a_verdict()
    {
        string[] policies = [.. Enumerable.Range(1, 30).Select(i => $"1.3.6.1.4.1.99999.{i}")];
        (string, string)[] each = [.. policies.SelectMany(from => policies.Select(to => (from, to)))];
        var path = new List<TestCertificate>();
        for (int i = 0; i < CertificationPathSearch.MaxLength - 1; i++)
            path.Add(Authority($"ca{i}", i == 0 ? Root : path[^1]) with { Extensions = [Policies(policies), Mappings(each)] });
        TestCertificate leaf = End(path[^1]) with { Extensions = [Policies(policies)] };
        CertificationPathVerdict verdict = Find(leaf, Plain with { RequiresPolicy = true }, [.. path]);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal(policies.Order(StringComparer.Ordinal), verdict.Policies);
    }

    private static (string, bool, Asn1Encodable) Policies(params string[] policies) =>
        (X509Extensions.CertificatePolicies.Id, true, new DerSequence(policies.Select(policy => new PolicyInformation(new DerObjectIdentifier(policy))).ToArray()));

    private static (string, bool, Asn1Encodable) Mappings(params (string From, string To)[] mappings) =>
        (X509Extensions.PolicyMappings.Id, true, new DerSequence(mappings.Select(mapping => new DerSequence(new DerObjectIdentifier(mapping.From), new DerObjectIdentifier(mapping.To))).ToArray()));
}
