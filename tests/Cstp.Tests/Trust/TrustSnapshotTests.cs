using Cstp.Abstractions;
using Cstp.Core.Trust;
using Microsoft.Extensions.Time.Testing;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Tests.Trust;

public sealed class TrustSnapshotTests
{
    private static readonly Mailbox Mila = Mailbox.Parse("mila@usi.test");
    private readonly FakeTimeProvider _time = new(TestCertificate.Now);

    private IReadOnlyList<RecipientCertificate> Find(Mailbox mailbox, params StoredCertificate[] stored) => new TrustSnapshot(stored, [], _time).FindRecipientCertificates(mailbox);

    [Fact]
    public void A_users_certificates_all_count_before_the_gateways_newest_first()
    {
        TestCertificate older = TestCertificate.Of("mila@usi.test"), newer = TestCertificate.Of("mila@usi.test"), gateway = TestCertificate.Of("box@usi.test");
        StoredCertificate[] stored =
        [
            older.Stored(CertificateRole.User, "mila@usi.test"),
            newer.Stored(CertificateRole.User, "mila@usi.test") with { FirstSeen = TestCertificate.Now },
            gateway.Stored(CertificateRole.Gateway, "usi.test"),
        ];
        Assert.Equal([newer.Encoded, older.Encoded], Find(Mila, stored).Select(found => found.Certificate));
        RecipientCertificate other = Assert.Single(Find(Mailbox.Parse("other@USI.test"), stored));
        Assert.Equal(new RecipientCertificate(gateway.Encoded, CertificateScope.Gateway), other);
        Assert.Empty(Find(Mailbox.Parse("mila@sub.usi.test"), stored));
    }

    [Fact]
    public void Local_parts_compare_without_case_only_where_none_is_written_alike()
    {
        TestCertificate lower = TestCertificate.Of("mila@usi.test"), upper = TestCertificate.Of("Mila@usi.test");
        StoredCertificate[] both = [lower.Stored(CertificateRole.User, "mila@usi.test"), upper.Stored(CertificateRole.User, "Mila@usi.test")];
        Assert.Equal(upper.Encoded, Assert.Single(Find(Mailbox.Parse("Mila@usi.test"), both)).Certificate);
        Assert.Equal(lower.Encoded, Assert.Single(Find(Mailbox.Parse("MILA@usi.test"), both[0])).Certificate);
    }

    [Fact]
    public void Untrusted_revoked_expired_and_unfit_certificates_are_not_encrypted_to()
    {
        TestCertificate fine = TestCertificate.Of("mila@usi.test") with { Usage = KeyUsage.KeyAgreement };
        Assert.Single(Find(Mila, fine.Stored(CertificateRole.User, "mila@usi.test")));
        Assert.Empty(Find(Mila, fine.Stored(CertificateRole.User, "mila@usi.test", TrustState.Untrusted)));
        Assert.Empty(Find(Mila, fine.Stored(CertificateRole.User, "mila@usi.test"), fine.Stored(CertificateRole.User, "m@usi.test", TrustState.Revoked)));
        TestCertificate[] unfit =
        [
            TestCertificate.Of("mila@usi.test") with { Usage = KeyUsage.DigitalSignature },
            TestCertificate.Of("mila@usi.test") with { Usage = KeyUsage.KeyEncipherment },
            TestCertificate.Of("mila@usi.test") with { NotAfter = TestCertificate.Now.AddSeconds(-1) },
            TestCertificate.Of("mila@usi.test") with { Purpose = KeyPurposeID.id_kp_codeSigning },
        ];
        Assert.All(unfit, one => Assert.Empty(Find(Mila, one.Stored(CertificateRole.User, "mila@usi.test"))));
    }

    [Fact]
    public void Of_several_certificates_those_count_that_the_module_can_encrypt_to_and_where_it_can_to_none_nothing_goes_out_in_clear()
    {
        TestCertificate Kem(int usage) => TestCertificate.Of("mila@usi.test") with
        {
            ForcedKey = PrivateKeys.PublicKeyOf(((Pkcs8PrivateKey)KeyGeneration.Create(KeyKind.MlDsa65, Mila, null, TestCertificate.Now)[1].Identity.PrivateKey).Der.Span),
            Usage = usage,
        };
        TestCertificate kem = Kem(KeyUsage.KeyEncipherment), curve = TestCertificate.Of("mila@usi.test"), gateway = TestCertificate.Of("box@usi.test");
        StoredCertificate[] stored = [kem.Stored(CertificateRole.User, "mila@usi.test"), curve.Stored(CertificateRole.User, "mila@usi.test"), gateway.Stored(CertificateRole.Gateway, "usi.test")];
        var snapshot = new TrustSnapshot(stored, [], _time);
        IEnumerable<EncodedCertificate> For(TrustSnapshot store, params string[] able) => store.FindRecipientCertificates(Mila, able).Select(found => found.Certificate);

        Assert.Equal(2, For(snapshot, CmsAlgorithmNames.EcdhP256, CmsAlgorithmNames.MlKem768).Count());
        Assert.Equal([curve.Encoded], For(snapshot, CmsAlgorithmNames.EcdhP256));
        Assert.Equal([kem.Encoded], For(snapshot, CmsAlgorithmNames.MlKem768));
        Assert.Equal([kem.Encoded], For(new TrustSnapshot([stored[0], stored[2]], [], _time), CmsAlgorithmNames.EcdhP256));
        Assert.Empty(Find(Mila, Kem(KeyUsage.KeyAgreement).Stored(CertificateRole.User, "mila@usi.test")));   // RFC 9935 5
        Assert.Empty(Find(Mila, (TestCertificate.Of("mila@usi.test") with
        {
            ForcedKey = PrivateKeys.PublicKeyOf(((Pkcs8PrivateKey)KeyGeneration.Create(KeyKind.MlDsa65, Mila, null, TestCertificate.Now)[0].Identity.PrivateKey).Der.Span),
        }).Stored(CertificateRole.User, "mila@usi.test")));
    }

    [Fact]
    public void Validity_is_judged_at_the_time_of_the_call()
    {
        TestCertificate soon = TestCertificate.Of("mila@usi.test") with { NotAfter = TestCertificate.Now.AddHours(1) };
        var snapshot = new TrustSnapshot([soon.Stored(CertificateRole.User, "mila@usi.test")], [], _time);
        Assert.Single(snapshot.FindRecipientCertificates(Mila));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Empty(snapshot.FindRecipientCertificates(Mila));
    }

    [Fact]
    public void Gateways_read_authenticated_encryption_and_OAEP_and_users_where_they_said_so()
    {
        TestCertificate gateway = TestCertificate.Of("box@usi.test"), silent = TestCertificate.Of("a@usi.test"), told = TestCertificate.Of("b@usi.test");
        TestCertificate extension = TestCertificate.Of("c@usi.test") with
        {
            Extensions = [("1.2.840.113549.1.9.15", false, new DerSequence(new DerSequence(new DerObjectIdentifier("2.16.840.1.101.3.4.1.46"))))],
        };
        var snapshot = new TrustSnapshot(
            [
                gateway.Stored(CertificateRole.Gateway, "usi.test"), silent.Stored(CertificateRole.User, "a@usi.test"),
                told.Stored(CertificateRole.User, "b@usi.test", TrustState.Trusted, CmsAlgorithmNames.Aes256Gcm, CmsAlgorithmNames.RsaOaep),
                extension.Stored(CertificateRole.User, "c@usi.test"),
            ], [], _time);
        Assert.Equal((true, true), (snapshot.ReadsAuthenticatedEncryption(gateway.Encoded), snapshot.ReadsOaep(gateway.Encoded)));
        Assert.Equal((false, false), (snapshot.ReadsAuthenticatedEncryption(silent.Encoded), snapshot.ReadsOaep(silent.Encoded)));
        Assert.Equal((true, true), (snapshot.ReadsAuthenticatedEncryption(told.Encoded), snapshot.ReadsOaep(told.Encoded)));
        Assert.Equal((true, false), (snapshot.ReadsAuthenticatedEncryption(extension.Encoded), snapshot.ReadsOaep(extension.Encoded)));
    }

    [Fact]
    public void The_newest_usable_key_signs_the_users_before_the_gateways_and_all_decrypt()
    {
        Mailbox juro = Mailbox.Parse("juro@amd.test");
        TestCertificate old = TestCertificate.Of("box@amd.test"), current = TestCertificate.Of("box@amd.test"), user = TestCertificate.Of("juro@amd.test");
        TestCertificate expired = TestCertificate.Of("box@amd.test") with { NotAfter = TestCertificate.Now.AddDays(-1) };
        OwnKey Key(TestCertificate certificate, Mailbox? owner, int day) => new(certificate.Identity, owner, true, true, TestCertificate.Now.AddDays(day));
        var snapshot = new TrustSnapshot([], [Key(old, null, 1), Key(current, null, 2), Key(expired, null, 3), Key(user, juro, 1)], _time);

        Assert.Equal(user.Encoded, snapshot.FindSigner(Mailbox.Parse("Juro@amd.test"))?.Identity.Certificate);
        Assert.Equal(juro, snapshot.FindSigner(juro)?.Owner);
        Assert.Equal(current.Encoded, snapshot.FindSigner(Mila)?.Identity.Certificate);
        Assert.Equal(current.Encoded, snapshot.FindSigner(null)?.Identity.Certificate);
        Assert.Equal([expired.Encoded, current.Encoded, old.Encoded], snapshot.GatewayDecryptionKeys.Select(key => key.Certificate));
        Assert.Equal(user.Encoded, Assert.Single(snapshot.UserDecryptionKeys(juro)).Certificate);
        Assert.Empty(snapshot.UserDecryptionKeys(Mila));
        Assert.Null(new TrustSnapshot([], [], _time).FindSigner(null));
    }

    [Theory]
    [InlineData(KeyKind.P256, null)]
    [InlineData(KeyKind.P384, DigestAlgorithm.Sha384)]
    [InlineData(KeyKind.Rsa2048, null)]
    [InlineData(KeyKind.Ed25519, DigestAlgorithm.Sha512)]
    [InlineData(KeyKind.MlDsa65, DigestAlgorithm.Sha512)]
    [InlineData(KeyKind.MlDsa87, DigestAlgorithm.Sha512)]
    public void A_made_key_signs_is_encrypted_to_and_names_the_digest_its_kind_demands(object kind, DigestAlgorithm? digest)
    {
        Mailbox box = Mailbox.Parse("cstpbox@amd.test");
        IReadOnlyList<OwnKey> keys = KeyGeneration.Create((KeyKind)kind, box, null, TestCertificate.Now);
        var snapshot = new TrustSnapshot([], keys, _time);
        SigningIdentity signer = Assert.IsType<SigningIdentity>(snapshot.FindSigner(null));
        Assert.Equal(digest, signer.Digest);
        Assert.Equal(keys.Count > 1, signer.EncryptionCertificate is not null);
        EncodedCertificate reader = signer.EncryptionCertificate ?? signer.Identity.Certificate;
        Assert.Equal(reader, Assert.Single(snapshot.GatewayDecryptionKeys).Certificate);
        var peer = new TrustSnapshot([.. keys.Select(key => new StoredCertificate(key.Identity.Certificate, CertificateRole.Gateway, "amd.test", TrustState.Trusted, TestCertificate.Now, "import", []))], [], _time);
        Assert.Equal(reader, Assert.Single(peer.FindRecipientCertificates(Mailbox.Parse("juro@amd.test"))).Certificate);
        Assert.Equal(SignerStanding.TrustedGateway, peer.Judge(signer.Identity.Certificate, [], Mailbox.Parse("juro@amd.test")).Standing);
    }

    [Fact]
    public void J3_a_signer_is_found_by_issuer_and_serial_or_key_identifier_the_trusted_one_first()
    {
        TestCertificate first = TestCertificate.Of("a@usi.test") with { Extensions = [("2.5.29.14", false, new SubjectKeyIdentifier([1, 2, 3]))] };
        TestCertificate second = TestCertificate.Of("b@usi.test") with { Extensions = [("2.5.29.14", false, new SubjectKeyIdentifier([1, 2, 3]))] };
        var snapshot = new TrustSnapshot([first.Stored(CertificateRole.User, "a@usi.test", TrustState.Untrusted), second.Stored(CertificateRole.User, "b@usi.test")], [], _time);
        Assert.Equal([second.Encoded, first.Encoded], snapshot.Lookup(new(default, default, new byte[] { 1, 2, 3 })));
        X509CertificateStructure structure = X509CertificateStructure.GetInstance(first.Encoded.Der.ToArray());
        Assert.Equal(first.Encoded, Assert.Single(snapshot.Lookup(new(structure.Issuer.GetEncoded(), structure.SerialNumber.Value.ToByteArray(), default))));
        Assert.Empty(snapshot.Lookup(new(default, default, new byte[] { 9 })));
    }
}
