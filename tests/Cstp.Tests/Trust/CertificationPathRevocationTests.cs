using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Tests.Trust;

/// <summary>Revocation lists (RFC 5280 6.3).</summary>
public sealed class CertificationPathRevocationTests : CertificationPathFixture
{
    [Fact]
    public void Without_a_revocation_list_nothing_is_said_about_revocation()
    {
        Assert.True(Find(Leaf, Plain, Middle).IsValid);
        Assert.True(Find(Leaf, With(new TestCrl(Root, Now), new TestCrl(Middle, Now)), Middle).IsValid);
    }

    [Fact]
    public void A_revoked_certificate_or_authority_makes_the_path_invalid()
    {
        var ofRoot = new TestCrl(Root, Now);
        var ofMiddle = new TestCrl(Middle, Now);
        AssertProblem(CertificationPathProblem.Revoked, "2020-04-10 00:00:00", Leaf, Find(Leaf, With(ofRoot, ofMiddle with { Revoked = [Leaf] }), Middle));
        AssertProblem(CertificationPathProblem.Revoked, "keyCompromise", Middle, Find(Leaf, With(ofRoot with { Revoked = [Middle] }, ofMiddle), Middle));
        Assert.True(Find(Leaf, With(ofRoot, ofMiddle with { Revoked = [End(Middle)] }), Middle).IsValid);
    }

    [Fact]
    public void A_revoked_cross_certificate_does_not_bar_the_other_way()
    {
        TestCertificate again = Middle with { NotBefore = Begin.AddDays(1) };
        TestCrl[] crls = [new(Root, Now) { Revoked = [Middle] }, new(Middle, Now)];
        CertificationPathVerdict verdict = Find(Leaf, With(crls), Middle, again);
        Assert.True(verdict.IsValid, verdict.Reason);
        Assert.Equal(again.Encoded, verdict.Path[1].Certificate);
    }

    [Fact]
    public void X8_a_list_that_is_too_old_of_another_issuer_forged_or_not_understood_is_none()
    {
        var ofRoot = new TestCrl(Root, Now);
        TestCertificate stranger = Authority("middle");
        TestCrl[] useless =
        [
            new(Middle, Now.AddDays(-30)),
            new(Authority("other", Root), Now),
            new(Middle, Now) { Signer = stranger },
            new(Middle, Now) { Extensions = [("1.2.3.4", true, DerNull.Instance)] },
        ];
        Assert.True(Find(Leaf, With(ofRoot, new TestCrl(Middle, Now)), Middle).IsValid);
        Assert.All(useless, crl => AssertProblem(CertificationPathProblem.RevocationUnknown, "no CRL", Leaf, Find(Leaf, With(ofRoot, crl), Middle)));
        Assert.True(Find(Leaf, With([ofRoot, new TestCrl(Middle, Now), .. useless[..3]]), Middle).IsValid);
    }

    [Fact]
    public void A_later_list_tells_what_was_revoked_at_the_time()
    {
        TestCrl[] later = [new(Root, Now.AddDays(50)), new(Middle, Now.AddDays(50)) { Revoked = [Leaf], RevokedAt = Now.AddDays(20), Reason = CrlReason.Superseded }];
        Assert.True(Find(Leaf, With(later), Middle).IsValid);
        TestCrl before = later[1] with { RevokedAt = Now.AddDays(-20) };
        // Since when somebody else has the key nobody knows.
        TestCrl compromised = later[1] with { Reason = CrlReason.KeyCompromise };
        Assert.All(new[] { before, compromised }, crl => Assert.Equal(CertificationPathProblem.Revoked, Find(Leaf, With(later[0], crl), Middle).Problem));
    }

    [Fact]
    public void A_list_counts_only_where_its_issuer_may_sign_lists()
    {
        TestCertificate mute = Middle with { Usage = KeyUsage.KeyCertSign };
        TestCertificate leaf = End(mute);
        AssertProblem(CertificationPathProblem.RevocationUnknown, "CRL signing", leaf, Find(leaf, With(new TestCrl(Root, Now), new TestCrl(mute, Now)), mute));
    }

    [Fact]
    public void A_list_may_be_signed_by_another_key_of_its_issuer()
    {
        TestCertificate mute = Middle with { Usage = KeyUsage.KeyCertSign };
        TestCertificate leaf = End(mute);
        TestCertificate lister = new() { Subject = "CN=middle", Issuer = Root, Usage = KeyUsage.CrlSign, NotBefore = Begin, NotAfter = Begin.AddYears(1) };
        TestCrl ofRoot = new(Root, Now), list = new(lister, Now);
        Assert.True(Find(leaf, With(ofRoot, list), mute, lister).IsValid);
        Assert.Equal(CertificationPathProblem.Revoked, Find(leaf, With(ofRoot, list with { Revoked = [leaf] }), mute, lister).Problem);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot with { Revoked = [lister] }, list), mute, lister).Problem);
        TestCertificate stranger = lister with { Issuer = Authority("stranger") };
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot, list), mute, stranger).Problem);
    }

    [Fact]
    public void A_list_may_be_issued_by_whom_the_distribution_point_names()
    {
        TestCertificate lister = new() { Subject = "CN=lister", Issuer = Root, Usage = KeyUsage.CrlSign, NotBefore = Begin, NotAfter = Begin.AddYears(1) };
        TestCertificate leaf = Leaf with { Extensions = [Point("list", lister.Subject)] };
        TestCrl ofRoot = new(Root, Now), list = new(lister, Now) { Extensions = [Scope("list", lister.Subject, indirect: true)] };
        Assert.True(Find(leaf, With(ofRoot, list), Middle, lister).IsValid);
        // The library does not read the entry's critical extension that names the issuer, once the entry is the certificate's.
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot, list with { Revoked = [leaf], EntryIssuer = Middle }), Middle, lister).Problem);
        // The serial number of another issuer's certificate.
        Assert.True(Find(leaf, With(ofRoot, list with { Revoked = [leaf], EntryIssuer = Root }), Middle, lister).IsValid);
        TestCrl direct = list with { Extensions = [Scope("list", lister.Subject, indirect: false)] };
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(leaf, With(ofRoot, direct), Middle, lister).Problem);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, list), Middle, lister).Problem);
    }

    [Fact]
    public void A_list_covers_what_its_scope_says()
    {
        TestCrl ofRoot = new(Root, Now);
        TestCrl Scoped(IssuingDistributionPoint scope) => new(Middle, Now) { Extensions = [(X509Extensions.IssuingDistributionPoint.Id, true, scope)] };
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
        TestCrl ofRoot = new(Root, Now);
        TestCrl complete = new(Middle, Now.AddDays(-1)) { Extensions = [AuthorityIdentifier("middle"), Number(X509Extensions.CrlNumber, 1)] };
        TestCrl delta = new(Middle, Now) { Extensions = [AuthorityIdentifier("middle"), Number(X509Extensions.CrlNumber, 2), Number(X509Extensions.DeltaCrlIndicator, 1)] };
        Assert.True(Find(Leaf, With(ofRoot, complete, delta), Middle).IsValid);
        Assert.Equal(CertificationPathProblem.Revoked, Find(Leaf, With(ofRoot, complete, delta with { Revoked = [Leaf] }), Middle).Problem);
        Assert.True(Find(Leaf, With(ofRoot, complete with { Revoked = [Leaf], Reason = CrlReason.CertificateHold }, delta with { Revoked = [Leaf], Reason = CrlReason.RemoveFromCrl }), Middle).IsValid);
        Assert.Equal(CertificationPathProblem.RevocationUnknown, Find(Leaf, With(ofRoot, delta), Middle).Problem);
    }

    private static (string, bool, Asn1Encodable) Point(string name, string issuer) => (X509Extensions.CrlDistributionPoints.Id, false,
        new CrlDistPoint([new DistributionPoint(PointName(name, issuer), null, new GeneralNames(new GeneralName(new X509Name(issuer))))]));

    private static (string, bool, Asn1Encodable) Scope(string name, string issuer, bool indirect) => (X509Extensions.IssuingDistributionPoint.Id, true,
        new IssuingDistributionPoint(PointName(name, issuer), false, false, null, indirect, false));

    private static DistributionPointName PointName(string name, string issuer) => new(new GeneralNames(new GeneralName(new X509Name($"CN={name},{issuer}"))));
}
