using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Trust;
using Cstp.Crypto.Tests;
using Cstp.Tests.EndToEnd;
using MimeKit;

namespace Cstp.Tests.Interop;

/// <summary>Mail between a box and somebody whose program is GnuPG's S/MIME side. Version 2.2: RSA transport and CBC alone.</summary>
public sealed class GpgsmTests : IDisposable
{
    private const string Bob = "bob@amd.test";
    private const string Anna = "anna@intel.test";
    private const string Entity = "Content-Type: text/plain\r\n\r\nHello Anna\r\n.\r\nbye\r\n";

    private readonly ExternalProgram _gpgsm = new();
    private readonly CmsIdentity _user = SmimeWorkshop.Identity(Anna, KeyKind.Rsa2048);

    public GpgsmTests() => ExternalProgram.Require("gpgsm");

    [Fact]
    public async Task Mail_for_a_user_is_decrypted_and_verified()
    {
        await using var boxes = new TwoBoxes(key: KeyKind.Rsa2048);
        boxes.Amd.TrustUser(_user.Certificate, Anna);
        Trust(_user.Certificate, boxes.Amd.GatewayCertificate);
        ImportKey();
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(SealedContent.Original), "juro@amd.test", Anna));
        _gpgsm.Write("encrypted", Content(wire.Content));
        Run("--output", "signed.eml", "--decrypt", "encrypted");
        _gpgsm.Write("signed", Content(_gpgsm.Read("signed.eml")));
        Run("--output", "entity", "--verify", "signed");
        SealedContent.AssertIsOriginal(Encoding.Latin1.GetString(_gpgsm.Read("entity")));
    }

    [Theory]
    [InlineData("Rsa2048")]
    [InlineData("P256")]
    public async Task A_clear_signature_verifies_and_fails_once_an_octet_changed(string key)
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true }, key: Enum.Parse<KeyKind>(key));
        Trust(boxes.Amd.GatewayCertificate);
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(SealedContent.Original), "juro@amd.test", "x@elsewhere.test"));
        // By hand: what is digested are the part's octets on the wire.
        string boundary = "\r\n--" + wire.Text.Split("boundary=\"")[1].Split('"')[0];
        string[] parts = wire.Text.Split(boundary);
        _gpgsm.Write("signature", Content(Encoding.Latin1.GetBytes(parts[2][2..])));
        _gpgsm.Write("content", Encoding.Latin1.GetBytes(parts[1][2..]));
        Run("--verify", "signature", "content");
        _gpgsm.Write("content", Encoding.Latin1.GetBytes(parts[1][2..].Replace("Hello", "Jello", StringComparison.Ordinal)));
        Assert.NotEqual(0, _gpgsm.TryRun("gpgsm", [.. s_batch, "--verify", "signature", "content"]).Status);
    }

    [Fact]
    public async Task An_opaque_signature_verifies()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { SignWithoutCertificate = true, EightBit = EightBitSigning.Opaque });
        Trust(boxes.Amd.GatewayCertificate);
        const string Original = "From: juro@amd.test\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u00c3\u00bc\u00c3\u009fe\r\n";
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.Latin1.GetBytes(Original), "juro@amd.test", "x@elsewhere.test"));
        _gpgsm.Write("signed", Content(wire.Content));
        Run("--output", "entity", "--verify", "signed");
        Assert.Equal(Original["From: juro@amd.test\r\n".Length..], Encoding.Latin1.GetString(_gpgsm.Read("entity")));
    }

    [Fact]
    public async Task What_it_signs_and_encrypts_is_opened()
    {
        await using var boxes = new TwoBoxes();
        boxes.Intel.AddUserKey(Anna, _user);
        Trust(_user.Certificate);
        ImportKey();
        _gpgsm.Write("entity", Encoding.ASCII.GetBytes(Entity));

        // One key plays both: a local user's signature that comes back from outside counts as his.
        Run("--output", "signed", "--local-user", $"<{Anna}>", "--sign", "entity");
        string signed = SmimeWorkshop.Opaque(_gpgsm.Read("signed"), "signed-data");
        AssertOpened(await boxes.OpenAsync(Encoding.ASCII.GetBytes(SmimeWorkshop.Message(Anna, signed)), Bob, Anna), "pass");

        Run("--output", "detached", "--local-user", $"<{Anna}>", "--detach-sign", "entity");
        byte[] clear = Encoding.ASCII.GetBytes(SmimeWorkshop.Message(Anna, SmimeWorkshop.ClearSigned(Entity, _gpgsm.Read("detached"))));
        RecordedMessage arrived = await boxes.OpenAsync(clear, Bob, Anna);
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith(Encoding.ASCII.GetString(clear), arrived.Text, StringComparison.Ordinal);

        foreach (string cipher in new[] { "AES128", "AES256" })
        {
            _gpgsm.Write("inner", Encoding.ASCII.GetBytes(signed));
            Run("--cipher-algo", cipher, "--output", "encrypted", "--recipient", $"<{Anna}>", "--encrypt", "inner");
            string both = SmimeWorkshop.Message(Anna, SmimeWorkshop.Opaque(_gpgsm.Read("encrypted"), "enveloped-data"));
            AssertOpened(await boxes.OpenAsync(Encoding.ASCII.GetBytes(both), Bob, Anna), "pass");
        }

        Run("--output", "encrypted", "--recipient", $"<{Anna}>", "--encrypt", "entity");
        string alone = SmimeWorkshop.Message(Anna, SmimeWorkshop.Opaque(_gpgsm.Read("encrypted"), "enveloped-data"));
        AssertOpened(await boxes.OpenAsync(Encoding.ASCII.GetBytes(alone), Bob, Anna), "none");
    }

    public void Dispose()
    {
        _gpgsm.TryRun("gpgconf", "--kill", "all");
        _gpgsm.Dispose();
    }

    private static readonly string[] s_batch = ["--batch", "--no-tty", "--yes", "--disable-crl-checks", "--disable-dirmngr"];

    private void Run(params string[] arguments) => _gpgsm.Run("gpgsm", [.. s_batch, .. arguments]);

    private static byte[] Content(byte[] message)
    {
        var content = new MemoryStream();
        ((MimePart)MimeEntity.Load(new MemoryStream(message))).Content!.DecodeTo(content);
        return content.ToArray();
    }

    private static void AssertOpened(RecordedMessage arrived, string result)
    {
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nHello Anna\r\n.\r\nbye\r\n", arrived.Text, StringComparison.Ordinal);
    }

    private void Trust(params EncodedCertificate[] roots)
    {
        File.WriteAllLines(_gpgsm.PathOf("trustlist.txt"), roots.Select(r => $"{Fingerprint(r)} S relax"));
        foreach (EncodedCertificate root in roots)
        {
            _gpgsm.WriteCertificate("root.crt", root);
            Run("--import", "root.crt");
        }
    }

    private static string Fingerprint(EncodedCertificate certificate) => Convert.ToHexString(SHA1.HashData(certificate.Der.Span));

    // The key goes where the agent keeps it: its PKCS#12 reader knows no current file.
    private void ImportKey()
    {
        string listing = _gpgsm.Run("gpgsm", [.. s_batch, "--with-colons", "--with-keygrip", "--list-keys", Fingerprint(_user.Certificate)]);
        string grip = listing.Split('\n').First(line => line.StartsWith("grp:", StringComparison.Ordinal)).Split(':')[9];
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(((Pkcs8PrivateKey)_user.PrivateKey).Der.Span, out _);
        RSAParameters key = rsa.ExportParameters(includePrivateParameters: true);
        // libgcrypt wants p < q and u = p⁻¹ mod q.
        BigInteger p = Number(key.P!), q = Number(key.Q!);
        if (p > q)
            (p, q) = (q, p);
        var text = new StringBuilder("Key: (private-key (rsa ");
        foreach ((string name, BigInteger value) in new[]
            { ("n", Number(key.Modulus!)), ("e", Number(key.Exponent!)), ("d", Number(key.D!)), ("p", p), ("q", q), ("u", BigInteger.ModPow(p, q - 2, q)) })
            text.Append(CultureInfo.InvariantCulture, $"({name} #{Convert.ToHexString(value.ToByteArray(isBigEndian: true))}#)");
        Directory.CreateDirectory(_gpgsm.PathOf("private-keys-v1.d"));
        File.WriteAllText(_gpgsm.PathOf($"private-keys-v1.d/{grip}.key"), text.Append("))\n").ToString());
    }

    private static BigInteger Number(byte[] octets) => new(octets, isUnsigned: true, isBigEndian: true);
}
