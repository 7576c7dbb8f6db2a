using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Tests.Trust;

/// <summary>A root, an authority below it, a certificate below that, and searches for a path between them.</summary>
public abstract class CertificationPathFixture
{
    /// <summary>In the past: a CRL tells nothing about times to come.</summary>
    protected static DateTimeOffset Begin { get; } = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    protected static DateTimeOffset Now { get; } = Begin.AddDays(100);

    private protected static CertificationPathConditions Plain { get; } = new(Now);

    private protected TestCertificate Root { get; } = Authority("root");

    private protected TestCertificate Middle => field ??= Authority("middle", Root);

    private protected TestCertificate Leaf => field ??= End(Middle);

    private protected static TestCertificate Authority(string name, TestCertificate? issuer = null) =>
        TestCertificate.Authority(name) with { Issuer = issuer, NotBefore = Begin, NotAfter = Begin.AddYears(1) };

    private protected static TestCertificate End(TestCertificate issuer, string address = "mila@usi.test") =>
        TestCertificate.Of(address) with { Issuer = issuer, NotBefore = Begin, NotAfter = Begin.AddYears(1) };

    private protected static CertificateFacts Facts(TestCertificate certificate) => CertificateFacts.Read(certificate.Encoded);

    private protected static CertificationPathSearch Search(IEnumerable<TestCertificate> anchors, IEnumerable<TestCertificate> intermediates, CertificationPathConditions conditions) =>
        new([.. anchors.Select(Facts)], [.. intermediates.Select(Facts)], conditions);

    private protected CertificationPathVerdict Find(TestCertificate leaf, CertificationPathConditions conditions, params TestCertificate[] intermediates) =>
        Search([Root], intermediates, conditions).Find(Facts(leaf));

    private protected static void AssertProblem(object problem, string reason, TestCertificate? at, CertificationPathVerdict verdict)
    {
        Assert.Equal((CertificationPathProblem)problem, verdict.Problem);
        Assert.Contains(reason, verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(at?.Encoded, verdict.At?.Certificate);
        Assert.Matches("^[ -~]+$", verdict.Reason);
    }

    private protected static CertificationPathConditions With(params TestCrl[] crls) => Plain with { Crls = [.. crls.Select(crl => crl.Issue())] };

    private protected static (string, bool, Asn1Encodable) Identifier(string key) =>
        (X509Extensions.SubjectKeyIdentifier.Id, false, new SubjectKeyIdentifier(System.Text.Encoding.ASCII.GetBytes(key)));

    private protected static (string, bool, Asn1Encodable) AuthorityIdentifier(string key) =>
        (X509Extensions.AuthorityKeyIdentifier.Id, false, new AuthorityKeyIdentifier(new DerOctetString(System.Text.Encoding.ASCII.GetBytes(key))));
}
