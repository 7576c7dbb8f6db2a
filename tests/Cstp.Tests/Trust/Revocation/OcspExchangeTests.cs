using System.Text;
using Cstp.Core.Trust.Revocation;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Ocsp;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust.Revocation;

public sealed class OcspExchangeTests
{
    private static readonly DateTimeOffset s_now = TestCertificate.Now;
    private static readonly TestCertificate s_root = TestCertificate.Authority("root");
    private static readonly TestCertificate s_leaf = TestCertificate.Of("mila@usi.test") with { Issuer = s_root };

    private static RevocationStatus Exchange(TestResponder responder)
    {
        var exchange = new OcspExchange(Parse(s_leaf), Parse(s_root));
        return exchange.Read(responder.Answer(exchange.Request()), s_now);
    }

    private static X509Certificate Parse(TestCertificate certificate) => new(certificate.Encoded.Der.ToArray());

    [Fact]
    public void The_issuers_own_word_counts()
    {
        RevocationStatus good = Exchange(new TestResponder(s_root));
        Assert.Equal((RevocationState.Good, s_now.AddHours(1)), (good.State, good.Until));
        RevocationStatus revoked = Exchange(new TestResponder(s_root) { Status = new RevokedStatus(s_now.AddDays(-2).UtcDateTime, CrlReason.KeyCompromise) });
        Assert.Equal(RevocationState.Revoked, revoked.State);
        Assert.Contains(s_now.AddDays(-2).ToString("u"), revoked.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void So_does_that_of_whom_the_issuer_made_responder()
    {
        TestCertificate made = new TestCertificate { Subject = "CN=responder", Issuer = s_root, Purpose = KeyPurposeID.id_kp_OCSPSigning };
        Assert.Equal(RevocationState.Good, Exchange(new TestResponder(made)).State);
    }

    public static TheoryData<string> Faults => ["foreign", "not made responder", "made by another", "ran out", "from tomorrow", "another certificate", "another question", "unknown", "try later", "garbage", "changed"];

    private static byte[] AtAnotherTime(byte[] answer)
    {
        string text = Encoding.Latin1.GetString(answer);
        int zulu = text.IndexOf("0Z", StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text[..zulu] + "1Z" + text[(zulu + 2)..]);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void X8_an_answer_that_does_not_count_is_as_none(string fault)
    {
        TestResponder responder = fault switch
        {
            "foreign" => new(TestCertificate.Authority("root")),
            "not made responder" => new(new TestCertificate { Subject = "CN=responder", Issuer = s_root }),
            "made by another" => new(new TestCertificate { Subject = "CN=responder", Issuer = TestCertificate.Authority("root"), Purpose = KeyPurposeID.id_kp_OCSPSigning }),
            "ran out" => new(s_root) { ThisUpdate = s_now.AddDays(-2), NextUpdate = s_now.AddMinutes(-1) },
            "from tomorrow" => new(s_root) { ThisUpdate = s_now.AddDays(1), NextUpdate = s_now.AddDays(2) },
            "another certificate" => new(s_root) { About = TestCertificate.Of("eve@usi.test") with { Issuer = s_root } },
            "another question" => new(s_root) { Nonce = [1, 2, 3] },
            "unknown" => new(s_root) { Status = new UnknownStatus() },
            "try later" => new(s_root) { Outcome = OcspRespStatus.TryLater },
            "garbage" => new(s_root) { Change = _ => [0x30, 0x82, 1] },
            _ => new(s_root) { Change = AtAnotherTime },
        };
        Assert.Throws<FormatException>(() => Exchange(responder));
    }
}
