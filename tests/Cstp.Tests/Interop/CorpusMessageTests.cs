using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Smime;
using Cstp.Core.Trust;
using Cstp.Tests.EndToEnd;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Cstp.Tests.Interop;

/// <summary>Other projects' S/MIME messages, opened by a box that holds the recipient's key and trusts the authority, on a day when the certificates were valid.</summary>
public sealed class CorpusMessageTests
{
    private static readonly DateTimeOffset s_2019 = new(2019, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_2026 = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Thunderbird => Rows("smime/thunderbird/");

    public static TheoryData<string> Covert => Rows("attacks/covert/0");

    [Theory]
    [MemberData(nameof(Thunderbird))]
    public async Task Thunderbirds_messages_have_the_layers_that_the_index_states(string path)
    {
        Corpora.Need();
        string expected = Corpora.Index().First(e => e.Path == path).Expected;
        await using TestBox box = Box("example.com", s_2026);
        AddKey(box, "smime/thunderbird/Bob.p12", "nss", "bob@example.com");
        TrustAuthority(box, "smime/thunderbird/TestCA.pem");
        byte[] message = Mail(path);
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "Bob@example.com");

        string from = FromOf(message);
        (string Kind, string Result)[] stated = [.. Stated(expected, from)];
        Assert.Equal(stated, opened.Layers.Select(l => (l.Kind, l.Result)));
        foreach (SignerReport signer in opened.Layers.SelectMany(l => l.Signers).Where(s => s.Result == "pass"))
            Assert.Equal(from, signer.Address, StringComparer.OrdinalIgnoreCase);

        if (path.Contains(".html.", StringComparison.Ordinal))
        {
            // The text ends in a CR without LF: it cannot go on by SMTP, whoever signed it (S19).
            Assert.Equal("refused", opened.Outcome);
            Assert.Equal("5.6.3", opened.Refusal!.EnhancedStatusCode);
            return;
        }
        // What is delivered after the last layer that came off is what OpenSSL found there.
        string[] off = [.. expected.Split(" -> ").Take(CountOff(stated))];
        if (off.Length > 0 && Regex.Match(off[^1], "sha256=([0-9a-f]{64})") is { Success: true } hash)
            Assert.Contains(hash.Groups[1].Value, EntityHashes(content));
        Assert.Equal(off.Length > 0 ? "opened" : "passed", opened.Outcome);
        if (off.Length == 0)
            Assert.EndsWith(Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(content), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smime-multipart-signed.eml", "clearSigned verified")]
    [InlineData("smime-onepart-signed.eml", "signed verified")]
    [InlineData("smime-sign+enc.eml", "enveloped decrypted, signed verified")]
    public async Task Messages_with_protected_headers_are_opened(string file, string layers)
    {
        string path = "smime/protected-headers/" + file;
        byte[] message = Mail(path);
        await using TestBox box = Box("smime.example", s_2026, new SecuringOptions { ReadTripleDes = true });
        AddKey(box, "smime/protected-headers/bob.p12", "bob", "bob@smime.example");
        TrustAuthority(box, "smime/protected-headers/sample-ca.pem");
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "bob@smime.example");
        Assert.Equal(layers, Layers(opened));
        Assert.Contains("smime=pass", Encoding.Latin1.GetString(content), StringComparison.Ordinal);
        Assert.All(opened.Layers.SelectMany(l => l.Signers), s => Assert.Equal("alice@smime.example", s.Address));
    }

    [Fact]
    public async Task Triple_DES_stays_closed_by_default()
    {
        byte[] message = Mail("smime/protected-headers/smime-sign+enc.eml");
        await using TestBox box = Box("smime.example", s_2026);
        AddKey(box, "smime/protected-headers/bob.p12", "bob", "bob@smime.example");
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "bob@smime.example");
        Assert.Equal("passed", opened.Outcome);
        Assert.Equal(message, content);
    }

    [Fact]
    public async Task A_signature_by_SHA_1_of_2013_holds_and_does_not_pass()
    {
        byte[] message = Mail("smime/mimekit/thunderbird-signed.eml");
        await using TestBox box = Box("gnome.org", new DateTimeOffset(2013, 11, 2, 0, 0, 0, TimeSpan.Zero));
        TrustAuthority(box, "smime/mimekit/StartComClass1PrimaryIntermediateClientCA.crt");
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "fejj@gnome.org");
        Assert.Equal("clearSigned untrusted", Layers(opened));
        Assert.Equal("policy", Assert.Single(opened.Results).Result);
        Assert.EndsWith(Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(content), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_binary_part_with_mixed_line_ends_is_no_clear_signature_over_SMTP()
    {
        // Right over the octets as they stand (AS2, no SMTP): a part with bare LF does not survive the lines of SMTP, and fails.
        await using TestBox box = Box("local.test", s_2019);
        (OpenedMessage opened, _) = await box.OpenAsync(Mail("smime/mimekit/octet-stream-with-mixed-line-endings.eml"), "x@local.test");
        Assert.Equal("passed", opened.Outcome);
        Assert.DoesNotContain(opened.Results, r => r.Result is "pass" or "policy");
    }

    [Theory]
    [InlineData("manager-smime.eml", "clearSigned verified", "pass manager@bigcorporation.de")]
    [InlineData("valid_email_from_manager.eml", "clearSigned verified", "pass manager@bigcorporation.de")]
    [InlineData("crash_01.eml", "clearSigned invalid", "neutral ")]
    [InlineData("eContent_confusion.eml", "clearSigned invalid", "fail ")]
    [InlineData("i1-from-unequals-signer-smime.eml", "clearSigned untrusted", "policy eve@bigcorporation.de")]
    // The one address is Eve's, and the result names her: a display name is nobody's address (J4).
    [InlineData("i2-from-contains-signer-smime.eml", "clearSigned verified", "pass eve@bigcorporation.de")]
    [InlineData("i2-from-is-nonexistent-smime.eml", "clearSigned untrusted", "policy eve@bigcorporation.de")]
    [InlineData("i2-from-is-sender-signer-a-smime.eml", "clearSigned verified", "pass eve@bigcorporation.de")]
    [InlineData("i2-from-is-signer-sender-a-smime.eml", "clearSigned untrusted", "policy eve@bigcorporation.de")]
    [InlineData("i3-from-is-sender-sender-signer-smime.eml", "clearSigned untrusted", "policy eve@bigcorporation.de")]
    [InlineData("i3-from-sender-others-signer-smime.eml", "clearSigned untrusted", "policy eve@bigcorporation.de")]
    [InlineData("i3-from1-sender-from2-signer-smime.eml", "clearSigned untrusted", "policy eve@bigcorporation.de")]
    [InlineData("m1-smime.eml", "", "")]
    [InlineData("m3-smime.eml", "", "")]
    [InlineData("multiple_signerInfos_append_johnny.eml", "clearSigned invalid", "fail ")]
    [InlineData("no_signerInfos_no_certificates_detached.eml", "clearSigned invalid", "none ")]
    public async Task Johnnys_spoofed_signatures_are_never_the_displayed_senders(string file, string layers, string result)
    {
        string path = "attacks/johnny/" + file;
        byte[] message = Mail(path);
        await using TestBox box = Box("bigcorporation.de", s_2019);
        TrustAuthority(box, "attacks/johnny/certificates/intermediate_ca.crt");
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "johnny@bigcorporation.de");
        Assert.Equal(layers, Layers(opened));
        Assert.Equal(result, string.Join(", ", opened.Results.Select(r => $"{r.Result} {r.Identifier}")));
        Assert.EndsWith(Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(content), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Covert))]
    public async Task An_encrypted_part_smuggled_into_other_mail_stays_closed(string path)
    {
        byte[] message = Mail(path);
        await using TestBox box = Box("bigcorporation.de", s_2019);
        AddKey(box, "attacks/covert/manager_bigcorporation.pfx", "test12345678", "manager@bigcorporation.de");
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "manager@bigcorporation.de");
        if (path.EndsWith("00-original-mail.eml", StringComparison.Ordinal))
        {
            Assert.Equal("enveloped decrypted", Layers(opened));
            Assert.Equal("none", Assert.Single(opened.Results).Result);
            Assert.Contains("0b98edeb43c915c163df13731486fe7bce79873fce2ab221775c7d6ae41215fe", EntityHashes(content));
            return;
        }
        Assert.Equal("passed", opened.Outcome);
        Assert.Empty(opened.Layers);
        Assert.Equal(message, content);
    }

    [Fact]
    public async Task An_EFAIL_message_for_another_key_passes_as_it_came()
    {
        byte[] message = Mail("attacks/efail/modified_msg.eml");
        await using TestBox box = Box("local.test", s_2019);
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "x@local.test");
        Assert.Equal("enveloped noKey", Layers(opened));
        Assert.Equal(message, content);
    }

    [Theory]
    // Right by DSA and SHA-1, which never passes (J10).
    [InlineData("4.8.eml", "clearSigned untrusted")]
    [InlineData("4.9.eml", "signed untrusted")]
    // Three DES, CBC, and inside text without a header section: not to be told from a changed message (E2).
    [InlineData("5.3.eml", "enveloped failed")]
    public async Task The_mail_of_RFC_4134_is_read(string file, string layers)
    {
        byte[] message = Mail("cms/rfc4134/" + file);
        await using TestBox box = Box("examples.com", new DateTimeOffset(2002, 9, 6, 0, 0, 0, TimeSpan.Zero), new SecuringOptions { ReadTripleDes = true });
        box.AddUserKey("user2@examples.com", new CmsIdentity(
            new EncodedCertificate(Corpora.Read("cms/rfc4134/BobRSASignByCarl.cer")), new Pkcs8PrivateKey(Corpora.Read("cms/rfc4134/BobPrivRSAEncrypt.pri"))));
        TrustAuthority(box, "cms/rfc4134/CarlDSSSelf.cer");
        (OpenedMessage opened, byte[] content) = await box.OpenAsync(message, "user2@examples.com");
        Assert.Equal(layers, Layers(opened));
        Assert.DoesNotContain(opened.Results, r => r.Result == "pass");
        Assert.Equal(file == "4.9.eml" ? "opened" : "passed", opened.Outcome);
        Assert.Contains(file == "4.9.eml" ? "This is some sample content" : Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(content), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alice", "ca-rsa")]
    [InlineData("bob", "ca-rsa")]
    [InlineData("carlos", "ca-ed25519")]
    [InlineData("dana", "ca-ed25519")]
    public async Task The_people_of_RFC_9216_write_and_read_through_a_box(string name, string authority)
    {
        string address = $"{name}@smime.example";
        await using var server = new RecordingServer();
        await using TestBox home = Box("smime.example", s_2026, server: server);
        foreach (CmsIdentity identity in KeyFile.Read(Corpora.Read($"smime/rfc9216/{name}.p12.pem"), name))
            home.AddUserKey(address, identity);
        Assert.NotEmpty(home.Trust.UserDecryptionKeys(Mailbox.Parse(address)));

        // A stranger's box that knows the certificates from a directory alone.
        await using TestBox away = Box("away.test", s_2026, server: server);
        TrustAuthority(away, $"smime/rfc9216/{authority}.crt");
        away.TrustUser(Assert.Single(CertificateFile.Read(Corpora.Read($"smime/rfc9216/{name}-encrypt.crt"))), address);
        byte[] note = Encoding.ASCII.GetBytes($"From: x@away.test\r\nTo: {address}\r\nSubject: s\r\n\r\nHello\r\n");
        using (var client = new RawClient(away.InsidePort))
        {
            await client.BeginAsync("x@away.test", address);
            Assert.StartsWith("250", await client.SendMessageAsync(note), StringComparison.Ordinal);
        }
        Assert.True(server.Messages.TryDequeue(out RecordedMessage? wire));
        Assert.DoesNotContain("Hello", wire.Text, StringComparison.Ordinal);
        home.TrustGateway(away);
        (OpenedMessage opened, byte[] content) = await home.OpenAsync(wire.Content, address);
        Assert.Equal("enveloped decrypted, signed verified", Layers(opened));
        Assert.Equal(note, content[^note.Length..]);

        // The answer is signed with the person's own key, and the authority is trusted over there.
        away.TrustGateway(home);
        byte[] answer = Encoding.ASCII.GetBytes($"From: {address}\r\nTo: x@away.test\r\nSubject: s\r\n\r\nHello back\r\n");
        home.TrustGateway(away);
        using (var client = new RawClient(home.InsidePort))
        {
            await client.BeginAsync(address, "x@away.test");
            Assert.StartsWith("250", await client.SendMessageAsync(answer), StringComparison.Ordinal);
        }
        Assert.True(server.Messages.TryDequeue(out wire));
        (opened, content) = await away.OpenAsync(wire.Content, "x@away.test");
        Assert.Equal("authEnveloped decrypted, signed verified", Layers(opened));
        Assert.Equal(address, Assert.Single(opened.Layers[1].Signers).Address);
        Assert.Equal(answer, content[^answer.Length..]);
    }

    private static TheoryData<string> Rows(string prefix)
    {
        var rows = new TheoryData<string>();
        if (Corpora.Folder is null)
            rows.Add("none");
        else
        {
            foreach ((string path, _, _) in Corpora.Index().Where(e => e.Path.StartsWith(prefix, StringComparison.Ordinal) && e.Path.EndsWith(".eml", StringComparison.Ordinal)))
                rows.Add(path);
        }
        return rows;
    }

    private static TestBox Box(string domain, DateTimeOffset day, SecuringOptions? options = null, RecordingServer? server = null) =>
        new(domain, server?.Port ?? 1, server?.Port ?? 1, securing: options, time: new FakeTimeProvider(day));

    private static byte[] Mail(string path) => Corpora.ToLines(Corpora.Read(path));

    private static void AddKey(TestBox box, string path, string password, string owner)
    {
        foreach (CmsIdentity identity in KeyFile.Read(Corpora.Read(path), password))
            box.AddUserKey(owner, identity);
    }

    private static void TrustAuthority(TestBox box, string path)
    {
        foreach (EncodedCertificate certificate in CertificateFile.Read(Corpora.Read(path)))
            box.Add(certificate, CertificateRole.Authority, "");
    }

    private static string Layers(OpenedMessage opened) => string.Join(", ", opened.Layers.Select(l => $"{l.Kind} {l.Result}"));

    private static string FromOf(byte[] message) => MimeMessage.Load(new MemoryStream(message)).From.Mailboxes.Single().Address;

    /// <summary>The index's layers, down to where the box stops.</summary>
    private static IEnumerable<(string Kind, string Result)> Stated(string expected, string from)
    {
        string[] layers = expected.Split(" -> ");
        for (int i = 0; i < layers.Length; i++)
        {
            string layer = layers[i];
            bool clear = layer.StartsWith("clear-signed", StringComparison.Ordinal);
            if (clear || layer.StartsWith("opaque-signed", StringComparison.Ordinal))
            {
                string kind = clear ? "clearSigned" : "signed";
                if (layer.Contains("INVALID", StringComparison.Ordinal))
                {
                    yield return (kind, "invalid");
                    yield break;
                }
                // SHA-1 is right and never passes (J10); so does whoever signs for another's From (J5).
                bool passes = !layer.Contains("(sha1)", StringComparison.Ordinal) && layer.Contains($"by {from}:", StringComparison.OrdinalIgnoreCase);
                yield return (kind, passes ? "verified" : "untrusted");
            }
            else if (layer.StartsWith("enveloped", StringComparison.Ordinal))
            {
                bool broken = i + 1 < layers.Length && layers[i + 1].Contains("INVALID", StringComparison.Ordinal);
                yield return ("enveloped", broken ? "failed" : "decrypted");
                if (broken)
                    yield break;
            }
        }
    }

    /// <summary>How many come off: a user's clear signature stays, unless what it covers is decrypted.</summary>
    private static int CountOff((string Kind, string Result)[] layers)
    {
        int off = 0;
        while (off < layers.Length)
        {
            (string kind, string result) = layers[off];
            if (result is "invalid" or "failed" || (kind == "clearSigned" && (off + 1 == layers.Length || layers[off + 1].Kind != "enveloped")))
                break;
            off++;
        }
        return off;
    }

    /// <summary>The digest of the entity that was delivered: its Content-* fields, which came from inside, and its body; with CRLF, and as it was inside where lines ended in LF.</summary>
    private static string[] EntityHashes(byte[] content)
    {
        string text = Encoding.Latin1.GetString(content);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        string[] fields = Regex.Split(text[..end], "\r\n(?![ \t])");
        string entity = string.Concat(fields.Where(f => f.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)).Select(f => f + "\r\n")) + text[(end + 2)..];
        return [.. new[] { entity, entity.Replace("\r\n", "\n", StringComparison.Ordinal) }.Select(e => Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(e))))];
    }
}
