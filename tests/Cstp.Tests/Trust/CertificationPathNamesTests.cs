using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Tests.Trust;

/// <summary>Name constraints (RFC 5280 4.2.1.10; RFC 9598).</summary>
public sealed class CertificationPathNamesTests : CertificationPathFixture
{
    [Theory]
    [InlineData("usi.test", "mila@usi.test", true)]
    [InlineData("usi.test", "mila@sub.usi.test", false)]
    [InlineData(".usi.test", "mila@sub.usi.test", true)]
    [InlineData(".usi.test", "mila@usi.test", false)]
    [InlineData("mila@usi.test", "mila@usi.test", true)]
    [InlineData("mila@usi.test", "other@usi.test", false)]
    [InlineData("xn--bcher-kva.test", "mila@xn--bcher-kva.test", true)]
    [InlineData("xn--bcher-kva.test", "mila@XN--BCHER-KVA.test", true)]
    [InlineData("xn--bcher-kva.test", "mila@xn--bucher-kva.test", false)]
    public void X1_addresses_are_held_to_permitted_and_to_excluded_subtrees(string subtree, string address, bool within) =>
        AssertHeld(subtree, middle => End(middle, address), within);

    [Theory]
    [InlineData("xn--bcher-kva.test", "мила@xn--bcher-kva.test", true)]
    [InlineData("xn--bcher-kva.test", "мила@bücher.test", true)]
    [InlineData("xn--bcher-kva.test", "мила@bücher.example", false)]
    [InlineData("usi.test", "мила@usi.test", true)]
    [InlineData("usi.test", "мила@sub.usi.test", false)]
    [InlineData(".usi.test", "мила@sub.usi.test", true)]
    public void X1_an_internationalised_address_is_held_to_the_constraints_on_addresses(string subtree, string address, bool within) =>
        AssertHeld(subtree, middle => End(middle) with { Names = [SmtpUtf8(address)] }, within);

    [Theory]
    [InlineData("usi.test")]
    [InlineData("@usi.test")]
    [InlineData("мила@")]
    [InlineData("мила@usi..test")]
    public void X1_what_is_no_address_cannot_be_held_to_constraints_on_addresses(string address)
    {
        TestCertificate middle = Constrained("other.test", permitted: false);
        TestCertificate leaf = End(middle) with { Names = [SmtpUtf8(address)] };
        AssertProblem(CertificationPathProblem.Names, "cannot be held", leaf, Find(leaf, Plain, middle));
    }

    [Fact]
    public void Names_times_constraints_are_limited()
    {
        GeneralSubtree[] many = [.. Enumerable.Range(0, 2_000).Select(i => new GeneralSubtree(new GeneralName(GeneralName.Rfc822Name, $"d{i}.test")))];
        TestCertificate middle = Middle with { Extensions = [(X509Extensions.NameConstraints.Id, true, new NameConstraints(new GeneralSubtrees(many), null))] };
        TestCertificate leaf = End(middle, "mila@d1.test");
        AssertProblem(CertificationPathProblem.Effort, "name constraints", leaf, Find(leaf, Plain, middle));
        TestCertificate fewer = Middle with { Extensions = [(X509Extensions.NameConstraints.Id, true, new NameConstraints(new GeneralSubtrees(many[..100]), null))] };
        Assert.True(Find(End(fewer, "mila@d1.test"), Plain, fewer).IsValid);
    }

    private void AssertHeld(string subtree, Func<TestCertificate, TestCertificate> issue, bool within)
    {
        foreach (bool permitted in new[] { true, false })
        {
            TestCertificate middle = Constrained(subtree, permitted);
            TestCertificate leaf = issue(middle);
            CertificationPathVerdict verdict = Find(leaf, Plain, middle);
            if (within == permitted)
                Assert.True(verdict.IsValid, verdict.Reason);
            else
                AssertProblem(CertificationPathProblem.Names, "name constraints", leaf, verdict);
        }
    }

    private TestCertificate Constrained(string subtree, bool permitted)
    {
        var subtrees = new GeneralSubtrees(new GeneralSubtree(new GeneralName(GeneralName.Rfc822Name, subtree)));
        return Middle with { Extensions = [(X509Extensions.NameConstraints.Id, true, permitted ? new NameConstraints(subtrees, null) : new NameConstraints(null, subtrees))] };
    }

    private static GeneralName SmtpUtf8(string address) =>
        new(GeneralName.OtherName, new OtherName(new DerObjectIdentifier("1.3.6.1.5.5.7.8.9"), new DerUtf8String(address)));
}
