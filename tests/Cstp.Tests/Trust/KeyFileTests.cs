using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Org.BouncyCastle.Pkcs;

namespace Cstp.Tests.Trust;

public sealed class KeyFileTests
{
    private static readonly Mailbox Juro = Mailbox.Parse("juro@amd.test");

    private static IReadOnlyList<CmsIdentity> Make(KeyKind kind) => [.. KeyGeneration.Create(kind, Juro, Juro, TestCertificate.Now).Select(key => key.Identity)];

    private static void AssertSame(IReadOnlyList<CmsIdentity> expected, IReadOnlyList<CmsIdentity> actual)
    {
        Assert.Equal(expected.Select(one => one.Certificate.Fingerprint).Order(), actual.Select(one => one.Certificate.Fingerprint).Order());
        Assert.All(actual, one => Assert.Equal(
            PrivateKeys.PublicKeyOf(((Pkcs8PrivateKey)expected.Single(other => other.Certificate.Equals(one.Certificate)).PrivateKey).Der.Span).PublicKey.GetBytes(),
            PrivateKeys.PublicKeyOf(((Pkcs8PrivateKey)one.PrivateKey).Der.Span).PublicKey.GetBytes()));
    }

    [Theory]
    [InlineData(KeyKind.P256)]
    [InlineData(KeyKind.P384)]
    [InlineData(KeyKind.Rsa2048)]
    [InlineData(KeyKind.Ed25519)]
    [InlineData(KeyKind.MlDsa65)]
    [InlineData(KeyKind.MlDsa87)]
    public void What_is_written_as_PKCS12_or_PEM_is_read_again(object kind)
    {
        IReadOnlyList<CmsIdentity> made = Make((KeyKind)kind);
        AssertSame(made, KeyFile.Read(KeyFile.WritePkcs12(made, "secret"), "secret"));
        AssertSame(made, KeyFile.Read(Encoding.ASCII.GetBytes(KeyFile.WritePem(made, "secret")), "secret"));
        AssertSame(made, KeyFile.Read(Encoding.ASCII.GetBytes(KeyFile.WritePem(made, null)), null));
    }

    [Theory]
    [InlineData(KeyKind.P256)]
    [InlineData(KeyKind.Rsa2048)]
    [InlineData(KeyKind.Ed25519)]
    public void OpenSSL_reads_what_is_written(object kind)
    {
        using var folder = new Store.TemporaryFolder();
        IReadOnlyList<CmsIdentity> made = Make((KeyKind)kind);
        File.WriteAllBytes(folder["keys.p12"], KeyFile.WritePkcs12(made, "secret"));
        OpenSsl("pkcs12", "-in", folder["keys.p12"], "-passin", "pass:secret", "-nodes", "-out", folder["all.pem"]);
        AssertSame(made, KeyFile.Read(File.ReadAllBytes(folder["all.pem"]), null));
        OpenSsl("pkey", "-in", folder["all.pem"], "-noout");
        File.WriteAllText(folder["keys.pem"], KeyFile.WritePem(made, "secret"));
        OpenSsl("pkey", "-in", folder["keys.pem"], "-passin", "pass:secret", "-noout");
    }

    private static void OpenSsl(params string[] args)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("openssl", args) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }

    [Fact]
    public void A_wrong_password_is_said_so()
    {
        IReadOnlyList<CmsIdentity> made = Make(KeyKind.P256);
        Assert.Contains("password is wrong", Assert.Throws<FormatException>(() => KeyFile.Read(KeyFile.WritePkcs12(made, "secret"), "other")).Message, StringComparison.Ordinal);
        byte[] pem = Encoding.ASCII.GetBytes(KeyFile.WritePem(made, "secret"));
        Assert.Contains("password is wrong", Assert.Throws<FormatException>(() => KeyFile.Read(pem, "other")).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => KeyFile.Read(pem, null));
    }

    [Fact]
    public void A_certificate_without_its_key_and_garbage_are_refused()
    {
        Assert.Throws<FormatException>(() => KeyFile.Read(Encoding.ASCII.GetBytes(CertificateFile.WritePem([Make(KeyKind.P256)[0].Certificate])), null));
        Assert.Throws<FormatException>(() => KeyFile.Read("garbage"u8, null));
        Assert.Throws<FormatException>(() => KeyFile.Read([], null));
    }

    [Fact]
    public void Certificates_are_read_from_PEM_and_DER_and_each_once()
    {
        EncodedCertificate one = TestCertificate.Of("a@usi.test").Encoded, two = TestCertificate.Of("b@usi.test").Encoded;
        Assert.Equal([one, two], CertificateFile.Read(Encoding.ASCII.GetBytes("words\n" + CertificateFile.WritePem([one, two, one]))));
        Assert.Equal(one, Assert.Single(CertificateFile.Read(one.Der.Span)));
        Assert.Throws<FormatException>(() => CertificateFile.Read("nothing"u8));
        Assert.Throws<FormatException>(() => CertificateFile.Read(one.Der.Span[..100]));
    }

    [Fact]
    public void Certificates_are_read_from_PKCS7()
    {
        EncodedCertificate one = TestCertificate.Of("a@usi.test").Encoded;
        var generator = new Org.BouncyCastle.Cms.CmsSignedDataGenerator();
        generator.AddCertificate(new Org.BouncyCastle.X509.X509Certificate(one.Der.ToArray()));
        byte[] certsOnly = generator.Generate(new Org.BouncyCastle.Cms.CmsProcessableByteArray([])).GetEncoded();
        Assert.Equal(one, Assert.Single(CertificateFile.Read(certsOnly)));
    }

    [Theory]
    [InlineData(KeyKind.P256)]
    [InlineData(KeyKind.MlDsa65)]
    public void A_request_verifies_and_names_the_address(object kind)
    {
        byte[] der = CertificateIssue.Request(((Pkcs8PrivateKey)Make((KeyKind)kind)[0].PrivateKey).Der.Span, Juro);
        var request = new Pkcs10CertificationRequest(der);
        Assert.True(request.Verify());
        Assert.Contains("juro@amd.test", Encoding.Latin1.GetString(request.GetRequestedExtensions().GetEncoded()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_ML_KEM_cannot_sign_a_request() =>
        Assert.Throws<FormatException>(() => CertificateIssue.Request(((Pkcs8PrivateKey)Make(KeyKind.MlDsa65)[1].PrivateKey).Der.Span, Juro));

    [Theory]
    [InlineData("seed")]
    [InlineData("expandedkey")]
    [InlineData("both")]
    public void Each_form_of_a_key_of_ML_KEM_is_read(string form)
    {
        const string Name = "cms/pqc-kem/mlkem768-2.16.840.1.101.3.4.4.2";
        var certificate = new EncodedCertificate(Corpora.Read($"{Name}_ee.der"));
        string pem = KeyFile.WritePem([new(certificate, new Pkcs8PrivateKey(Corpora.Read($"{Name}_{form}_priv.der")))], null);
        Assert.Equal(certificate, Assert.Single(KeyFile.Read(Encoding.ASCII.GetBytes(pem), null)).Certificate);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("bob")]
    [InlineData("carlos")]
    [InlineData("dana")]
    public void A_signing_and_an_encrypting_key_of_one_name_are_both_read(string name)
    {
        // RFC 9216: PKCS#12 in PEM armour, where both keys of a person have the same friendlyName.
        IReadOnlyList<CmsIdentity> read = KeyFile.Read(Corpora.Read($"smime/rfc9216/{name}.p12.pem"), name);
        Assert.Equal(
            new[] { "sign", "encrypt" }.Select(use => CertificateFile.Read(Corpora.Read($"smime/rfc9216/{name}-{use}.crt"))[0].Fingerprint).Order(),
            read.Select(identity => identity.Certificate.Fingerprint).Order());
    }
}
