using System.Security.Cryptography;
using System.Text;
using Cstp.Crypto.Tests;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Interop;

/// <summary>A DKIM signature (RFC 6376) made before the first box holds again behind the second. dkimpy signs and verifies; no network.</summary>
public sealed class DkimTests : IDisposable
{
    /// <summary>Debian's own: another Python in front of it does not have the library.</summary>
    private const string Python = "/usr/bin/python3";

    private const string Sign = """
        import sys, dkim
        header, body = sys.argv[1].encode(), sys.argv[2].encode()
        message, key = open('message', 'rb').read(), open('key', 'rb').read()
        open('signed', 'wb').write(dkim.sign(message, b's1', b'amd.test', key, canonicalize=(header, body)).replace(b'\r\n', b'\n').replace(b'\n', b'\r\n') + message)
        """;

    private const string Verify = """
        import sys, dkim
        record = open('record', 'rb').read()
        for name in sys.argv[1:]:
            print(dkim.verify(open(name, 'rb').read(), dnsfunc=lambda *a, **k: record))
        """;

    private readonly ExternalProgram _dkim = new();

    public DkimTests() =>
        Assert.SkipUnless(File.Exists(Python) && _dkim.TryRun(Python, "-c", "import dkim").Status == 0, "python3-dkim is not installed");

    [Theory]
    [InlineData("simple", "simple")]
    [InlineData("simple", "relaxed")]
    [InlineData("relaxed", "simple")]
    [InlineData("relaxed", "relaxed")]
    public async Task A_signature_holds_behind_the_second_box_and_not_on_the_wire(string header, string body)
    {
        using var key = RSA.Create(2048);
        _dkim.Write("key", Encoding.ASCII.GetBytes(key.ExportRSAPrivateKeyPem()));
        _dkim.Write("record", Encoding.ASCII.GetBytes($"v=DKIM1; k=rsa; p={Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}"));
        await using var boxes = new TwoBoxes();
        foreach (string message in Messages())
        {
            _dkim.Write("message", Encoding.Latin1.GetBytes(message));
            _dkim.Run(Python, "-c", Sign, header, body);
            (RecordedMessage wire, RecordedMessage arrived) = await boxes.PassAsync(_dkim.Read("signed"));
            _dkim.Write("wire", wire.Content);
            _dkim.Write("arrived", arrived.Content);
            _dkim.Write("changed", Encoding.Latin1.GetBytes(arrived.Text.Replace("Hello", "Jello", StringComparison.Ordinal)));
            Assert.Equal("True\nFalse\nTrue\nFalse\n", _dkim.Run(Python, "-W", "ignore", "-c", Verify, "signed", "wire", "arrived", "changed"));
        }
    }

    [Fact]
    public async Task A_signature_holds_for_whom_the_message_passes_unencrypted()
    {
        using var key = RSA.Create(2048);
        _dkim.Write("key", Encoding.ASCII.GetBytes(key.ExportRSAPrivateKeyPem()));
        _dkim.Write("record", Encoding.ASCII.GetBytes($"v=DKIM1; k=rsa; p={Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}"));
        _dkim.Write("message", Encoding.Latin1.GetBytes(Messages().First()));
        _dkim.Run(Python, "-c", Sign, "simple", "simple");
        await using var boxes = new TwoBoxes();
        _dkim.Write("wire", Assert.Single(await boxes.SecureAsync(_dkim.Read("signed"), "juro@amd.test", "x@elsewhere.test")).Content);
        _dkim.Write("inbound", (await boxes.OpenAsync(_dkim.Read("wire"), "juro@amd.test", "anna@intel.test")).Content);
        Assert.Equal("True\nTrue\n", _dkim.Run(Python, "-W", "ignore", "-c", Verify, "wire", "inbound"));
    }

    [Fact]
    public async Task A_real_message_of_2015_verifies_with_its_published_key()
    {
        string pem = Encoding.ASCII.GetString(Corpora.Read("mail/mimekit-dkim/gmail.pub"));
        PemFields fields = PemEncoding.Find(pem);
        _dkim.Write("record", Encoding.ASCII.GetBytes($"v=DKIM1; k=rsa; p={pem[fields.Base64Data].Replace("\n", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal)}"));
        byte[] message = Corpora.ToLines(Corpora.Read("mail/mimekit-dkim/gmail.eml"));
        await using var boxes = new TwoBoxes();
        (_, RecordedMessage arrived) = await boxes.PassAsync(message);
        _dkim.Write("before", message);
        _dkim.Write("after", arrived.Content);
        Assert.Equal("True\nTrue\n", _dkim.Run(Python, "-W", "ignore", "-c", Verify, "before", "after"));
    }

    public void Dispose() => _dkim.Dispose();

    private static IEnumerable<string> Messages()
    {
        const string Header = "From: Juro <juro@amd.test>\r\nTo:  anna@intel.test\r\nSubject: secret\r\n\tplans  and more \r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@amd.test>\r\n";
        yield return $"{Header}\r\nHello Anna,\r\n.\r\n..dots\r\n\r\n\r\n";
        yield return $"{Header}MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello Gr\u00c3\u00bc\u00c3\u009fe \t \r\n  two  blanks\r\n";
        yield return $"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n{Header}\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b--\r\n";
    }
}
