using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests.Tls;

/// <summary>A message that amd's box splits: secured for Julia behind intel's box, as it is for Fedor, over a second connection to mulholland.</summary>
[Collection(typeof(OneTlsLab))]
public sealed class SplitTests(LabNetwork lab, TlsLab tls)
{
    /// <summary>Both connections of amd's box, and mulholland's through intel's, go in TLS that is verified as it was asked for.</summary>
    [Theory]
    [InlineData("opportunistic", "none")]
    [InlineData("required", "none")]
    [InlineData("required", "pkix")]
    [InlineData("required", "pin")]
    [InlineData("required", "dane")]
    public async Task Between_servers_with_TLS_it_goes_in_TLS_on_every_leg_and_is_secured_and_opened_between(string policy, string verify)
    {
        await ConfigureAsync(policy, verify);
        (WireWatch watch, Letter letter, string fedor, string julia) = await SendAsync(letter => LabNetwork.SubmitAsync("amd", letter.Text, "juro@amd", "julia@intel", "fedor@mulholland"));

        // Each copy came to mulholland's server in a session of its own, in TLS; to intel's, too.
        Assert.Contains("(using TLSv1.3 ", HopTo("mulholland", fedor), StringComparison.Ordinal);
        Assert.Contains("(using TLSv1.3 ", HopTo("mulholland", julia), StringComparison.Ordinal);
        Assert.NotEqual(HopTo("mulholland", fedor), HopTo("mulholland", julia));
        Assert.Contains("(using TLSv1.3 ", HopTo("intel", julia), StringComparison.Ordinal);
        foreach (string wire in lab.Captures.Keys.Where(wire => wire != "router/mulholland"))
            Assert.False(watch.Saw(wire, letter.Secret), $"in clear at {wire}");
        Assert.DoesNotContain("smime.p7m", watch.Seen("router/amd"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task To_a_server_without_TLS_opportunistic_boxes_split_it_in_clear()
    {
        await ConfigureAsync("opportunistic", "none");
        (WireWatch watch, Letter letter, string fedor, string julia) = await SendAsync(
            async letter => Assert.Equal("250 2.0.0", await TlsClient.SwaksAsync(TlsSide.Inside, serverHasTls: false, inTls: false, letter, "julia@intel", "fedor@mulholland")));
        Assert.DoesNotContain("(using TLS", HopTo("mulholland", fedor) + HopTo("mulholland", julia), StringComparison.Ordinal);
        Assert.True(watch.Saw("amd/eth0", letter.Secret) && watch.Saw("router/amd", letter.Secret));
        Assert.Contains("smime.p7m", watch.Seen("router/amd"), StringComparison.Ordinal);
        // Julia's copy is opened by intel's box alone, and goes on in TLS.
        Assert.False(watch.Saw("router/intel", letter.Secret) || watch.Saw("intel/eth0", letter.Secret));
    }

    private Task ConfigureAsync(string policy, string verify) => tls.ConfigureAsync(side => $"""
        client = "{policy}"
        server = "{policy}"
        verify = "{verify}"
        anchors_file = "{tls.Anchors}"
        resolver = "{tls.ResolverOf(side)}"
        [[tls.destinations]]
        address = "{side.ServerAddress}"
        name = "{side.ServerName}"
        pins = ["{tls.PinOf(side)}"]
        """);

    private async Task<(WireWatch Watch, Letter Letter, string Fedor, string Julia)> SendAsync(Func<Letter, Task> send)
    {
        var watch = new WireWatch(lab);
        Letter letter = Letter.Write("julia@intel, fedor@mulholland");
        await send(letter);
        string fedor = Assert.Single(await LabNetwork.MailboxAsync("mulholland", "fedor", 1, letter.Secret));
        string julia = Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, letter.Secret));
        await watch.EndAsync();
        letter.AssertOctetsIn(fedor);
        letter.AssertOctetsIn(julia);
        Assert.DoesNotContain("Authentication-Results", fedor, StringComparison.Ordinal);
        Assert.Contains("smime=pass\n\tbody.smime-identifier=cstpbox@amd\n", julia, StringComparison.Ordinal);
        return (watch, letter, fedor, julia);
    }

    /// <summary>The field that a server wrote on top of a message that came from another host.</summary>
    private static string HopTo(string server, string message) =>
        message.Split("\nReceived: ").Skip(1).Select(field => field.Split("\n\n")[0]).Single(field => field.Contains($"\tby {server} (Postfix) with ESMTP", StringComparison.Ordinal) && !field.Contains("127.0.0.1", StringComparison.Ordinal));
}
