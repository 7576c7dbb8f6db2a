using System.Text.Json;
using Cstp.Core.Trust;
using Cstp.Tests.Store;
using Cstp.Tests.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Host;

public sealed class CertsCheckCommandTests : IDisposable
{
    private const string Policy = "1.3.6.1.4.1.99999.1";
    private const string At = "2020-04-10T00:00:00Z";

    private static readonly DateTimeOffset s_begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TestCertificate s_root = Authority("root", null);
    private static readonly TestCertificate s_middle = Authority("middle", s_root);
    private static readonly TestCertificate s_leaf = TestCertificate.Of("mila@usi.test") with
    {
        Subject = "CN=mila",
        Issuer = s_middle,
        NotBefore = s_begin,
        NotAfter = s_begin.AddYears(1),
        Extensions = [Policies()],
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static TestCertificate Authority(string name, TestCertificate? issuer) =>
        TestCertificate.Authority(name) with { Issuer = issuer, NotBefore = s_begin, NotAfter = s_begin.AddYears(1), Extensions = [Policies()] };

    private static (string, bool, Asn1Encodable) Policies() =>
        (X509Extensions.CertificatePolicies.Id, false, new DerSequence(new PolicyInformation(new DerObjectIdentifier(Policy))));

    private string Pem(string name, params TestCertificate[] certificates) => _folder.Write(name, CertificateFile.WritePem(certificates.Select(one => one.Encoded)));

    private string Der(string name, byte[] octets)
    {
        File.WriteAllBytes(_folder[name], octets);
        return _folder[name];
    }

    private static string CrlPem(X509Crl crl) => $"-----BEGIN X509 CRL-----\n{Convert.ToBase64String(crl.GetEncoded())}\n-----END X509 CRL-----\n";

    private Task<CstpProgram.Result> Check(params string[] args) => CstpProgram.RunAsync(
        ["certs", "check", Pem("leaf.pem", s_leaf), "--anchor", Der("root.der", s_root.Encoded.Der.ToArray()), .. args.Contains("--at") ? args : ["--at", At, .. args]]);

    [Fact]
    public async Task A_valid_certificate_has_its_path_and_policies_told_and_exit_status_0()
    {
        CstpProgram.Result words = (await Check("--intermediate", Pem("middle.pem", s_middle))).Expect(0);
        string[] lines = words.Output.TrimEnd().Split('\n');
        Assert.Equal(
            ["valid", $"path      {s_leaf.Encoded.Fingerprint[..16]} CN=mila", $"path      {s_middle.Encoded.Fingerprint[..16]} CN=middle", $"path      {s_root.Encoded.Fingerprint[..16]} CN=root", $"policy    {Policy}"],
            lines);
        Assert.Contains("revocation was not looked at", words.Error, StringComparison.Ordinal);

        JsonElement json = (await Check("--intermediate", _folder["middle.pem"], "--json")).Expect(0).Json;
        Assert.Equal(["valid", "reason", "path", "policies"], json.EnumerateObject().Select(property => property.Name));
        Assert.True(json.GetProperty("valid").GetBoolean());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("reason").ValueKind);
        Assert.Equal(
            [s_leaf.Encoded.Fingerprint, s_middle.Encoded.Fingerprint, s_root.Encoded.Fingerprint],
            json.GetProperty("path").EnumerateArray().Select(one => one.GetProperty("fingerprint").GetString()));
        Assert.Equal([Policy], json.GetProperty("policies").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public async Task One_that_is_not_valid_has_the_reason_and_the_mend_told_and_exit_status_1()
    {
        CstpProgram.Result words = (await Check()).Expect(1);
        Assert.StartsWith("not valid\nreason    the certificate was issued by no trusted authority. Name its authority with --anchor", words.Output, StringComparison.Ordinal);
        JsonElement json = (await Check("--intermediate", Pem("middle.pem", s_middle), "--at", "2022-01-01", "--json")).Expect(1).Json;
        Assert.False(json.GetProperty("valid").GetBoolean());
        Assert.StartsWith("CN=mila has expired. ", json.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Empty(json.GetProperty("policies").EnumerateArray());
    }

    [Fact]
    public async Task Certificates_beside_the_first_in_its_file_may_be_its_issuers()
    {
        Pem("chain.pem", s_leaf, s_middle);
        (await CstpProgram.RunAsync("certs", "check", _folder["chain.pem"], "--anchor", Pem("root.pem", s_root), "--at", At)).Expect(0);
        (await CstpProgram.RunAsync("certs", "check", _folder["chain.pem"], "--anchor", Pem("other.pem", Authority("other", null)), "--anchor", _folder["root.pem"], "--at", At)).Expect(0);
    }

    [Fact]
    public async Task Revocation_lists_come_in_pem_and_der_and_several_in_a_file()
    {
        DateTimeOffset day = s_begin.AddDays(99);
        string middle = Pem("middle.pem", s_middle);
        X509Crl ofRoot = new TestCrl(s_root, day).Issue(), ofMiddle = new TestCrl(s_middle, day).Issue();
        string both = _folder.Write("both.pem", CrlPem(ofRoot) + CrlPem(ofMiddle));
        CstpProgram.Result valid = (await Check("--intermediate", middle, "--crl", both)).Expect(0);
        Assert.Empty(valid.Error);
        string root = Der("root.crl", ofRoot.GetEncoded());
        string revoked = Der("revoked.crl", new TestCrl(s_middle, day) { Revoked = [s_leaf] }.Issue().GetEncoded());
        Assert.Contains("CN=mila was revoked at 2020-04-09", (await Check("--intermediate", middle, "--crl", root, "--crl", revoked)).Expect(1).Output, StringComparison.Ordinal);
        Assert.Contains("CN=mila stands under no CRL", (await Check("--intermediate", middle, "--crl", root)).Expect(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policies_are_inputs()
    {
        string middle = Pem("middle.pem", s_middle);
        (await Check("--intermediate", middle, "--explicit-policy", "--inhibit-mapping", "--inhibit-any", "--policy", "1.2.3", "--policy", Policy)).Expect(0);
        Assert.Contains("for no policy that was asked for", (await Check("--intermediate", middle, "--explicit-policy", "--policy", "1.2.3")).Expect(1).Output, StringComparison.Ordinal);
        (await Check("--intermediate", middle, "--policy", "1.2.3")).Expect(0);
    }

    [Fact]
    public async Task Purpose_mail_asks_for_what_mail_needs()
    {
        TestCertificate web = s_leaf with { Purpose = KeyPurposeID.id_kp_serverAuth };
        string[] check = ["certs", "check", Pem("web.pem", web, s_middle), "--anchor", Pem("root.pem", s_root), "--at", At];
        (await CstpProgram.RunAsync(check)).Expect(0);
        Assert.Contains("is not for mail (extended key usage)", (await CstpProgram.RunAsync([.. check, "--purpose", "mail"])).Expect(1).Output, StringComparison.Ordinal);
        (await Check("--intermediate", Pem("middle.pem", s_middle), "--purpose", "mail")).Expect(0);
    }

    [Fact]
    public async Task Without_an_anchor_the_authorities_of_the_store_count()
    {
        (await CstpProgram.RunAsync("init", _folder["box"], "--domain", "amd.test")).Expect(0);
        string[] check = ["certs", "check", Pem("chain.pem", s_leaf, s_middle), "--at", At, "--config", _folder["box/cstp.toml"]];
        Assert.Contains("the store holds no trusted authority", (await CstpProgram.RunAsync(check)).Expect(78).Error, StringComparison.Ordinal);
        (await CstpProgram.RunAsync("certs", "import", Pem("root.pem", s_root), "--ca", "--config", _folder["box/cstp.toml"])).Expect(0);
        (await CstpProgram.RunAsync(check)).Expect(0);
        (await CstpProgram.RunAsync("certs", "distrust", s_root.Encoded.Fingerprint, "--config", _folder["box/cstp.toml"])).Expect(0);
        (await CstpProgram.RunAsync(check)).Expect(78);
        (await CstpProgram.RunAsync("certs", "check", _folder["chain.pem"], "--config", _folder["none.toml"])).Expect(78);
    }

    [Fact]
    public async Task Mistakes_are_told_with_the_usual_exit_status()
    {
        Assert.Contains("'soon' is no time", (await Check("--at", "soon")).Expect(64).Error, StringComparison.Ordinal);
        Assert.Contains("'any' is no object identifier", (await Check("--policy", "any")).Expect(64).Error, StringComparison.Ordinal);
        (await Check("--purpose", "web")).Expect(64);
        (await CstpProgram.RunAsync("certs", "check")).Expect(64);
        Assert.Contains("no certificate in it", (await Check("--intermediate", _folder.Write("garbage", "garbage"))).Expect(65).Error, StringComparison.Ordinal);
        Assert.Contains("no CRL in it", (await Check("--crl", _folder["garbage"])).Expect(65).Error, StringComparison.Ordinal);
        Assert.Contains("no CRL in it", (await Check("--crl", _folder["leaf.pem"])).Expect(65).Error, StringComparison.Ordinal);
        (await Check("--crl", _folder["none"])).Expect(74);
    }
}
