using Cstp.Lab.Tests.Lab;
using Cstp.NetsetupLinux;

namespace Cstp.Lab.Tests;

/// <summary>Up and down on a machine of its own, with a bridge, rules and routes of others on it.</summary>
public sealed class RepeatTests : IAsyncLifetime
{
    private const string Host = "cstp-repeat";

    private readonly TemporaryFolder _folder = new();

    public async ValueTask InitializeAsync()
    {
        await DisposeAsync(keepFolder: true);
        await Command.RunAsync("sh", "-ec", $"""
            ip netns add {Host}
            ip netns add {Host}-far
            for port in eth0 eth1 eth2; do ip link add $port netns {Host} type veth peer name $port netns {Host}-far; done
            ip -n {Host} link set lo up
            ip -n {Host} link set eth0 up   # the first time gives a port its queue, for good
            ip -n {Host} link set eth0 down
            ip -n {Host} link set eth1 up
            ip -n {Host} link add theirs type bridge
            ip -n {Host} link set eth2 master theirs up
            ip -n {Host} link set theirs up
            ip -n {Host} address add 203.0.113.1/24 dev theirs
            ip -n {Host} rule add fwmark 7 lookup 77 priority 770
            ip -n {Host} route add 198.51.100.0/24 via 203.0.113.9 table 77
            ip netns exec {Host} nft add table inet theirs
            ip netns exec {Host} nft 'add chain inet theirs c {"{"} type filter hook input priority 0; {"}"}'
            ip netns exec {Host} nft add rule inet theirs c tcp dport 80 accept
            """);
    }

    public ValueTask DisposeAsync() => DisposeAsync(keepFolder: false);

    [Fact]
    public async Task Up_and_down_a_hundred_times_leave_no_trace()
    {
        string before = await StateAsync();
        for (int round = 0; round < 100; round++)
        {
            var settings = new LinuxSettings
            {
                Mode = (NetworkKind)(round % 3),
                Inside = ["eth0"],
                Outside = ["eth1"],
                Failure = (FailureBehaviour)(round % 2),
                Address = round % 3 == 0 ? ["10.99.0.1/24", "fd99::1/64"] : [],
                State = _folder.Of("state", "network.json"),
            };
            await NamespaceThread.RunAsync(Host, async () =>
            {
                using var network = new LinuxNetwork(settings);
                await network.UpAsync(CancellationToken.None);
                if (round < 6)
                {
                    Assert.Contains("nothing to do", await network.PlanAsync(CancellationToken.None), StringComparison.Ordinal);
                    Assert.True((await network.StatusAsync(CancellationToken.None)).IsUp);
                    await network.ListeningAsync(CancellationToken.None);
                    await network.UpAsync(CancellationToken.None);
                    Assert.Contains("cstp_living_", (await Command.TryAsync(TimeSpan.FromSeconds(20), "nft", "list", "tables")).Output, StringComparison.Ordinal);
                }
                await network.DownAsync(CancellationToken.None);
                if (round < 6)
                    await network.DownAsync(CancellationToken.None);
            });
            if (round is < 6 or 99)
                Assert.Equal(before, await StateAsync());
        }
        Assert.False(Directory.Exists(_folder.Of("state")));
    }

    [Fact]
    public async Task The_plan_as_a_script_does_what_up_does_and_a_change_of_mode_leaves_nothing_of_the_old_one()
    {
        string before = await StateAsync();
        LinuxSettings Settings(NetworkKind mode) => new() { Mode = mode, Inside = ["eth0"], Outside = ["eth1"], Address = mode == NetworkKind.Ip ? ["10.99.0.1/24"] : [], State = _folder.Of("network.json") };
        using var transparent = new LinuxNetwork(Settings(NetworkKind.Transparent));
        using var ip = new LinuxNetwork(Settings(NetworkKind.Ip));

        await NamespaceThread.RunAsync(Host, async () => await transparent.UpAsync(CancellationToken.None));
        string made = await StateAsync();
        await NamespaceThread.RunAsync(Host, async () => await transparent.DownAsync(CancellationToken.None));
        string script = await NamespaceThread.RunAsync(Host, async () => await transparent.PlanAsync(CancellationToken.None));
        await File.WriteAllTextAsync(_folder.Of("plan"), script);
        await Command.RunAsync("ip", "netns", "exec", Host, "sh", "-e", _folder.Of("plan"));
        Assert.Equal(made, await StateAsync());

        // The record was not written by the script: what can be recognised goes, kernel settings stay.
        await NamespaceThread.RunAsync(Host, async () => await transparent.DownAsync(CancellationToken.None));
        await Command.RunAsync("ip", "netns", "exec", Host, "sh", "-ec", "ip link set eth0 down; cd /proc/sys/net; echo 0 | tee ipv4/tcp_mtu_probing ipv4/fwmark_reflect ipv6/fwmark_reflect ipv6/conf/eth0/disable_ipv6 ipv6/conf/eth1/disable_ipv6; echo 1 | tee bridge/bridge-nf-call-*; ip link set eth0 down nomaster arp on; ip link set eth1 nomaster arp on");
        Assert.Equal(before, await StateAsync());

        await NamespaceThread.RunAsync(Host, async () =>
        {
            await ip.UpAsync(CancellationToken.None);
            await transparent.UpAsync(CancellationToken.None);
        });
        Assert.Equal(made, await StateAsync());
        await NamespaceThread.RunAsync(Host, async () => await ip.DownAsync(CancellationToken.None));
        Assert.Equal(before, await StateAsync());
    }

    /// <summary>Everything that could hold a trace; what only counts is left out.</summary>
    private static async Task<string> StateAsync()
    {
        await Task.Delay(200);   // Link-local addresses are tentative for a moment.
        return await Command.RunAsync("ip", "netns", "exec", Host, "sh", "-ec", """
            ip -d link | sed -E 's/(hello|tcn|topology_change|gc)_timer +[0-9.]+//g; s/^[0-9]+: //'
            ip address | sed -E 's/^[0-9]+: //; s/ tentative//'
            for version in 4 6; do ip -$version rule; ip -$version route show table all | sort; ip -$version neigh show nud permanent; done
            nft list ruleset
            sysctl -a --pattern '^net\.(ipv4|ipv6|bridge|netfilter)\.' 2>/dev/null | grep -v -e tcp_mem -e conntrack_count -e stable_secret -e addrgenmode
            """);
    }

    private async ValueTask DisposeAsync(bool keepFolder)
    {
        foreach (string host in new[] { Host, $"{Host}-far" }.Where(host => File.Exists($"/run/netns/{host}")))
            await Command.RunAsync("ip", "netns", "del", host);
        if (!keepFolder)
            _folder.Dispose();
    }
}
