using Cstp.Abstractions;
using Cstp.Core.Trust;
using Cstp.Core.Trust.Revocation;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Trust.Revocation;

public sealed class RevocationKnowledgeTests
{
    private static readonly Mailbox s_mila = Mailbox.Parse("mila@usi.test");
    private readonly FakeTimeProvider _time = new(TestCertificate.Now);
    private readonly TestCertificate _root = TestCertificate.Authority("root");
    private readonly TestCertificate _middle;
    private readonly TestCertificate _leaf;

    public RevocationKnowledgeTests()
    {
        _middle = TestCertificate.Authority("middle") with { Issuer = _root };
        _leaf = TestCertificate.Of("mila@usi.test") with { Issuer = _middle };
    }

    private RevocationKnowledge Knowledge(UnknownRevocation unknown, params TestCrl[] lists)
    {
        var knowledge = new RevocationKnowledge(new RevocationOptions { Unknown = unknown }, _time);
        knowledge.TakeLists([.. lists.Select(list => list.Issue())]);
        return knowledge;
    }

    private TrustSnapshot Snapshot(RevocationKnowledge knowledge, params StoredCertificate[] more) => new(
        [_root.Stored(CertificateRole.Authority, ""), _middle.Stored(CertificateRole.Authority, "", TrustState.Untrusted), .. more], [], _time, ["amd.test"], revocation: knowledge);

    private SignerStanding Judge(RevocationKnowledge knowledge, params StoredCertificate[] more) =>
        Snapshot(knowledge, more).Judge(_leaf.Encoded, [], s_mila).Standing;

    private TestCrl List(TestCertificate issuer, params TestCertificate[] revoked) => new(issuer, _time.GetUtcNow().AddDays(-1)) { Revoked = revoked };

    [Fact]
    public void Without_lists_nothing_is_looked_at() => Assert.Equal(SignerStanding.TrustedUser, Judge(Knowledge(UnknownRevocation.Soft)));

    [Fact]
    public void A_signer_whose_whole_path_stands_under_lists_is_trusted() =>
        Assert.Equal(SignerStanding.TrustedUser, Judge(Knowledge(UnknownRevocation.Hard, List(_root), List(_middle))));

    [Fact]
    public void A_revoked_signer_fails_also_where_an_administrator_trusted_the_certificate()
    {
        RevocationKnowledge knowledge = Knowledge(UnknownRevocation.Soft, List(_middle, _leaf));
        Assert.Equal(SignerStanding.Revoked, Judge(knowledge));
        Assert.Equal(SignerStanding.Revoked, Judge(knowledge, _leaf.Stored(CertificateRole.User, "mila@usi.test")));
    }

    [Fact]
    public void A_signer_under_a_revoked_authority_fails() => Assert.Equal(SignerStanding.Revoked, Judge(Knowledge(UnknownRevocation.Soft, List(_root, _middle), List(_middle))));

    [Fact]
    public void What_is_unknown_counts_as_the_policy_says()
    {
        Assert.Equal(SignerStanding.TrustedUser, Judge(Knowledge(UnknownRevocation.Soft, List(_middle))));
        Assert.Equal(SignerStanding.RevocationUnknown, Judge(Knowledge(UnknownRevocation.Hard, List(_middle))));
        Assert.Equal(SignerStanding.RevocationUnknown, Judge(Knowledge(UnknownRevocation.Hard)));
    }

    [Fact]
    public void X8_a_list_that_ran_out_or_was_signed_by_another_key_is_as_none()
    {
        TestCrl old = List(_middle, _leaf) with { NextUpdate = _time.GetUtcNow().AddHours(-1) };
        TestCrl foreign = List(_middle, _leaf) with { Signer = TestCertificate.Authority("middle") };
        foreach (TestCrl list in new[] { old, foreign })
        {
            Assert.Equal(SignerStanding.TrustedUser, Judge(Knowledge(UnknownRevocation.Soft, List(_root), list)));
            Assert.Equal(SignerStanding.RevocationUnknown, Judge(Knowledge(UnknownRevocation.Hard, List(_root), list)));
        }
    }

    [Fact]
    public void A_list_is_forgotten_when_it_runs_out()
    {
        RevocationKnowledge knowledge = Knowledge(UnknownRevocation.Hard, List(_root), List(_middle));
        TrustSnapshot snapshot = Snapshot(knowledge);
        Assert.Equal(SignerStanding.TrustedUser, snapshot.Judge(_leaf.Encoded, [], s_mila).Standing);
        _time.Advance(TimeSpan.FromDays(7));
        Assert.Equal(SignerStanding.RevocationUnknown, snapshot.Judge(_leaf.Encoded, [], s_mila).Standing);
    }

    [Fact]
    public void Nothing_is_encrypted_to_a_revoked_certificate_and_mail_to_an_unsettled_one_waits()
    {
        StoredCertificate stored = _leaf.Stored(CertificateRole.User, "mila@usi.test");
        Assert.Empty(Snapshot(Knowledge(UnknownRevocation.Soft, List(_middle, _leaf)), stored).FindRecipientCertificates(s_mila));

        TrustSnapshot soft = Snapshot(Knowledge(UnknownRevocation.Soft, List(_root)), stored);
        Assert.False(soft.AwaitsRevocation(Assert.Single(soft.FindRecipientCertificates(s_mila)).Certificate));
        TrustSnapshot hard = Snapshot(Knowledge(UnknownRevocation.Hard, List(_root)), stored);
        Assert.True(hard.AwaitsRevocation(Assert.Single(hard.FindRecipientCertificates(s_mila)).Certificate));
        TrustSnapshot settled = Snapshot(Knowledge(UnknownRevocation.Hard, List(_root), List(_middle)), stored);
        Assert.False(settled.AwaitsRevocation(Assert.Single(settled.FindRecipientCertificates(s_mila)).Certificate));
    }

    [Fact]
    public void A_certificate_that_no_authority_issued_has_nobody_who_could_revoke_it()
    {
        TestCertificate own = TestCertificate.Of("mila@usi.test");
        TrustSnapshot hard = Snapshot(Knowledge(UnknownRevocation.Hard), own.Stored(CertificateRole.User, "mila@usi.test"));
        Assert.Equal(SignerStanding.TrustedUser, hard.Judge(own.Encoded, [], s_mila).Standing);
        Assert.False(hard.AwaitsRevocation(own.Encoded));
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2600::1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("::7f00:1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("10.99.0.1", true)]
    public void X7_only_public_and_allowed_addresses_are_connected_to(string address, bool allowed) =>
        Assert.Equal(allowed, new PublicAddresses(["10.99.0.0/16"]).Allows(System.Net.IPAddress.Parse(address)));
}
