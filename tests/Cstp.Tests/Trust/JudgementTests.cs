using System.Diagnostics;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Microsoft.Extensions.Time.Testing;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Math;

namespace Cstp.Tests.Trust;

public sealed class JudgementTests
{
    private static readonly Mailbox Mila = Mailbox.Parse("mila@usi.test");
    private readonly FakeTimeProvider _time = new(TestCertificate.Now);

    private SignerJudgement Judge(TestCertificate signer, Mailbox? from, StoredCertificate[] stored, TestCertificate[]? carried = null) =>
        new TrustSnapshot(stored, [], _time, ["amd.test"]).Judge(signer.Encoded, [.. (carried ?? []).Select(one => one.Encoded)], from);

    [Fact]
    public void A_trusted_user_speaks_for_the_tied_address_and_for_those_in_the_certificate_without_case()
    {
        TestCertificate signer = TestCertificate.Of("mila@usi.test");
        StoredCertificate[] stored = [signer.Stored(CertificateRole.User, "tied@usi.test")];
        Assert.Equal(SignerStanding.TrustedUser, Judge(signer, Mila, stored).Standing);
        Assert.Equal(SignerStanding.TrustedUser, Judge(signer, Mailbox.Parse("MILA@USI.test"), stored).Standing);
        Assert.Equal(SignerStanding.TrustedUser, Judge(signer, Mailbox.Parse("tied@usi.test"), stored).Standing);
        Assert.Equal(SignerStanding.OtherUser, Judge(signer, Mailbox.Parse("other@usi.test"), stored).Standing);
        Assert.Equal(SignerStanding.OtherUser, Judge(signer, null, stored).Standing);
    }

    [Fact]
    public void A_trusted_gateway_speaks_for_its_domain_alone()
    {
        TestCertificate signer = TestCertificate.Of("cstpbox@usi.test");
        StoredCertificate[] stored = [signer.Stored(CertificateRole.Gateway, "usi.test")];
        SignerJudgement own = Judge(signer, Mila, stored);
        Assert.Equal(SignerStanding.TrustedGateway, own.Standing);
        Assert.Equal("cstpbox@usi.test", own.Identifier);
        Assert.Equal(SignerStanding.OtherGateway, Judge(signer, Mailbox.Parse("mila@sub.usi.test"), stored).Standing);
        Assert.Equal(SignerStanding.OtherGateway, Judge(signer, null, stored).Standing);
    }

    [Fact]
    public void The_boxs_own_certificate_speaks_for_the_local_domains()
    {
        TestCertificate own = TestCertificate.Of("cstpbox@amd.test");
        var snapshot = new TrustSnapshot([], [new(own.Identity, null, true, true, TestCertificate.Now)], _time, ["amd.test"]);
        Assert.Equal(SignerStanding.TrustedGateway, snapshot.Judge(own.Encoded, [], Mailbox.Parse("juro@AMD.test")).Standing);
        Assert.Equal(SignerStanding.OtherGateway, snapshot.Judge(own.Encoded, [], Mila).Standing);
        Assert.True(snapshot.IsGatewayCertificate(own.Encoded));
    }

    [Fact]
    public void An_unknown_signer_is_untrusted()
    {
        TestCertificate signer = TestCertificate.Of("mila@usi.test");
        Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, []).Standing);
        Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, [signer.Stored(CertificateRole.User, "mila@usi.test", TrustState.Untrusted)]).Standing);
    }

    [Fact]
    public void J12_a_revoked_signer_is_revoked_also_where_another_entry_trusts_it()
    {
        TestCertificate signer = TestCertificate.Of("mila@usi.test");
        Assert.Equal(SignerStanding.Revoked, Judge(signer, Mila,
            [signer.Stored(CertificateRole.User, "mila@usi.test", TrustState.Revoked), signer.Stored(CertificateRole.Gateway, "usi.test")]).Standing);
    }

    [Fact]
    public void J12_expired_not_yet_valid_wrong_usage_and_wrong_purpose_are_unusable()
    {
        TestCertificate good = TestCertificate.Of("mila@usi.test") with { Usage = KeyUsage.NonRepudiation, Purpose = KeyPurposeID.AnyExtendedKeyUsage };
        TestCertificate[] bad =
        [
            TestCertificate.Of("mila@usi.test") with { NotAfter = TestCertificate.Now.AddDays(-1) },
            TestCertificate.Of("mila@usi.test") with { NotBefore = TestCertificate.Now.AddDays(1) },
            TestCertificate.Of("mila@usi.test") with { Usage = KeyUsage.KeyAgreement },
            TestCertificate.Of("mila@usi.test") with { Purpose = KeyPurposeID.id_kp_serverAuth },
            TestCertificate.Of("mila@usi.test") with { Extensions = [("1.2.3.4", true, DerNull.Instance)] },
        ];
        Assert.Equal(SignerStanding.TrustedUser, Judge(good, Mila, [good.Stored(CertificateRole.User, "mila@usi.test")]).Standing);
        Assert.All(bad, signer => Assert.Equal(SignerStanding.Unusable, Judge(signer, Mila, [signer.Stored(CertificateRole.User, "mila@usi.test")]).Standing));
    }

    [Fact]
    public void J12_an_authority_is_no_signer_unless_an_administrator_tied_it_to_an_address()
    {
        TestCertificate authority = TestCertificate.Authority("ca") with { Names = [new GeneralName(GeneralName.Rfc822Name, "mila@usi.test")] };
        Assert.Equal(SignerStanding.Unusable, Judge(authority, Mila, [authority.Stored(CertificateRole.Authority, "")]).Standing);
        Assert.Equal(SignerStanding.Unusable, Judge(authority, Mila, []).Standing);
        Assert.Equal(SignerStanding.TrustedUser, Judge(authority, Mila, [authority.Stored(CertificateRole.User, "mila@usi.test")]).Standing);
    }

    [Theory]
    [InlineData(KeyKind.P256)]
    [InlineData(KeyKind.MlDsa65)]
    public void A_chain_to_a_trusted_authority_counts_for_the_addresses_in_the_certificate(object kind)
    {
        byte[] key = ((Pkcs8PrivateKey)KeyGeneration.Create((KeyKind)kind, Mila, null, TestCertificate.Now)[0].Identity.PrivateKey).Der.ToArray();
        TestCertificate root = TestCertificate.Authority("root") with { Pkcs8 = key };
        TestCertificate middle = TestCertificate.Authority("middle") with { Issuer = root };
        TestCertificate signer = TestCertificate.Of("mila@usi.test") with { Issuer = middle };
        StoredCertificate[] stored = [root.Stored(CertificateRole.Authority, "")];
        Assert.Equal(SignerStanding.TrustedUser, Judge(signer, Mila, stored, [middle]).Standing);
        Assert.Equal(SignerStanding.OtherUser, Judge(signer, Mailbox.Parse("x@usi.test"), stored, [middle]).Standing);
        Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, stored).Standing);
        Assert.Equal(SignerStanding.TrustedUser, Judge(signer, Mila, [.. stored, middle.Stored(CertificateRole.Authority, "", TrustState.Untrusted)]).Standing);
        Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, [.. stored, middle.Stored(CertificateRole.Authority, "", TrustState.Revoked)], [middle]).Standing);
        Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, [root.Stored(CertificateRole.Authority, "", TrustState.Untrusted)], [middle]).Standing);
    }

    [Fact]
    public void J5_an_address_in_the_common_name_alone_or_none_counts_only_by_a_store_entry()
    {
        TestCertificate root = TestCertificate.Authority("root");
        TestCertificate signer = new() { Subject = "CN=mila@usi.test", Issuer = root };
        StoredCertificate authority = root.Stored(CertificateRole.Authority, "");
        Assert.Equal(SignerStanding.OtherUser, Judge(signer, Mila, [authority]).Standing);
        Assert.Equal(SignerStanding.TrustedUser, Judge(signer, Mila, [authority, signer.Stored(CertificateRole.User, "mila@usi.test")]).Standing);
        TestCertificate bySubject = new() { Subject = "E=mila@usi.test,CN=Mila", Issuer = root };
        Assert.Equal(SignerStanding.TrustedUser, Judge(bySubject, Mila, [authority]).Standing);
    }

    [Theory]
    [InlineData("usi.test", "mila@usi.test", SignerStanding.TrustedUser)]
    [InlineData("usi.test", "mila@USI.TEST", SignerStanding.TrustedUser)]
    [InlineData("other.test", "mila@usi.test", SignerStanding.Untrusted)]
    [InlineData("other.test", "mila@USI.test", SignerStanding.Untrusted)]
    [InlineData("other.test", "mila@usi.test.", SignerStanding.Untrusted)]
    public void X1_name_constraints_are_not_evaded_by_case_or_a_trailing_dot(string permitted, string address, object standing)
    {
        TestCertificate root = TestCertificate.Authority("root");
        TestCertificate middle = TestCertificate.Authority("middle") with { Issuer = root, PermittedAddresses = permitted };
        TestCertificate signer = TestCertificate.Of(address) with { Issuer = middle };
        Assert.Equal(standing, Judge(signer, Mila, [root.Stored(CertificateRole.Authority, "")], [middle]).Standing);
    }

    [Fact]
    public void X1_name_constraints_are_not_evaded_by_the_subject_or_by_an_SmtpUTF8Mailbox()
    {
        TestCertificate root = TestCertificate.Authority("root");
        TestCertificate middle = TestCertificate.Authority("middle") with { Issuer = root, PermittedAddresses = "other.test" };
        TestCertificate bySubject = new() { Subject = "E=mila@usi.test", Issuer = middle };
        TestCertificate byUtf8 = new()
        {
            Names = [new GeneralName(GeneralName.OtherName, new OtherName(new DerObjectIdentifier("1.3.6.1.5.5.7.8.9"), new DerUtf8String("mila@usi.test")))],
            Issuer = middle,
        };
        Assert.All([bySubject, byUtf8], signer => Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, [root.Stored(CertificateRole.Authority, "")], [middle]).Standing));
        TestCertificate free = byUtf8 with { Issuer = root };
        Assert.Equal(SignerStanding.TrustedUser, Judge(free, Mila, [root.Stored(CertificateRole.Authority, "")]).Standing);
    }

    [Theory]
    [InlineData("mila@usi.test\0.evil.test")]
    [InlineData("mila@usi.test\r\n")]
    [InlineData("mila@usi.test@evil.test")]
    [InlineData("\"mila@usi.test\"@evil.test")]
    public void X2_an_address_with_NUL_line_end_or_two_at_signs_is_none(string address)
    {
        TestCertificate root = TestCertificate.Authority("root");
        TestCertificate signer = TestCertificate.Of(address) with { Issuer = root };
        SignerJudgement judgement = Judge(signer, Mila, [root.Stored(CertificateRole.Authority, "")]);
        Assert.Equal(SignerStanding.OtherUser, judgement.Standing);
        Assert.Null(judgement.Identifier);
    }

    [Fact]
    public void X3_an_issuer_that_is_no_authority_may_not_issue_or_whose_path_is_too_long_does_not_count()
    {
        TestCertificate root = TestCertificate.Authority("root");
        TestCertificate noAuthority = new() { Subject = "CN=middle", Issuer = root };
        TestCertificate noUsage = TestCertificate.Authority("middle") with { Issuer = root, Usage = KeyUsage.DigitalSignature };
        StoredCertificate[] stored = [root.Stored(CertificateRole.Authority, "")];
        foreach (TestCertificate middle in new[] { noAuthority, noUsage })
            Assert.Equal(SignerStanding.Untrusted, Judge(TestCertificate.Of("mila@usi.test") with { Issuer = middle }, Mila, stored, [middle]).Standing);

        TestCertificate shortRoot = TestCertificate.Authority("short") with { Issuer = root, PathLength = 0 };
        TestCertificate below = TestCertificate.Authority("below") with { Issuer = shortRoot };
        Assert.Equal(SignerStanding.TrustedUser, Judge(TestCertificate.Of("mila@usi.test") with { Issuer = shortRoot }, Mila, stored, [shortRoot]).Standing);
        Assert.Equal(SignerStanding.Untrusted, Judge(TestCertificate.Of("mila@usi.test") with { Issuer = below }, Mila, stored, [shortRoot, below]).Standing);
    }

    [Fact]
    public void X4_loops_and_a_hundred_cross_certificates_are_judged_within_the_budget()
    {
        TestCertificate root = TestCertificate.Authority("unreachable");
        byte[][] keys = [.. Enumerable.Range(0, 10).Select(_ => new TestCertificate().Pkcs8)];
        var cross = new List<TestCertificate>();
        for (int subject = 0; subject < 10; subject++)
        {
            for (int issuer = 0; issuer < 10; issuer++)
            {
                TestCertificate by = TestCertificate.Authority($"ca{issuer}") with { Pkcs8 = keys[issuer] };
                cross.Add(TestCertificate.Authority($"ca{subject}") with { Pkcs8 = keys[subject], Issuer = by });
            }
        }
        TestCertificate signer = TestCertificate.Of("mila@usi.test") with { Issuer = cross[0] };
        var watch = Stopwatch.StartNew();
        StoredCertificate[] stored = [root.Stored(CertificateRole.Authority, ""), .. cross.Select(one => one.Stored(CertificateRole.Authority, "", TrustState.Untrusted))];
        Assert.Equal(SignerStanding.Untrusted, Judge(signer, Mila, stored).Standing);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void X5_impossible_keys_are_unusable_and_not_computed_with()
    {
        static SubjectPublicKeyInfo Rsa(int bits, int exponent) => new(
            new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
            new RsaPublicKeyStructure(BigInteger.One.ShiftLeft(bits - 1).Add(BigInteger.One), BigInteger.ValueOf(exponent)));
        SubjectPublicKeyInfo[] keys =
        [
            Rsa(20_000, 65537), Rsa(1024, 65537), Rsa(2048, 1), Rsa(2048, 4),
            new(new AlgorithmIdentifier(new DerObjectIdentifier("1.2.3.4")), new DerOctetString(new byte[32])),
        ];
        TestCertificate fine = TestCertificate.Of("mila@usi.test") with { ForcedKey = Rsa(2048, 65537) };
        Assert.Equal(SignerStanding.TrustedUser, Judge(fine, Mila, [fine.Stored(CertificateRole.User, "mila@usi.test")]).Standing);
        foreach (SubjectPublicKeyInfo key in keys)
        {
            TestCertificate signer = TestCertificate.Of("mila@usi.test") with { ForcedKey = key };
            var snapshot = new TrustSnapshot([signer.Stored(CertificateRole.User, "mila@usi.test")], [], _time);
            Assert.Equal(SignerStanding.Unusable, snapshot.Judge(signer.Encoded, [], Mila).Standing);
            Assert.Empty(snapshot.FindRecipientCertificates(Mila));
        }
    }

    [Fact]
    public void What_is_no_certificate_is_unusable()
    {
        var garbage = new EncodedCertificate("not a certificate"u8);
        Assert.Equal(SignerStanding.Unusable, new TrustSnapshot([], [], _time).Judge(garbage, [], Mila).Standing);
    }

    [Fact]
    public void Certificates_cut_at_each_octet_or_with_one_bit_changed_never_throw()
    {
        TestCertificate root = TestCertificate.Authority("root");
        byte[] der = (TestCertificate.Of("mila@usi.test") with { Issuer = root }).Encoded.Der.ToArray();
        var snapshot = new TrustSnapshot([root.Stored(CertificateRole.Authority, "")], [], _time);
        for (int i = 0; i < der.Length; i++)
        {
            snapshot.Judge(new(der.AsSpan(0, i)), [], Mila);
            byte[] changed = [.. der];
            changed[i] ^= (byte)(1 << (i % 8));
            SignerJudgement judgement = snapshot.Judge(new(changed), [], Mila);
            Assert.NotEqual(SignerStanding.TrustedUser, judgement.Standing);
        }
    }
}
