using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests;

/// <summary>The examples of the design paper, between servers that know nothing of the boxes.</summary>
public sealed class PaperTests(LabNetwork lab)
{
    /// <summary>A running box sees a change of its store within a second.</summary>
    private static readonly TimeSpan s_storeReadAgain = TimeSpan.FromSeconds(1.5);

    [Fact]
    public void The_lab_is_up_within_thirty_seconds_of_a_machine_that_does_nothing_else() => Assert.InRange(lab.UpTime, TimeSpan.Zero, TimeSpan.FromSeconds(30) * lab.Crowd);

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public async Task Julia_and_Juro_get_it_secured_across_mulholland_and_Fedor_the_original_on_a_second_connection(int ip)
    {
        await LabNetwork.RunAsync("ip", $"{ip}");
        string amd = ip == 4 ? "10.25.1.2" : "IPv6:fd25:1::2";
        Letter letter = Letter.Write("juro@intel, julia@intel, fedor@mulholland");
        await LabNetwork.SubmitAsync("amd", letter.Text, "juro@amd", "juro@intel", "julia@intel", "fedor@mulholland");

        string fedor = Assert.Single(await LabNetwork.MailboxAsync("mulholland", "fedor", 1, letter.Secret));
        letter.AssertOctetsIn(fedor);
        Assert.Contains($"Received: from amd (unknown [{amd}])\n\tby mulholland (Postfix)", fedor, StringComparison.Ordinal);
        Assert.DoesNotContain("Authentication-Results", fedor, StringComparison.Ordinal);
        string[] behindIntel =
        [
            Assert.Single(await LabNetwork.MailboxAsync("intel", "juro", 1, letter.Secret)),
            Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, letter.Secret)),
        ];
        Assert.All(behindIntel, message =>
        {
            letter.AssertOctetsIn(message);
            Assert.Contains("smime=pass\n\tbody.smime-identifier=cstpbox@amd\n", message, StringComparison.Ordinal);
            Assert.Contains($"Received: from amd (unknown [{amd}])\n\tby mulholland (Postfix)", message, StringComparison.Ordinal);
        });

        // Fedor's copy came in a delivery of its own, from amd's server as well.
        Assert.Contains($"\n\tfor <fedor@mulholland>", fedor, StringComparison.Ordinal);
        Assert.All(behindIntel, message => Assert.NotEqual(Hop(fedor, "mulholland"), Hop(message, "mulholland")));
        await lab.Captures["intel/eth0"].AssertSeesAsync($"frame contains \"{letter.Secret}\"");
        await lab.Captures["router/intel"].AssertNeverSeesAsync($"frame contains \"{letter.Secret}\"");
    }

    [Fact]
    public async Task What_only_Julias_workstation_can_open_passes_as_it_is_and_shows_who_signed_it()
    {
        await LabNetwork.RunAsync("ip", "4");
        using var workstation = new TemporaryFolder();
        await Command.RunAsync(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", workstation.Of("julia.key"), "-out", workstation.ForAll().Of("julia.pem"), "-days", "30",
            "-subj", "/CN=Julia", "-addext", "subjectAltName=email:julia@intel", "-addext", "keyUsage=digitalSignature,keyEncipherment", "-addext", "extendedKeyUsage=emailProtection");
        await LabNetwork.RunAsync("cstp", "box-amd", "certs", "import", workstation.Of("julia.pem"), "--user", "julia@intel");
        try
        {
            Letter letter = Letter.Write("julia@intel");
            string subject = $"Subject: {Guid.NewGuid():n}";
            await Task.Delay(s_storeReadAgain);
            await LabNetwork.SubmitAsync("amd", letter.Text.Replace($"Subject: {letter.Secret}", subject, StringComparison.Ordinal), "juro@amd", "julia@intel");

            string stored = Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, subject));
            Assert.Contains("Content-Type: application/pkcs7-mime", stored, StringComparison.Ordinal);
            await File.WriteAllTextAsync(workstation.Of("stored.eml"), stored);
            await Command.RunAsync("openssl", "cms", "-decrypt", "-in", workstation.Of("stored.eml"), "-recip", workstation.Of("julia.pem"), "-inkey", workstation.Of("julia.key"), "-out", workstation.Of("signed.eml"));
            string gateway = Path.Combine(LabNetwork.Folder, "hosts", "box-amd", "gateway.pem");
            await Command.RunAsync(
                "openssl", "cms", "-verify", "-in", workstation.Of("signed.eml"), "-CAfile", gateway, "-purpose", "any", "-partial_chain",
                "-signer", workstation.Of("signer.pem"), "-out", workstation.Of("opened.eml"));
            Assert.Contains($"{letter.Secret}\r\n.\r\n..\r\nFrom the start of a line\r\n", await File.ReadAllTextAsync(workstation.Of("opened.eml")), StringComparison.Ordinal);
            Assert.Contains("CN = cstpbox@amd", await Command.RunAsync("openssl", "x509", "-in", workstation.Of("signer.pem"), "-noout", "-subject"), StringComparison.Ordinal);
            await lab.Captures["intel/eth0"].AssertNeverSeesAsync($"frame contains \"{letter.Secret}\"");
        }
        finally
        {
            string fingerprint = (await Command.RunAsync("openssl", "x509", "-in", workstation.Of("julia.pem"), "-noout", "-fingerprint", "-sha256")).Split('=')[1].Trim().Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
            await LabNetwork.RunAsync("cstp", "box-amd", "certs", "remove", fingerprint);
            await Task.Delay(s_storeReadAgain);
        }
    }

    /// <summary>The queue id that a server gave.</summary>
    private static string Hop(string message, string server)
    {
        int by = message.IndexOf($"\n\tby {server} (Postfix) with ESMTP id ", StringComparison.Ordinal);
        Assert.True(by > 0, message);
        return message[by..].Split(" id ")[1].Split([';', '\n', ' '])[0];
    }
}
