using System.Security.Cryptography.X509Certificates;
using Cstp.EndToEnd.Harness;
using Cstp.Tests.Tls;

namespace Cstp.EndToEnd.RealSoftware;

/// <summary>Dovecot's submission service: binary messages (RFC 3030), since it has BDAT as server and as client; and as a relay that asks for a password.</summary>
public sealed class DovecotTests
{
    /// <summary>No LF alone: Dovecot itself makes CRLF of it.</summary>
    private const string Binary = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: " + WireTap.Secret + "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + WireTap.Secret + "\0\r\n.\r\nCR\ralone\r\r\n..\r\n\u00ff no end";

    private readonly RecordingServer _last = new() { Extensions = "PIPELINING\n8BITMIME\nCHUNKING\nBINARYMIME\nENHANCEDSTATUSCODES" };

    [Fact]
    public async Task What_Dovecot_sends_in_chunks_is_sealed_and_opened_octet_for_octet()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Dovecot is started by root only");
        await using RecordingServer last = _last;
        await using BoxPair boxes = await BoxPair.StartAsync(last.Port);
        await using DovecotSubmission dovecot = await DovecotSubmission.StartAsync(boxes.Amd.InsidePort);
        await SendAsync(dovecot.Port);
        Assert.True(last.Messages.TryDequeue(out RecordedMessage? arrived), $"{dovecot.Log}\n{boxes.Amd.Log}\n{boxes.Intel.Log}");
        AssertArrived(arrived);
        Assert.Contains(boxes.ToIntel.Seen, seen => seen.Contains("smime.p7m", StringComparison.Ordinal));
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [Fact]
    public async Task What_a_box_opens_to_binary_Dovecot_takes_in_chunks()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Dovecot is started by root only");
        await using RecordingServer last = _last;
        await using DovecotSubmission dovecot = await DovecotSubmission.StartAsync(last.Port);
        await using BoxPair boxes = await BoxPair.StartAsync(dovecot.Port);
        await SendAsync(boxes.Amd.InsidePort);
        Assert.True(last.Messages.TryDequeue(out RecordedMessage? arrived), $"{dovecot.Log}\n{boxes.Amd.Log}\n{boxes.Intel.Log}");
        AssertArrived(arrived);
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [Theory]
    [InlineData("right", true)]
    [InlineData("wrong", false)]
    public async Task A_part_goes_through_Dovecot_to_whom_the_box_gives_the_right_password(string password, bool isRight)
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Dovecot is started by root only");
        using var workshop = new TlsWorkshop();
        using X509Certificate2 certificate = workshop.Issue("relay.test");
        using TemporaryFolder folder = new TemporaryFolder().ForAll();
        (string certificateFile, string keyFile) = TlsWorkshop.Write(folder.Path, "relay", certificate);
        await using RecordingServer last = _last;
        await using DovecotSubmission dovecot = await DovecotSubmission.StartAsync(last.Port, DovecotSubmission.ByPassword("right", certificateFile, keyFile));
        await using var wire = new WireTap(() => dovecot.Port);
        int connections = 0;
        await using var server = new RecordingServer { Answer = line => line == "CONNECT" && ++connections > 1 ? "421 4.7.0 One is enough" : null };
        await using BoxProcess intel = await BoxProcess.InitAsync("intel.test", 9, 9);
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", server.Port, 9);
        await box.TrustAsync(intel);
        box.Configure("starttls = \"hide\"", "starttls = \"terminate\"");
        box.Configure("#= client = \"opportunistic\"", "client = \"none\"");
        await File.WriteAllTextAsync(folder.Of("anchors.pem"), workshop.Authority.ExportCertificatePem());
        box.Configure("# anchors_file = \"anchors.pem\"", $"anchors_file = \"{folder.Of("anchors.pem")}\"");
        // 0.0.0.0 leads to this machine and is none of its own addresses: TLS is not spared.
        box.Configure("# [[tls.destinations]]", "[[tls.destinations]]\naddress = \"0.0.0.0/0\"\nname = \"relay.test\"");
        box.Configure("# server = \"smarthost.example.com:25\"", $"server = \"0.0.0.0:{wire.Port}\"\nuser = \"box\"\npassword_file = \"relay.password\"");
        string secret = Path.Combine(box.Folder, "relay.password");
        await File.WriteAllTextAsync(secret, password);
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await box.StartAsync();

        using (RawClient client = await RawClient.GreetedAsync(box.InsidePort))
        {
            await client.AddressAsync("juro@amd.test", "anna@intel.test", "max@elsewhere.test");
            Assert.StartsWith(isRight ? "250" : "451 4.4.2", await client.SendMessageAsync($"Subject: {WireTap.Secret}\r\n\r\nx\r\n"), StringComparison.Ordinal);
        }
        Assert.Equal(isRight ? 1 : 0, server.Messages.Count);
        Assert.Equal(isRight ? ["max@elsewhere.test"] : [], last.Messages.Where(m => m.Text.Contains(WireTap.Secret, StringComparison.Ordinal)).Select(m => m.Recipients.Single().Split('<', '>')[1]));
        Assert.Contains(wire.Seen, seen => seen.Contains("STARTTLS", StringComparison.Ordinal));
        Assert.DoesNotContain(wire.Seen, seen => seen.Contains("AUTH PLAIN ", StringComparison.Ordinal));
        Assert.Equal(0, wire.Sightings);
        // What it logged is all there once it ended.
        await box.TerminateAsync();
        await box.ExitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(!isRight, box.Log.Contains("does not let the box in: it answers AUTH with 535", StringComparison.Ordinal));
    }

    private static async Task SendAsync(int port)
    {
        using RawClient client = await RawClient.GreetedAsync(port);
        Assert.StartsWith("235", await client.AskAsync(DovecotSubmission.Login), StringComparison.Ordinal);
        Assert.Contains("BINARYMIME", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("MAIL FROM:<juro@amd.test> BODY=BINARYMIME"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("RCPT TO:<anna@intel.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendChunkAsync(Binary[..100]), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendChunkAsync(Binary[100..], isLast: true), StringComparison.Ordinal);
    }

    private static void AssertArrived(RecordedMessage arrived)
    {
        Assert.True(arrived.CameInChunks);
        Assert.EndsWith("BODY=BINARYMIME", arrived.Mail, StringComparison.Ordinal);
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith(Binary, arrived.Text, StringComparison.Ordinal);
    }
}
