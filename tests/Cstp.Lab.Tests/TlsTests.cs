using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests;

/// <summary>The paper's first example where the servers have TLS, and each box speaks it with both ends.</summary>
public sealed class TlsTests(LabNetwork lab) : IAsyncLifetime
{
    private const string Required = "\n[tls]\nclient = \"required\"\nserver = \"required\"";
    private static readonly string[] s_boxes = ["box-amd", "box-intel"], s_servers = ["amd", "intel", "mulholland"];
    private readonly TemporaryFolder _folder = new();

    public async ValueTask InitializeAsync()
    {
        await LabNetwork.RunAsync("ip", "4");
        _folder.ForAll();
        foreach (string server in s_servers)
        {
            string certificate = _folder.Of($"{server}.pem"), key = _folder.Of($"{server}.key");
            await Command.RunAsync("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-days", "30", "-subj", $"/CN={server}");
            await PostfixAsync(server, "postconf", "-e", $"smtpd_tls_cert_file={certificate}", $"smtpd_tls_key_file={key}", "smtpd_tls_security_level=may", "smtpd_tls_loglevel=1", "smtp_tls_loglevel=1");
            await PostfixAsync(server, "postfix", "reload");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string server in s_servers)
        {
            await PostfixAsync(server, "postconf", "-e", "smtpd_tls_security_level=none");
            await PostfixAsync(server, "postfix", "reload");
        }
        foreach (string box in s_boxes)
            await ConfigureAsync(box, text => text.Replace("starttls = \"terminate\"", "starttls = \"hide\"", StringComparison.Ordinal).Replace(Required, "\n[tls]", StringComparison.Ordinal));
        _folder.Dispose();
    }

    [Fact]
    public async Task A_message_that_is_split_goes_in_TLS_on_every_leg_and_is_secured_and_opened_between()
    {
        foreach (string box in s_boxes)
        {
            await LabNetwork.RunAsync("cstp", box, "tls", "authority");
            await ConfigureAsync(box, text => text.Replace("starttls = \"hide\"", "starttls = \"terminate\"", StringComparison.Ordinal).Replace("\n[tls]", Required, StringComparison.Ordinal));
        }
        Letter letter = Letter.Write("julia@intel, fedor@mulholland");
        await LabNetwork.SubmitAsync("amd", letter.Text, "juro@amd", "julia@intel", "fedor@mulholland");
        letter.AssertOctetsIn(Assert.Single(await LabNetwork.MailboxAsync("mulholland", "fedor", 1, letter.Secret)));
        string julia = Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, letter.Secret));
        letter.AssertOctetsIn(julia);
        Assert.Contains("smime=pass\n\tbody.smime-identifier=cstpbox@amd\n", julia, StringComparison.Ordinal);

        // amd's server and mulholland's each begin TLS; mulholland's and intel's are spoken to in TLS: twice where the message is split.
        Assert.Contains("TLS connection established to mulholland[10.25.3.2]:25", LabNetwork.Log("amd"), StringComparison.Ordinal);
        Assert.True(LabNetwork.Log("mulholland").Split("TLS connection established from unknown[10.25.1.2]").Length > 2, LabNetwork.Logs());
        Assert.Contains("TLS connection established to intel[10.25.2.2]:25", LabNetwork.Log("mulholland"), StringComparison.Ordinal);
        Assert.Contains("TLS connection established from unknown[10.25.3.2]", LabNetwork.Log("intel"), StringComparison.Ordinal);
        foreach (string wire in new[] { "intel/eth0", "router/intel" })
            await lab.Captures[wire].AssertNeverSeesAsync($"frame contains \"{letter.Secret}\"");
    }

    private static Task<string> PostfixAsync(string server, string program, params string[] arguments) =>
        LabNetwork.ExecAsync(server, [program, "-c", Path.Combine(LabNetwork.Folder, "hosts", server, "etc"), .. arguments]);

    /// <summary>Changes a box's configuration and starts its proxy anew.</summary>
    private static async Task ConfigureAsync(string box, Func<string, string> change)
    {
        string file = Path.Combine(LabNetwork.Folder, "hosts", box, "cstp", "cstp.toml");
        await File.WriteAllTextAsync(file, change(await File.ReadAllTextAsync(file)));
        await LabNetwork.RunAsync("proxy", box, "stop");
        await LabNetwork.RunAsync("proxy", box, "start");
    }
}
