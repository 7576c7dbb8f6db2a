using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Cstp.EndToEnd.Harness;
using Cstp.Tests.Tls;

namespace Cstp.EndToEnd.RealSoftware;

/// <summary>TLS terminated between Postfix, swaks and openssl on both sides.</summary>
public sealed class TlsTests
{
    private const string Message = "From: Juro <juro@amd.test>\nTo: anna@intel.test\nSubject: " + WireTap.Secret + "\n\n" + WireTap.Secret + "\n";

    private static void Terminate(BoxProcess box, string client = "opportunistic", string server = "opportunistic")
    {
        box.Configure("starttls = \"hide\"", "starttls = \"terminate\"");
        box.Configure("#= client = \"opportunistic\"", $"client = \"{client}\"");
        box.Configure("#= server = \"opportunistic\"", $"server = \"{server}\"");
    }

    private static string ServerTls(TemporaryFolder folder, TlsWorkshop workshop, string name)
    {
        using X509Certificate2 certificate = workshop.Issue(name);
        (string certificateFile, string keyFile) = TlsWorkshop.Write(folder.Path, name, certificate);
        return $"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {certificateFile}\nsmtpd_tls_key_file = {keyFile}\nsmtpd_tls_loglevel = 1\nsmtp_tls_loglevel = 1\n";
    }

    [Fact]
    public async Task Between_two_Postfix_that_insist_on_TLS_mail_is_secured_and_no_connection_is_in_clear()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Postfix is started by root only");
        using var workshop = new TlsWorkshop();
        using TemporaryFolder folder = new TemporaryFolder().ForAll();
        await using PostfixInstance behindIntel = await PostfixInstance.StartAsync("intel.test", 9, settings: ServerTls(folder, workshop, "mail.intel.test") + "smtpd_tls_security_level = encrypt");
        await using var intelWire = new WireTap(() => behindIntel.Port);
        await using BoxPair boxes = await BoxPair.StartAsync(intelWire.Port, prepare: box =>
        {
            box.CommandAsync("tls", "authority").GetAwaiter().GetResult();
            Terminate(box, "required", "required");
        });
        await using var amdWire = new WireTap(() => boxes.Amd.InsidePort);
        await using PostfixInstance inFrontOfAmd = await PostfixInstance.StartAsync("amd.test", amdWire.Port, settings: "smtp_tls_security_level = encrypt\nsmtp_tls_loglevel = 1");
        using (var client = new RawClient(inFrontOfAmd.Port))
        {
            await client.BeginAsync("juro@amd.test", "anna@intel.test");
            Assert.StartsWith("250", await client.SendMessageAsync(Message.Replace("\n", "\r\n", StringComparison.Ordinal)), StringComparison.Ordinal);
        }
        IReadOnlyList<string> stored = await behindIntel.StoredAsync(1);
        Assert.True(stored.Count == 1, $"{inFrontOfAmd.Log}\n{boxes.Amd.Log}\n{boxes.Intel.Log}\n{behindIntel.Log}");
        Assert.Contains("smime=pass", stored[0], StringComparison.Ordinal);
        Assert.Contains("Subject: " + WireTap.Secret, stored[0], StringComparison.Ordinal);
        Assert.Contains("TLS connection established to", inFrontOfAmd.Log, StringComparison.Ordinal);
        Assert.Contains("TLS connection established from", behindIntel.Log, StringComparison.Ordinal);
        foreach (WireTap wire in new[] { amdWire, boxes.ToIntel, intelWire })
        {
            Assert.DoesNotContain(wire.Seen, seen => seen.Contains("MAIL FROM", StringComparison.Ordinal) || seen.Contains("smime.p7m", StringComparison.Ordinal));
            Assert.Contains(wire.Seen, seen => seen.Contains("STARTTLS", StringComparison.Ordinal));
        }
    }

    [Theory]
    // Whether the client uses TLS, whether the server has it, and what comes of it.
    [InlineData("opportunistic", "opportunistic", "yes yes 250 2.0.0 Ok", "no yes 250 2.0.0 Ok", "no no 250 2.0.0 Ok")]
    [InlineData("required", "required", "yes yes 250 2.0.0 Ok", "no yes 530 5.7.0", "no no 451 4.7.5")]
    [InlineData("none", "required", "no yes 250 2.0.0 Ok", "no no 451 4.7.5")]
    public async Task Swaks_gets_what_each_policy_says(string client, string server, params string[] cases)
    {
        using var workshop = new TlsWorkshop();
        await using var recorder = new RecordingServer();
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", recorder.Port, 9);
        await box.CommandAsync("tls", "authority");
        Terminate(box, client, server);
        await box.StartAsync();
        foreach (string[] words in cases.Select(line => line.Split(' ', 3)))
        {
            recorder.Tls = words[1] == "yes" ? workshop.Server("mx.intel.test") : null;
            recorder.Messages.Clear();
            await AskSwaksAsync(box, recorder, words[0] == "yes", words[1] == "yes", words[2]);
        }
    }

    private static async Task AskSwaksAsync(BoxProcess box, RecordingServer recorder, bool clientTls, bool serverTls, string reply)
    {
        Command swaks = await Command.TryAsync(
            TimeSpan.FromSeconds(30), "swaks",
            ["--server", "127.0.0.1", "--port", box.InsidePort.ToString(CultureInfo.InvariantCulture), "--helo", "client.amd.test", "--from", "juro@amd.test", "--to", "max@elsewhere.test", .. clientTls ? ["--tls"] : Array.Empty<string>()]);
        Assert.Contains(reply, swaks.Output, StringComparison.Ordinal);
        bool delivered = reply.StartsWith("250", StringComparison.Ordinal);
        Assert.Equal(delivered ? 1 : 0, recorder.Messages.Count);
        if (delivered)
            Assert.Equal(serverTls, Assert.Single(recorder.Messages).IsSecured);
        if (clientTls)
            Assert.Contains("TLS started with cipher TLSv1.3", swaks.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenSSL_verifies_the_boxs_authority_resumes_its_session_and_is_refused_with_TLS_1_1()
    {
        using var workshop = new TlsWorkshop();
        using var folder = new TemporaryFolder();
        await using var recorder = new RecordingServer { Tls = workshop.Server("mx.intel.test") };
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", recorder.Port, 9);
        string authority = folder.Of("authority.pem"), session = folder.Of("session");
        await File.WriteAllTextAsync(authority, await box.CommandAsync("tls", "authority"));
        Terminate(box);
        await box.StartAsync();

        Assert.Contains("Verify return code: 0 (ok)", await ClientAsync("-servername", "mx.partner.test", "-CAfile", authority, "-verify_hostname", "mx.partner.test", "-verify_return_error"), StringComparison.Ordinal);
        Assert.Contains("Verify return code: 0 (ok)", await ClientAsync("-noservername", "-CAfile", authority, "-verify_hostname", "mx.intel.test", "-verify_return_error"), StringComparison.Ordinal);
        foreach (string version in new[] { "-tls1_2", "-tls1_3" })
        {
            Assert.Contains("New, TLSv1", await ClientAsync(version, "-sess_out", session), StringComparison.Ordinal);
            Assert.Contains("Reused, TLSv1", await ClientAsync(version, "-sess_in", session), StringComparison.Ordinal);
        }
        Assert.Contains("(NONE)", await ClientAsync("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), StringComparison.Ordinal);

        async Task<string> ClientAsync(params string[] arguments)
        {
            // The reply to a command brings the tickets of TLS 1.3 with it.
            Command done = await Command.TryAsync(
                TimeSpan.FromSeconds(20), "sh", "-c",
                $"(printf 'EHLO client.test\\r\\n'; sleep 0.5; printf 'QUIT\\r\\n'; sleep 0.2) | openssl s_client -starttls smtp -connect 127.0.0.1:{box.InsidePort} -crlf -ign_eof {string.Join(' ', arguments)} 2>&1");
            return done.Output;
        }
    }

    [Fact]
    public async Task A_message_to_mixed_recipients_reaches_Postfix_in_two_deliveries_over_TLS()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Postfix is started by root only");
        using var workshop = new TlsWorkshop();
        using TemporaryFolder folder = new TemporaryFolder().ForAll();
        await using PostfixInstance server = await PostfixInstance.StartAsync("intel.test", 9, settings: ServerTls(folder, workshop, "mail.intel.test") + "smtpd_tls_security_level = encrypt");
        await using var wire = new WireTap(() => server.Port);
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", wire.Port, 9);
        await Command.RunAsync(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj", "/CN=anna", "-addext", "subjectAltName=email:anna@intel.test",
            "-keyout", folder.Of("anna.key"), "-out", folder.Of("anna.pem"));
        await box.CommandAsync("certs", "import", folder.Of("anna.pem"), "--user", "anna@intel.test");
        await box.CommandAsync("tls", "authority");
        Terminate(box, server: "required");
        int metrics = FreePort.Next();
        box.Configure("# listen = \"127.0.0.1:9464\"", $"listen = \"127.0.0.1:{metrics}\"");
        await box.StartAsync();
        Command swaks = await Command.TryAsync(
            TimeSpan.FromSeconds(30), "swaks", "--server", "127.0.0.1", "--port", box.InsidePort.ToString(CultureInfo.InvariantCulture), "--tls", "--helo", "client.amd.test",
            "--from", "juro@amd.test", "--to", "anna@intel.test,juro@intel.test", "--body", WireTap.Secret);
        Assert.True(swaks.Status == 0, swaks.Output + box.Log);
        IReadOnlyList<string> stored = await server.StoredAsync(2);
        Assert.Equal(2, stored.Count);
        Assert.Single(stored, message => message.Contains(WireTap.Secret, StringComparison.Ordinal));
        Assert.Single(stored, message => message.Contains("smime-type=enveloped-data", StringComparison.Ordinal));
        Assert.Equal(0, wire.Sightings);
        Assert.Equal(2, server.Log.Split("TLS connection established from").Length - 1);

        using var http = new HttpClient();
        string counted = await http.GetStringAsync(new Uri($"http://127.0.0.1:{metrics}/metrics"));
        Assert.Matches("(?m)^cstp_tls_sessions\\S*\\{.*leg=\"client\".*version=\"1.3\".*\\} 1\\s", counted);
        Assert.Matches("(?m)^cstp_tls_sessions\\S*\\{.*leg=\"server\".*version=\"1.3\".*\\} 2\\s", counted);
    }
}
