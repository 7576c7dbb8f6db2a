using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests;

/// <summary>What is seen of a box, and what passes it. MAC addresses and networks are those of <c>tests/lab/network.sh</c>.</summary>
public sealed class TransparencyTests(LabNetwork lab)
{
    private const string Intel = "02:aa:00:00:00:03", RouterAtIntel = "02:bb:00:00:00:04";

    [Fact]
    public async Task Of_the_transparent_box_no_frame_shows_an_address_from_before_its_bridge_was_there()
    {
        await LabNetwork.RunAsync("ip", "4");
        Letter letter = Letter.Write("juro@intel");
        await LabNetwork.SubmitAsync("amd", letter.Text, "juro@amd", "juro@intel");
        await LabNetwork.MailboxAsync("intel", "juro", 1, letter.Secret);
        await LabNetwork.ExecAsync("intel", "ping", "-q", "-c", "1", "10.25.2.1");
        foreach (string place in new[] { "intel/eth0", "router/intel" })
        {
            Capture capture = lab.Captures[place];
            IReadOnlyList<string> senders = await capture.ReadAsync("frame", "eth.src");
            Assert.Equal([Intel, RouterAtIntel], senders.Distinct().Order());
            // Where the captured port is not the sender, the frame came through the box: both are seen on both sides.
            Assert.All(new[] { Intel, RouterAtIntel }, sender => Assert.True(senders.Count(frame => frame == sender) > 10, $"{place} saw hardly a frame of {sender}"));
            await capture.AssertNeverSeesAsync("ip.addr == 192.0.2.0/24 or ipv6.addr == 100::/64 or eth.addr == 02:00:00:00:00:fe");
            // As many hops as without a box: 64 from the sender, 63 from behind the router.
            Assert.Subset(new HashSet<string> { "64\t10.25.2.2", "63\t10.25.3.2", "64\t10.25.3.2", "63\t10.25.3.25", "64\t10.25.3.25" }, (await capture.ReadAsync("tcp.port == 25 and ip", "ip.ttl", "ip.src")).ToHashSet());
        }
    }

    [Fact]
    public async Task Of_the_box_with_an_address_nothing_but_its_own_traffic_shows_it()
    {
        await LabNetwork.ExecAsync("box-amd", "ping", "-q", "-c", "1", "10.25.1.1");
        await LabNetwork.ExecAsync("amd", "ping", "-q", "-c", "1", "10.25.1.9");
        string box = (await LabNetwork.ExecAsync("box-amd", "cat", "/sys/class/net/cstp0/address")).Trim();
        foreach (string place in new[] { "amd/eth0", "router/amd" })
        {
            await lab.Captures[place].AssertSeesAsync($"icmp and eth.src == {box}");
            await lab.Captures[place].AssertNeverSeesAsync($"tcp.port == 25 and eth.addr == {box} and not ip.addr == 10.25.1.9");
            await lab.Captures[place].AssertNeverSeesAsync("eth.addr == 02:00:00:00:00:fe or ip.addr == 192.0.2.0/24");
        }
    }

    [Theory]
    [InlineData("intel", "10.25.2.1", "fd25:2::1")]
    [InlineData("amd", "10.25.1.1", "fd25:1::1")]
    public async Task Address_resolution_and_ping_pass_both_boxes(string host, string router4, string router6)
    {
        await LabNetwork.ExecAsync(host, "ip", "neigh", "flush", "dev", "eth0");
        await LabNetwork.ExecAsync(host, "ping", "-q", "-c", "2", "-i", "0.1", router4);
        await LabNetwork.ExecAsync(host, "ping", "-q", "-c", "2", "-i", "0.1", router6);
        await lab.Captures[$"{host}/eth0"].AssertSeesAsync($"arp.opcode == 2 and arp.src.proto_ipv4 == {router4}");
        await lab.Captures[$"{host}/eth0"].AssertSeesAsync($"icmpv6.type == 136 and icmpv6.nd.na.target_address == {router6}");
    }

    [Fact]
    public async Task DHCP_HTTP_and_a_large_transfer_pass_the_transparent_box()
    {
        using var folder = new TemporaryFolder();
        byte[] large = new byte[24 * 1024 * 1024];
        Random.Shared.NextBytes(large);
        await File.WriteAllBytesAsync(folder.Of("large"), large);
        await LabNetwork.ExecAsync("router", "dnsmasq", "--port=0", "--interface=intel", "--bind-interfaces", "--dhcp-range=10.25.2.100,10.25.2.110,1h", $"--pid-file={folder.Of("dnsmasq")}", $"--dhcp-leasefile={folder.Of("leases")}");
        await LabNetwork.ExecAsync("intel", "sh", "-c", $"cd {folder.Path} && python3 -m http.server 8080 >/dev/null 2>&1 & echo $! >{folder.Of("http")}");
        try
        {
            await LabNetwork.ExecAsync("intel", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", "/bin/true");
            Assert.Contains("10.25.2.1", await File.ReadAllTextAsync(folder.Of("leases")), StringComparison.Ordinal);
            await LabNetwork.ExecAsync("mulholland", "curl", "-s", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "-o", folder.Of("came"), "http://10.25.2.2:8080/large");
            Assert.Equal(large, await File.ReadAllBytesAsync(folder.Of("came")));
        }
        finally
        {
            await Command.RunAsync("sh", "-c", $"kill $(cat {folder.Of("dnsmasq")} {folder.Of("http")})");
        }
    }
}
