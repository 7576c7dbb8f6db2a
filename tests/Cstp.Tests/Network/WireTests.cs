using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.NetsetupLinux;
using Cstp.NetsetupLinux.Checks;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.Tests.Network;

public sealed class WireTests
{
    public static TheoryData<string> Wrong => [.. s_wrong.Keys];

    private static readonly Dictionary<string, (Action<LinuxSettings> Change, string Words)> s_wrong = new()
    {
        ["no inside"] = (settings => settings.Inside = [], "names no interface"),
        ["no interface name"] = (settings => settings.Inside = ["eth0; reboot"], "neither an interface"),
        ["one interface on both sides"] = (settings => settings.Outside = ["eth0"], "named twice"),
        ["bridge name too long"] = (settings => settings.Bridge = "a-bridge-of-many-letters", "no interface name"),
        ["bridge name too long for VLANs"] = (settings => (settings.Bridge, settings.Vlans) = ("elevenchars", [10]), "at most 10"),
        ["relative state"] = (settings => settings.State = "network.json", "absolute"),
        ["no ports"] = (settings => settings.Ports = [], "ports from 1"),
        ["port 0"] = (settings => settings.Ports = [0], "ports from 1"),
        ["listener's port"] = (settings => settings.Ports = [25, 10026], "a listener's own port"),
        ["VLAN 4095"] = (settings => settings.Vlans = [4095], "VLAN ids"),
        ["VLANs of a router"] = (settings => (settings.Mode, settings.Address, settings.Vlans) = (NetworkKind.Routed, [], [10]), "knows no VLANs"),
        ["no network"] = (settings => settings.Exclude = ["192.0.2.0/33"], "is no network"),
        ["ip without address"] = (settings => settings.Address = [], "must be given"),
        ["address without prefix"] = (settings => settings.Address = ["192.0.2.1"], "neither \"dhcp\" nor"),
        ["transparent with address"] = (settings => settings.Mode = NetworkKind.Transparent, "mode \"ip\" alone"),
        ["gateway"] = (settings => settings.Gateway = ["router"], "no IP address"),
        ["two gateways"] = (settings => settings.Gateway = ["192.0.2.1", "192.0.2.2"], "one router"),
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_settings_are_told(string name)
    {
        LinuxSettings settings = Machine.Settings(NetworkKind.Ip);
        Assert.Empty(settings.Validate(new ValidationContext(settings)));
        s_wrong[name].Change(settings);
        Assert.Contains(s_wrong[name].Words, Assert.Single(settings.Validate(new ValidationContext(settings))).ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Interfaces_are_found_by_name_and_by_MAC_address_below_bridges_that_bear_it()
    {
        LinkFacts bridge = Machine.Port("br7", 1) with { Kind = "bridge" };
        Wire wire = Machine.Wire(Machine.Settings(NetworkKind.Transparent, settings => settings.Inside = ["52:54:00:00:00:01"]), [bridge, .. Machine.Links]);
        Assert.Equal([new("eth0", "52:54:00:00:00:01", Side.Inside), new("eth1", "52:54:00:00:00:02", Side.Outside)], wire.Ports);
        Assert.DoesNotContain(wire.BridgeMac, wire.Ports.Select(port => port.Mac));
        Assert.Equal(2, Convert.ToByte(wire.BridgeMac[..2], 16) & 3);
    }

    [Theory]
    [InlineData("eth9", "there is no interface eth9")]
    [InlineData("eth0", "eth0 is a port of br7 already")]
    [InlineData("eth2", "eth2 has the address 192.0.2.7/24")]
    public void An_interface_that_cannot_be_used_is_told_with_the_mend(string inside, string words)
    {
        IReadOnlyList<LinkFacts> links = [Machine.Port("eth0", 1) with { Master = "br7" }, Machine.Port("eth1", 2), Machine.Port("eth2", 3) with { Addresses = ["192.0.2.7/24"] }];
        Assert.Null(WireResolution.TryResolve(Machine.Settings(NetworkKind.Transparent, settings => settings.Inside = [inside]), links, out IReadOnlyList<string> problems));
        Assert.Contains(words, Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bridge_of_somebody_else_is_not_touched()
    {
        LinkFacts theirs = new("cstp0", "52:54:00:00:00:09", true, true, null, "bridge", null, []);
        Assert.Null(WireResolution.TryResolve(Machine.Settings(NetworkKind.Transparent), [theirs, .. Machine.Links], out IReadOnlyList<string> problems));
        Assert.Contains("is not this box's bridge", Assert.Single(problems), StringComparison.Ordinal);
        Machine.Wire(Machine.Settings(NetworkKind.Transparent), [theirs with { Alias = "cstp" }, .. Machine.Links]);
    }

    [Fact]
    public void Each_VLAN_has_listeners_and_a_mark_of_its_own()
    {
        using var network = new LinuxNetwork(Machine.Settings(NetworkKind.Transparent, settings => settings.Vlans = [4094]));
        Assert.Equal([(Side.Inside, 10025), (Side.Outside, 10026), (Side.Inside, 10027), (Side.Outside, 10028)], network.Listeners.Select(listener => (listener.Side, listener.EndPoint.Port)).Distinct());
        Assert.Equal(0x4353ffe6u, Marks.Of(4094, MarkRole.Sent));
        Assert.All(
            Enum.GetValues<MarkRole>(),
            role => Assert.Equal(role is MarkRole.Delivered or MarkRole.Reset, (Marks.Of(4094, role) & Marks.ToBoxMask) == Marks.ToBox));
    }

    [Fact]
    public async Task T14_who_speaks_to_a_listener_itself_is_refused()
    {
        using var network = new LinuxNetwork(Machine.Settings(NetworkKind.Ip));
        SocketException refused = await Assert.ThrowsAsync<SocketException>(async () =>
            (await network.ConnectAsync(network.Listeners[0], new(IPAddress.Loopback, 40_000), new(IPAddress.Loopback, 10025), CancellationToken.None)).Dispose());
        Assert.Contains("a listener of the box", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter","hook":"input","prio":0,"policy":"drop"}}""", "chain inet filter input drops all")]
    [InlineData("""{"rule":{"family":"ip","table":"nat","chain":"pre","handle":7,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[80,{"range":[20,30]}]}}},{"redirect":{"port":2525}}]}}""", "ip nat pre takes SMTP away (redirect); remove it: nft delete rule ip nat pre handle 7")]
    [InlineData("""{"rule":{"family":"ip","table":"nat","chain":"pre","handle":7,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"redirect":{"port":8080}}]}}""", null)]
    [InlineData("""{"rule":{"family":"inet","table":"cstp","chain":"input","handle":7,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":25}},{"reject":null}]}}""", null)]
    [InlineData("""{"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter","hook":"input","prio":0,"policy":"accept"}}""", null)]
    public void Rules_of_others_that_take_SMTP_away_are_told(string item, string? words)
    {
        IReadOnlyList<string> found = ForeignRules.Find("{\"nftables\":[{\"metainfo\":{\"version\":\"1.0.6\"}}," + item + "]}", new HashSet<int> { 25 });
        if (words is null)
            Assert.Empty(found);
        else
            Assert.Contains(words, Assert.Single(found), StringComparison.Ordinal);
    }
}
