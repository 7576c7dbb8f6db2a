using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust;

public sealed class CertificationPathSearchTests
{
    private const string PolicyA = "1.3.6.1.4.1.99999.1";
    private const string PolicyB = "1.3.6.1.4.1.99999.2";
    private const string AnyPolicy = "2.5.29.32.0";

    // In the past: a CRL tells nothing about times to come.
    private static readonly DateTimeOffset s_begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_now = s_begin.AddDays(100);
    private static readonly CertificationPathConditions s_plain = new(s_now);

    private readonly TestCertificate _root = Authority("root");

    private TestCertificate Middle => field ??= Authority("middle", _root);

    private TestCertificate Leaf => field ??= End(Middle);

    private static TestCertificate Authority(string name, TestCertificate? issuer = null) =>
        TestCertificate.Authority(name) with { Issuer = issuer, NotBefore = s_begin, NotAfter = s_begin.AddYears(1) };

    private static TestCertificate End(TestCertificate issuer, string address = "mila@usi.test") =>
        TestCertificate.Of(address) with { Issuer = issuer, NotBefore = s_begin, NotAfter = s_begin.AddYears(1) };

    private static CertificateFacts Facts(TestCertificate certificate) => CertificateFacts.Read(certificate.Encoded);

    private static CertificationPathSearch Search(IEnumerable<TestCertificate> anchors, IEnumerable<TestCertificate> intermediates, CertificationPathConditions conditions) =>
        new([.. anchors.Select(Facts)], [.. intermediates.Select(Facts)], conditions);

    private CertificationPathVerdict Find(TestCertificate leaf, CertificationPathConditions conditions, params TestCertificate[] intermediates) =>
        Search([_root], intermediates, conditions).Find(Facts(leaf));

    private static void AssertProblem(object problem, string reason, TestCertificate? at, CertificationPathVerdict verdict)
    {
        Assert.Equal((CertificationPathProblem)problem, verdict.Problem);
        Assert.Contains(reason, verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(at?.Encoded, verdict.At?.Certificate);
        Assert.Matches("^[ -~]+$", verdict.Reason);
    }

    [Fact]
    public void A_path_is_given_from_the_certificate_to_the_trusted_authority()
    {
        CertificationPathVerdict verdict = Find(Leaf, s_plain, Middle);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal([Leaf.Encoded, Middle.Encoded, _root.Encoded], verdict.Path.Select(facts => facts.Certificate));
        Assert.Empty(verdict.Policies);
        AssertProblem(CertificationPathProblem.NoAuthority, "no trusted authority", null, Find(Leaf, s_plain));
    }

    [Fact]
    public void All_must_be_valid_at_the_time_that_is_asked_for()
    {
        TestCertificate brief = Middle with { NotAfter = s_begin.AddDays(30) };
        TestCertificate leaf = End(brief);
        Assert.True(Find(leaf, new(s_begin.AddDays(29)), brief).IsValid);
        AssertProblem(CertificationPathProblem.Certificate, "has expired", brief, Find(leaf, new(s_begin.AddDays(31)), brief));
        AssertProblem(CertificationPathProblem.Certificate, "is not valid yet", leaf, Find(leaf, new(s_begin.AddDays(-1)), brief));
        AssertProblem(CertificationPathProblem.Certificate, "has expired", Leaf, Find(Leaf, new(s_begin.AddYears(2)), Middle));
    }

    [Fact]
    public void A_signature_of_another_key_is_told_from_a_missing_issuer()
    {
        TestCertificate impostor = Authority("middle", _root);
        AssertProblem(CertificationPathProblem.Rule, "not signed by the key", Leaf, Find(Leaf, s_plain, impostor));
        Assert.True(Find(Leaf, s_plain, impostor, Middle).IsValid);
    }

    [Fact]
    public void X3_an_issuer_must_be_an_authority_may_sign_certificates_and_is_not_passed_too_deep()
    {
        TestCertificate user = End(_root) with { Subject = "CN=user" };
        AssertProblem(CertificationPathProblem.Certificate, "basicConstraints", user, Find(End(user), s_plain, user));
        TestCertificate mute = Authority("mute", _root) with { Usage = KeyUsage.CrlSign };
        AssertProblem(CertificationPathProblem.Certificate, "keyUsage", mute, Find(End(mute), s_plain, mute));
        TestCertificate last = Authority("last", _root) with { PathLength = 0 };
        TestCertificate below = Authority("below", last);
        Assert.True(Find(End(last), s_plain, last).IsValid);
        AssertProblem(CertificationPathProblem.Rule, "RFC 5280 6.1", below, Find(End(below), s_plain, last, below));
    }

    [Fact]
    public void X3_the_trusted_authoritys_own_path_length_counts()
    {
        TestCertificate root = _root with { PathLength = 0 };
        TestCertificate middle = Authority("middle", root);
        Assert.True(Search([root], [], s_plain).Find(Facts(End(root))).IsValid);
        AssertProblem(CertificationPathProblem.Rule, "path length", root, Search([root], [middle], s_plain).Find(Facts(End(middle))));
    }

    [Fact]
    public void An_authority_below_another_may_be_the_trusted_one()
    {
        TestCertificate constrained = Middle with { PermittedAddresses = "usi.test" };
        Assert.True(Search([constrained], [], s_plain).Find(Facts(End(constrained))).IsValid);
        TestCertificate outside = End(constrained, "mila@other.test");
        AssertProblem(CertificationPathProblem.Names, "name constraints", outside, Search([constrained], [], s_plain).Find(Facts(outside)));
    }

    [Fact]
    public void An_unknown_critical_extension_makes_the_path_invalid_wherever_it_stands()
    {
        (string, bool, Asn1Encodable)[] critical = [("1.2.3.4", true, DerNull.Instance)], plain = [("1.2.3.4", false, DerNull.Instance)];
        TestCertificate odd = Middle with { Extensions = critical };
        AssertProblem(CertificationPathProblem.Certificate, "unknown critical extension 1.2.3.4", odd, Find(End(odd), s_plain, odd));
        TestCertificate leaf = Leaf with { Extensions = critical };
        AssertProblem(CertificationPathProblem.Certificate, "unknown critical extension 1.2.3.4", leaf, Find(leaf, s_plain, Middle));
        TestCertificate fine = Middle with { Extensions = plain };
        Assert.True(Find(End(fine) with { Extensions = plain }, s_plain, fine).IsValid);
    }

    [Fact]
    public void Extended_key_usage_of_an_authority_counts_for_mail_alone()
    {
        TestCertificate web = Middle with { Purpose = KeyPurposeID.id_kp_serverAuth };
        TestCertificate mail = Middle with { Purpose = KeyPurposeID.id_kp_emailProtection };
        Assert.True(Find(End(web), s_plain, web).IsValid);
        AssertProblem(CertificationPathProblem.Certificate, "extended key usage", web, Find(End(web), s_plain with { ForMail = true }, web));
        Assert.True(Find(End(mail), s_plain with { ForMail = true }, mail).IsValid);
    }

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
    public void X1_addresses_are_held_to_permitted_and_to_excluded_subtrees(string subtree, string address, bool within)
    {
        foreach (bool permitted in new[] { true, false })
        {
            TestCertificate middle = Constrained(subtree, permitted);
            TestCertificate leaf = End(middle, address);
            CertificationPathVerdict verdict = Find(leaf, s_plain, middle);
            if (within == permitted)
                Assert.True(verdict.IsValid, verdict.Reason);
            else
                AssertProblem(CertificationPathProblem.Names, "name constraints", leaf, verdict);
        }
    }

    [Theory]
    [InlineData("xn--bcher-kva.test", "мила@xn--bcher-kva.test", true)]
    [InlineData("xn--bcher-kva.test", "мила@bücher.test", true)]
    [InlineData("xn--bcher-kva.test", "мила@bücher.example", false)]
    [InlineData("usi.test", "мила@usi.test", true)]
    [InlineData("usi.test", "мила@sub.usi.test", false)]
    [InlineData(".usi.test", "мила@sub.usi.test", true)]
    public void X1_an_internationalised_address_is_held_to_the_constraints_on_addresses(string subtree, string address, bool within)
    {
        foreach (bool permitted in new[] { true, false })
        {
            TestCertificate middle = Constrained(subtree, permitted);
            TestCertificate leaf = End(middle) with { Names = [SmtpUtf8(address)] };
            CertificationPathVerdict verdict = Find(leaf, s_plain, middle);
            if (within == permitted)
                Assert.True(verdict.IsValid, verdict.Reason);
            else
                AssertProblem(CertificationPathProblem.Names, "name constraints", leaf, verdict);
        }
    }

    [Theory]
    [InlineData("usi.test")]
    [InlineData("@usi.test")]
    [InlineData("мила@")]
    [InlineData("мила@usi..test")]
    public void X1_what_is_no_address_cannot_be_held_to_constraints_on_addresses(string address)
    {
        TestCertificate middle = Constrained("other.test", permitted: false);
        TestCertificate leaf = End(middle) with { Names = [SmtpUtf8(address)] };
        AssertProblem(CertificationPathProblem.Names, "cannot be held", leaf, Find(leaf, s_plain, middle));
    }

    [Fact]
    public void Names_times_constraints_are_limited()
    {
        GeneralSubtree[] many = [.. Enumerable.Range(0, 2_000).Select(i => new GeneralSubtree(new GeneralName(GeneralName.Rfc822Name, $"d{i}.test")))];
        TestCertificate middle = Middle with { Extensions = [(X509Extensions.NameConstraints.Id, true, new NameConstraints(new GeneralSubtrees(many), null))] };
        TestCertificate leaf = End(middle, "mila@d1.test");
        AssertProblem(CertificationPathProblem.Effort, "name constraints", leaf, Find(leaf, s_plain, middle));
        TestCertificate fewer = Middle with { Extensions = [(X509Extensions.NameConstraints.Id, true, new NameConstraints(new GeneralSubtrees(many[..100]), null))] };
        Assert.True(Find(End(fewer, "mila@d1.test"), s_plain, fewer).IsValid);
    }

    [Fact]
    public void A_policy_that_is_asked_for_must_stand_in_every_certificate()
    {
        TestCertificate middle = Middle with { Extensions = [Policies(PolicyA, PolicyB)] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(PolicyA)] };
        CertificationPathVerdict verdict = Find(leaf, s_plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyA] }, middle);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal([PolicyA], verdict.Policies);
        Assert.Equal([PolicyA], Find(leaf, s_plain, middle).Policies);
        AssertProblem(CertificationPathProblem.Policy, "policy", leaf, Find(leaf, s_plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyB] }, middle));
        Assert.Equal(CertificationPathProblem.Policy, Find(End(middle), s_plain with { RequiresPolicy = true }, middle).Problem);
        Assert.True(Find(End(middle), s_plain with { AcceptablePolicies = [PolicyA] }, middle).IsValid);
    }

    [Fact]
    public void Any_policy_stands_for_those_asked_for_unless_that_is_inhibited()
    {
        TestCertificate middle = Middle with { Extensions = [Policies(AnyPolicy)] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(PolicyA)] };
        CertificationPathConditions asked = s_plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyA] };
        Assert.Equal([PolicyA], Find(leaf, asked, middle).Policies);
        Assert.Equal([AnyPolicy], Find(End(middle) with { Extensions = [Policies(AnyPolicy)] }, s_plain, middle).Policies);
        Assert.Equal(CertificationPathProblem.Policy, Find(leaf, asked with { InhibitsAnyPolicy = true }, middle).Problem);
    }

    [Fact]
    public void A_policy_may_be_mapped_unless_that_is_inhibited()
    {
        TestCertificate middle = Middle with { Extensions = [Policies(PolicyA), Mappings((PolicyA, PolicyB))] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(PolicyB)] };
        CertificationPathConditions asked = s_plain with { RequiresPolicy = true, AcceptablePolicies = [PolicyA] };
        Assert.Equal([PolicyA], Find(leaf, asked, middle).Policies);
        Assert.Equal(CertificationPathProblem.Policy, Find(leaf, asked with { InhibitsPolicyMapping = true }, middle).Problem);
    }

    [Fact]
    public void Two_policies_may_be_mapped_to_one()
    {
        const string C = "1.3.6.1.4.1.99999.3";
        TestCertificate middle = Middle with { Extensions = [Policies(PolicyA, PolicyB), Mappings((PolicyA, C), (PolicyB, C))] };
        TestCertificate leaf = End(middle) with { Extensions = [Policies(C)] };
        Assert.Equal([PolicyA, PolicyB], Find(leaf, s_plain, middle).Policies);
        CertificationPathConditions asked = s_plain with { RequiresPolicy = true };
        Assert.All(new[] { PolicyA, PolicyB }, policy => Assert.Equal([policy], Find(leaf, asked with { AcceptablePolicies = [policy] }, middle).Policies));
    }

    [Fact]
    public void X4_policies_that_multiply_at_every_step_end_in_a_verdict()
    {
        string[] policies = [.. Enumerable.Range(1, 30).Select(i => $"1.3.6.1.4.1.99999.{i}")];
        (string, string)[] each = [.. policies.SelectMany(from => policies.Select(to => (from, to)))];
        var path = new List<TestCertificate>();
        for (int i = 0; i < CertificationPathSearch.MaxLength - 1; i++)
            path.Add(Authority($"ca{i}", i == 0 ? _root : path[^1]) with { Extensions = [Policies(policies), Mappings(each)] });
        TestCertificate leaf = End(path[^1]) with { Extensions = [Policies(policies)] };
        CertificationPathVerdict verdict = Find(leaf, s_plain with { RequiresPolicy = true }, [.. path]);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal(policies.Order(StringComparer.Ordinal), verdict.Policies);
    }

    [Fact]
    public void Without_a_revocation_list_nothing_is_said_about_revocation()
    {
        Assert.True(Find(Leaf, s_plain, Middle).IsValid);
        Assert.True(Find(Leaf, With(new TestCrl(_root, s_now), new TestCrl(Middle, s_now)), Middle).IsValid);
    }

    [Fact]
    public void A_revoked_certificate_or_authority_makes_the_path_invalid()
    {
        var ofRoot = new TestCrl(_root, s_now);
        var ofMiddle = new TestCrl(Middle, s_now);
        AssertProblem(CertificationPathProblem.Revoked, "2020-04-10 00:00:00", Leaf, Find(Leaf, With(ofRoot, ofMiddle with { Revoked = [Leaf] }), Middle));
        AssertProblem(CertificationPathProblem.Revoked, "keyCompromise", Middle, Find(Leaf, With(ofRoot with { Revoked = [Middle] }, ofMiddle), Middle));
        Assert.True(Find(Leaf, With(ofRoot, ofMiddle with { Revoked = [End(Middle)] }), Middle).IsValid);
    }

    [Fact]
    public void A_revoked_cross_certificate_does_not_bar_the_other_way()
    {
        TestCertificate again = Middle with { NotBefore = s_begin.AddDays(1) };
        TestCrl[] crls = [new(_root, s_now) { Revoked = [Middle] }, new(Middle, s_now)];
        CertificationPathVerdict verdict = Find(Leaf, With(crls), Middle, again);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal(again.Encoded, verdict.Path[1].Certificate);
    }

    [Fact]
    public void X8_a_list_that_is_too_old_of_another_issuer_forged_or_not_understood_is_none()
    {
        var ofRoot = new TestCrl(_root, s_now);
        TestCertificate stranger = Authority("middle");
        TestCrl[] useless =
        [
            new(Middle, s_now.AddDays(-30)),
            new(Authority("other", _root), s_now),
            new(Middle, s_now) { Signer = stranger },
            new(Middle, s_now) { Extensions = [("1.2.3.4", true, DerNull.Instance)] },
        ];
        Assert.True(Find(Leaf, With(ofRoot, new TestCrl(Middle, s_now)), Middle).IsValid);
        Assert.All(useless, crl => AssertProblem(CertificationPathProblem.RevocationUnknown, "no CRL", Leaf, Find(Leaf, With(ofRoot, crl), Middle)));
        Assert.True(Find(Leaf, With([ofRoot, new TestCrl(Middle, s_now), .. useless[..3]]), Middle).IsValid);
    }

    [Fact]
    public void A_later_list_tells_what_was_revoked_at_the_time()
    {
        TestCrl[] later = [new(_root, s_now.AddDays(50)), new(Middle, s_now.AddDays(50)) { Revoked = [Leaf], RevokedAt = s_now.AddDays(20), Reason = CrlReason.Superseded }];
        Assert.True(Find(Leaf, With(later), Middle).IsValid);
        TestCrl before = later[1] with { RevokedAt = s_now.AddDays(-20) };
        // Since when somebody else has the key nobody knows.
        TestCrl compromised = later[1] with { Reason = CrlReason.KeyCompromise };
        Assert.All(new[] { before, compromised }, crl => Assert.Equal(CertificationPathProblem.Revoked, Find(Leaf, With(later[0], crl), Middle).Problem));
    }

    [Fact]
    public void A_list_counts_only_where_its_issuer_may_sign_lists()
    {
        TestCertificate mute = Middle with { Usage = KeyUsage.KeyCertSign };
        TestCertificate leaf = End(mute);
        AssertProblem(CertificationPathProblem.RevocationUnknown, "CRL signing", leaf, Find(leaf, With(new TestCrl(_root, s_now), new TestCrl(mute, s_now)), mute));
    }

    [Fact]
    public void A_list_may_be_signed_by_another_key_of_its_issuer()
    {
        TestCertificate mute = Middle with { Usage = KeyUsage.KeyCertSign };
        TestCertificate leaf = End(mute);
        TestCertificate lister = new() { Subject = "CN=middle", Issuer = _root, Usage = KeyUsage.CrlSign, NotBefore = s_begin, NotAfter = s_begin.AddYears(1) };
        TestCrl ofRoot = new(_root, s_now), list = new(lister, s_now);
        Assert.True(Find(leaf, With(ofRoot, list), mute, lister).IsValid);
        Assert.Equal(CertificationPathProblem.Revoked, Find(leaf, With(ofRoot, list with { Revoked = [leaf] }), mute, lister).Problem);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot with { Revoked = [lister] }, list), mute, lister).Problem);
        TestCertificate stranger = lister with { Issuer = Authority("stranger") };
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot, list), mute, stranger).Problem);
    }

    [Fact]
    public void A_list_may_be_issued_by_whom_the_distribution_point_names()
    {
        TestCertificate lister = new() { Subject = "CN=lister", Issuer = _root, Usage = KeyUsage.CrlSign, NotBefore = s_begin, NotAfter = s_begin.AddYears(1) };
        TestCertificate leaf = Leaf with { Extensions = [Point("list", lister.Subject)] };
        TestCrl ofRoot = new(_root, s_now), list = new(lister, s_now) { Extensions = [Scope("list", lister.Subject, indirect: true)] };
        Assert.True(Find(leaf, With(ofRoot, list), Middle, lister).IsValid);
        // The library does not read the entry's critical extension that names the issuer, once the entry is the certificate's.
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot, list with { Revoked = [leaf], EntryIssuer = Middle }), Middle, lister).Problem);
        // The serial number of another issuer's certificate.
        Assert.True(Find(leaf, With(ofRoot, list with { Revoked = [leaf], EntryIssuer = _root }), Middle, lister).IsValid);
        TestCrl direct = list with { Extensions = [Scope("list", lister.Subject, indirect: false)] };
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot, direct), Middle, lister).Problem);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, list), Middle, lister).Problem);
    }

    [Fact]
    public void A_list_covers_what_its_scope_says()
    {
        TestCrl ofRoot = new(_root, s_now);
        TestCrl Scoped(IssuingDistributionPoint scope) => new(Middle, s_now) { Extensions = [(X509Extensions.IssuingDistributionPoint.Id, true, scope)] };
        Assert.True(Find(Leaf, With(ofRoot, Scoped(new(null, true, false, null, false, false))), Middle).IsValid);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, Scoped(new(null, false, true, null, false, false))), Middle).Problem);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, Scoped(new(null, false, false, null, false, true))), Middle).Problem);
        // Some reasons here, the others there.
        TestCrl some = Scoped(new(null, false, false, new ReasonFlags(ReasonFlags.KeyCompromise), false, false));
        TestCrl others = Scoped(new(null, false, false, new ReasonFlags(0x80ff & ~ReasonFlags.KeyCompromise), false, false));
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, some), Middle).Problem);
        Assert.True(Find(Leaf, With(ofRoot, some, others), Middle).IsValid);
    }

    [Fact]
    public void A_delta_list_changes_the_complete_one()
    {
        static (string, bool, Asn1Encodable) Number(DerObjectIdentifier oid, int number) => (oid.Id, oid.Equals(X509Extensions.DeltaCrlIndicator), DerInteger.ValueOf(number));
        TestCrl ofRoot = new(_root, s_now);
        TestCrl complete = new(Middle, s_now.AddDays(-1)) { Extensions = [AuthorityIdentifier("middle"), Number(X509Extensions.CrlNumber, 1)] };
        TestCrl delta = new(Middle, s_now) { Extensions = [AuthorityIdentifier("middle"), Number(X509Extensions.CrlNumber, 2), Number(X509Extensions.DeltaCrlIndicator, 1)] };
        Assert.True(Find(Leaf, With(ofRoot, complete, delta), Middle).IsValid);
        Assert.Equal(CertificationPathProblem.Revoked, Find(Leaf, With(ofRoot, complete, delta with { Revoked = [Leaf] }), Middle).Problem);
        Assert.True(Find(Leaf, With(ofRoot, complete with { Revoked = [Leaf], Reason = CrlReason.CertificateHold }, delta with { Revoked = [Leaf], Reason = CrlReason.RemoveFromCrl }), Middle).IsValid);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, delta), Middle).Problem);
    }

    [Fact]
    public void X4_a_loop_of_cross_certificates_is_passed_once()
    {
        TestCertificate a = Authority("a"), b = Authority("b"), c = Authority("c");
        TestCertificate[] loop = [a with { Issuer = b }, b with { Issuer = c }, c with { Issuer = a }];
        CertificationPathSearch search = Search([_root], loop, s_plain);
        Assert.Equal(CertificationPathProblem.NoAuthority, search.Find(Facts(End(a))).Problem);
        Assert.InRange(search.Steps, 4, 12);
        TestCertificate way = b with { Issuer = _root };
        Assert.True(Find(End(a), s_plain, [.. loop, way]).IsValid);
    }

    [Fact]
    public void X4_a_mesh_of_cross_certificates_is_given_up_within_the_budget()
    {
        TestCertificate[] names = [.. Enumerable.Range(0, 10).Select(i => Authority($"ca{i}"))];
        TestCertificate[] mesh = [.. names.SelectMany(subject => names.Select(issuer => subject with { Issuer = issuer }))];
        CertificationPathSearch search = Search([_root], mesh, s_plain);
        Assert.Equal(CertificationPathProblem.Effort, search.Find(Facts(End(names[0]))).Problem);
        Assert.InRange(search.SignatureChecks, 1, CertificationPathSearch.MaxSignatureChecks);
        Assert.InRange(search.Steps, 1, CertificationPathSearch.MaxSteps);
        TestCertificate way = names[0] with { Issuer = _root };
        Assert.True(Find(End(names[0]), s_plain, [.. mesh, way]).IsValid);
    }

    [Fact]
    public void X4_a_thousand_decoys_are_passed_over_by_their_key_identifiers_or_given_up_within_the_budget()
    {
        TestCertificate middle = Middle with { Extensions = [Identifier("real")] };
        TestCertificate leaf = End(middle) with { Extensions = [AuthorityIdentifier("real")] };
        TestCertificate[] decoys = [.. Enumerable.Range(0, 1_000).Select(i => Authority("middle", _root) with { Extensions = [Identifier($"decoy{i}")] })];
        CertificationPathSearch search = Search([_root], [.. decoys, middle], s_plain);
        Assert.True(search.Find(Facts(leaf)).IsValid);
        Assert.InRange(search.SignatureChecks, 2, CertificationPathSearch.MaxSignatureChecks);

        CertificationPathSearch blind = Search([_root], [.. decoys, middle], s_plain);
        AssertProblem(CertificationPathProblem.Effort, "64 signature checks", null, blind.Find(Facts(Leaf)));
        Assert.Equal(CertificationPathSearch.MaxSignatureChecks, blind.SignatureChecks);
        Assert.InRange(blind.Steps, 1, CertificationPathSearch.MaxSteps);
    }

    [Fact]
    public void A_path_has_ten_certificates_at_most()
    {
        var path = new List<TestCertificate>();
        for (int i = 0; i < CertificationPathSearch.MaxLength; i++)
            path.Add(Authority($"ca{i}", i == 0 ? _root : path[^1]));
        Assert.True(Find(End(path[^2]), s_plain, [.. path]).IsValid);
        Assert.Equal(CertificationPathProblem.Effort, Find(End(path[^1]), s_plain, [.. path]).Problem);
    }

    [Fact]
    public void One_bit_changed_in_a_certificate_or_list_never_makes_a_valid_path_or_throws()
    {
        byte[] leaf = Leaf.Encoded.Der.ToArray();
        byte[] crl = new TestCrl(Middle, s_now).Issue().GetEncoded();
        CertificateFacts[] anchors = [Facts(_root)], intermediates = [Facts(Middle)];
        CertificationPathConditions revocation = With(new TestCrl(_root, s_now));
        bool Holds(byte[] certificate, byte[] list)
        {
            IReadOnlyList<X509Crl> read;
            try
            {
                read = CrlFile.Read(list);
            }
            catch (FormatException)
            {
                return false;
            }
            var conditions = revocation with { Crls = [.. revocation.Crls!, .. read] };
            return new CertificationPathSearch(anchors, intermediates, conditions).Find(CertificateFacts.Read(new(certificate))).IsValid;
        }
        Assert.True(Holds(leaf, crl));
        for (int i = 0; i < leaf.Length; i++)
            Assert.False(Holds(Changed(leaf, i), crl), $"certificate, octet {i}");
        for (int i = 0; i < crl.Length; i++)
            Assert.False(Holds(leaf, Changed(crl, i)), $"list, octet {i}");
    }

    private static byte[] Changed(byte[] octets, int at)
    {
        byte[] changed = [.. octets];
        changed[at] ^= (byte)(1 << (at % 8));
        return changed;
    }

    private static CertificationPathConditions With(params TestCrl[] crls) => s_plain with { Crls = [.. crls.Select(crl => crl.Issue())] };

    private TestCertificate Constrained(string subtree, bool permitted)
    {
        var subtrees = new GeneralSubtrees(new GeneralSubtree(new GeneralName(GeneralName.Rfc822Name, subtree)));
        return Middle with { Extensions = [(X509Extensions.NameConstraints.Id, true, permitted ? new NameConstraints(subtrees, null) : new NameConstraints(null, subtrees))] };
    }

    private static (string, bool, Asn1Encodable) Point(string name, string issuer) => (X509Extensions.CrlDistributionPoints.Id, false,
        new CrlDistPoint([new DistributionPoint(PointName(name, issuer), null, new GeneralNames(new GeneralName(new X509Name(issuer))))]));

    private static (string, bool, Asn1Encodable) Scope(string name, string issuer, bool indirect) => (X509Extensions.IssuingDistributionPoint.Id, true,
        new IssuingDistributionPoint(PointName(name, issuer), false, false, null, indirect, false));

    private static DistributionPointName PointName(string name, string issuer) => new(new GeneralNames(new GeneralName(new X509Name($"CN={name},{issuer}"))));

    private static GeneralName SmtpUtf8(string address) =>
        new(GeneralName.OtherName, new OtherName(new DerObjectIdentifier("1.3.6.1.5.5.7.8.9"), new DerUtf8String(address)));

    private static (string, bool, Asn1Encodable) Policies(params string[] policies) =>
        (X509Extensions.CertificatePolicies.Id, true, new DerSequence(policies.Select(policy => new PolicyInformation(new DerObjectIdentifier(policy))).ToArray()));

    private static (string, bool, Asn1Encodable) Mappings(params (string From, string To)[] mappings) =>
        (X509Extensions.PolicyMappings.Id, true, new DerSequence(mappings.Select(mapping => new DerSequence(new DerObjectIdentifier(mapping.From), new DerObjectIdentifier(mapping.To))).ToArray()));

    private static (string, bool, Asn1Encodable) Identifier(string key) =>
        (X509Extensions.SubjectKeyIdentifier.Id, false, new SubjectKeyIdentifier(System.Text.Encoding.ASCII.GetBytes(key)));

    private static (string, bool, Asn1Encodable) AuthorityIdentifier(string key) =>
        (X509Extensions.AuthorityKeyIdentifier.Id, false, new AuthorityKeyIdentifier(new DerOctetString(System.Text.Encoding.ASCII.GetBytes(key))));
}
