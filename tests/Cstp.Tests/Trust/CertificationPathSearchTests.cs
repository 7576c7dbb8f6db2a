using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Tests.Trust;

/// <summary>A path from a certificate to a trusted authority, and what every certificate of it is held to.</summary>
public sealed class CertificationPathSearchTests : CertificationPathFixture
{
    [Fact]
    public void A_path_is_given_from_the_certificate_to_the_trusted_authority()
    {
        CertificationPathVerdict verdict = Find(Leaf, Plain, Middle);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal([Leaf.Encoded, Middle.Encoded, Root.Encoded], verdict.Path.Select(facts => facts.Certificate));
        Assert.Empty(verdict.Policies);
        AssertProblem(CertificationPathProblem.NoAuthority, "no trusted authority", null, Find(Leaf, Plain));
    }

    [Fact]
    public void All_must_be_valid_at_the_time_that_is_asked_for()
    {
        TestCertificate brief = Middle with { NotAfter = Begin.AddDays(30) };
        TestCertificate leaf = End(brief);
        Assert.True(Find(leaf, new(Begin.AddDays(29)), brief).IsValid);
        AssertProblem(CertificationPathProblem.Certificate, "has expired", brief, Find(leaf, new(Begin.AddDays(31)), brief));
        AssertProblem(CertificationPathProblem.Certificate, "is not valid yet", leaf, Find(leaf, new(Begin.AddDays(-1)), brief));
        AssertProblem(CertificationPathProblem.Certificate, "has expired", Leaf, Find(Leaf, new(Begin.AddYears(2)), Middle));
    }

    [Fact]
    public void A_signature_of_another_key_is_told_from_a_missing_issuer()
    {
        TestCertificate impostor = Authority("middle", Root);
        AssertProblem(CertificationPathProblem.Rule, "not signed by the key", Leaf, Find(Leaf, Plain, impostor));
        Assert.True(Find(Leaf, Plain, impostor, Middle).IsValid);
    }

    [Fact]
    public void X3_an_issuer_must_be_an_authority_may_sign_certificates_and_is_not_passed_too_deep()
    {
        TestCertificate user = End(Root) with { Subject = "CN=user" };
        AssertProblem(CertificationPathProblem.Certificate, "basicConstraints", user, Find(End(user), Plain, user));
        TestCertificate mute = Authority("mute", Root) with { Usage = KeyUsage.CrlSign };
        AssertProblem(CertificationPathProblem.Certificate, "keyUsage", mute, Find(End(mute), Plain, mute));
        TestCertificate last = Authority("last", Root) with { PathLength = 0 };
        TestCertificate below = Authority("below", last);
        Assert.True(Find(End(last), Plain, last).IsValid);
        AssertProblem(CertificationPathProblem.Rule, "RFC 5280 6.1", below, Find(End(below), Plain, last, below));
    }

    [Fact]
    public void X3_the_trusted_authoritys_own_path_length_counts()
    {
        TestCertificate root = Root with { PathLength = 0 };
        TestCertificate middle = Authority("middle", root);
        Assert.True(Search([root], [], Plain).Find(Facts(End(root))).IsValid);
        AssertProblem(CertificationPathProblem.Rule, "path length", root, Search([root], [middle], Plain).Find(Facts(End(middle))));
    }

    [Fact]
    public void An_authority_below_another_may_be_the_trusted_one()
    {
        TestCertificate constrained = Middle with { PermittedAddresses = "usi.test" };
        Assert.True(Search([constrained], [], Plain).Find(Facts(End(constrained))).IsValid);
        TestCertificate outside = End(constrained, "mila@other.test");
        AssertProblem(CertificationPathProblem.Names, "name constraints", outside, Search([constrained], [], Plain).Find(Facts(outside)));
    }

    [Fact]
    public void An_unknown_critical_extension_makes_the_path_invalid_wherever_it_stands()
    {
        (string, bool, Asn1Encodable)[] critical = [("1.2.3.4", true, DerNull.Instance)], plain = [("1.2.3.4", false, DerNull.Instance)];
        TestCertificate odd = Middle with { Extensions = critical };
        AssertProblem(CertificationPathProblem.Certificate, "unknown critical extension 1.2.3.4", odd, Find(End(odd), Plain, odd));
        TestCertificate leaf = Leaf with { Extensions = critical };
        AssertProblem(CertificationPathProblem.Certificate, "unknown critical extension 1.2.3.4", leaf, Find(leaf, Plain, Middle));
        TestCertificate fine = Middle with { Extensions = plain };
        Assert.True(Find(End(fine) with { Extensions = plain }, Plain, fine).IsValid);
    }

    [Fact]
    public void Extended_key_usage_of_an_authority_counts_for_mail_alone()
    {
        TestCertificate web = Middle with { Purpose = KeyPurposeID.id_kp_serverAuth };
        TestCertificate mail = Middle with { Purpose = KeyPurposeID.id_kp_emailProtection };
        Assert.True(Find(End(web), Plain, web).IsValid);
        AssertProblem(CertificationPathProblem.Certificate, "extended key usage", web, Find(End(web), Plain with { ForMail = true }, web));
        Assert.True(Find(End(mail), Plain with { ForMail = true }, mail).IsValid);
    }
}
