using Cstp.Abstractions;
using Cstp.Core.Smime;
using Cstp.Core.Trust;
using Cstp.Tests.Trust;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Smime;

/// <summary>What several signatures of one layer are worth together; one alone is the subject of the signature rows.</summary>
public sealed class SignatureJudgeTests
{
    private static readonly TestCertificate s_user = TestCertificate.Of("mila@usi.test");
    private static readonly TestCertificate s_gateway = TestCertificate.Of("cstpbox@usi.test");

    private static SignatureVerdict Judge(TrustState gateway, params SignerResult[] signers)
    {
        StoredCertificate[] stored = [s_user.Stored(CertificateRole.User, "mila@usi.test"), s_gateway.Stored(CertificateRole.Gateway, "usi.test", gateway)];
        var trust = new TrustSnapshot(stored, [], new FakeTimeProvider(TestCertificate.Now), ["amd.test"]);
        return new SignatureJudge(trust).Judge(new LayerFinding.Signed(new VerificationResult.Checked(signers, []), IsClear: false), new Author(Mailbox.Parse("mila@usi.test"), null));
    }

    private static SignerResult Signer(TestCertificate certificate, SignatureValidity validity = SignatureValidity.Valid, string digest = CmsAlgorithmNames.Sha256) => new()
    {
        Identifier = new SignerIdentifier(default, default, default),
        Validity = validity,
        Certificate = certificate.Encoded,
        Digest = digest,
        Signature = CmsAlgorithmNames.EcdsaP256,
    };

    [Fact]
    public void One_signer_that_fits_From_is_enough_beside_one_that_nobody_knows()
    {
        SignatureVerdict verdict = Judge(TrustState.Untrusted, Signer(s_gateway), Signer(s_user));
        Assert.True(verdict is { Verified: true, Trusted: true, ForSender: true, ByGateway: false });
        Assert.Equal("pass", verdict.Result.Result);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_revoked_signer_fails_the_layer_whoever_else_signed(bool revokedFirst)
    {
        SignerResult[] signers = [Signer(s_gateway), Signer(s_user)];
        SignatureVerdict verdict = Judge(TrustState.Revoked, revokedFirst ? signers : [.. signers.Reverse()]);
        Assert.True(verdict is { Verified: false, Trusted: false, ForSender: false, ByGateway: false });
        Assert.Equal("fail", verdict.Result.Result);
        Assert.Contains("revoked", verdict.Result.Reason, StringComparison.Ordinal);
        Assert.Equal("invalid", verdict.Report.Result);
    }

    [Fact]
    public void One_signature_that_does_not_hold_fails_the_layer_whoever_else_signed()
    {
        SignatureVerdict verdict = Judge(TrustState.Trusted, Signer(s_gateway), Signer(s_user, SignatureValidity.Invalid));
        Assert.True(verdict is { Verified: false, Trusted: false, ForSender: false, ByGateway: false });
        Assert.Equal("fail", verdict.Result.Result);
    }

    [Fact]
    public void A_weak_digest_beside_a_strong_one_takes_nothing_away()
    {
        SignatureVerdict verdict = Judge(TrustState.Trusted, Signer(s_gateway, digest: CmsAlgorithmNames.Sha1), Signer(s_user));
        Assert.True(verdict is { Verified: true, Trusted: true, ForSender: true, ByGateway: false });
        Assert.Equal("pass", verdict.Result.Result);
        Assert.Equal("policy", Judge(TrustState.Trusted, Signer(s_gateway, digest: CmsAlgorithmNames.Sha1)).Result.Result);
    }
}
