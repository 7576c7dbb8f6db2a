using Cstp.NetsetupLinux;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Plans;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.Tests.Network;

/// <summary>A machine with three ports that exists on paper only.</summary>
internal static class Machine
{
    public const string PidFile = "/run/cstp/network.json.dhcp";

    public static LinkFacts Port(string name, int number) => new(name, $"52:54:00:00:00:0{number}", true, true, null, null, null, []);

    public static readonly IReadOnlyList<LinkFacts> Links = [Port("eth0", 1), Port("eth1", 2), Port("eth2", 3)];

    public static LinuxSettings Settings(NetworkKind mode, Action<LinuxSettings>? change = null)
    {
        var settings = new LinuxSettings { Mode = mode, Inside = ["eth0"], Outside = ["eth1"], Address = mode == NetworkKind.Ip ? ["192.0.2.10/24"] : [] };
        change?.Invoke(settings);
        return settings;
    }

    public static Wire Wire(LinuxSettings settings, IReadOnlyList<LinkFacts>? links = null)
    {
        Wire? wire = WireResolution.TryResolve(settings, links ?? Links, out IReadOnlyList<string> problems);
        Assert.Empty(problems);
        return wire!;
    }

    /// <summary>As it is after a boot.</summary>
    public static HostFacts Fresh(Wire wire) => new()
    {
        Links = Links,
        Sysctls = KernelSettings.Paths(wire).Where(path => !path.Contains("cstp0", StringComparison.Ordinal))
            .ToDictionary(path => path, path => path.Contains("bridge-nf", StringComparison.Ordinal) ? "1" : "0"),
    };

    /// <summary>As it is when everything was made.</summary>
    public static HostFacts Made(Wire wire)
    {
        LinkFacts bridge = new(wire.Bridge, wire.BridgeMac, true, wire.Mode == NetworkKind.Ip, null, "bridge", WireResolution.Alias, wire.Addresses);
        var routes = new HashSet<RouteFacts> { new(4, "local", "default", null, "lo", wire.LocalTable), new(6, "local", "default", null, "lo", wire.LocalTable) };
        var rules = new HashSet<RuleFacts> { new(4, wire.LocalTable, 0x43530005, 0xffff000d, wire.LocalTable), new(6, wire.LocalTable, 0x43530005, 0xffff000d, wire.LocalTable) };
        foreach (WireLink link in wire.IsBridge ? wire.Links : [])
        {
            routes.UnionWith([new(4, "unicast", "default", "192.0.2.254", link.Device, link.Table), new(6, "unicast", "default", "fe80::fe", link.Device, link.Table)]);
            rules.UnionWith(new[] { 4, 6 }.Select(version => new RuleFacts(version, link.Table, Marks.Of(link.Vlan, MarkRole.Sent), uint.MaxValue, link.Table)));
        }
        foreach (System.Net.IPAddress gateway in wire.Gateways)
            routes.Add(new(4, "unicast", "default", gateway.ToString(), wire.Bridge, 0));
        return new()
        {
            Links =
            [
                .. Links.Select(link => wire.IsBridge && wire.Ports.Any(port => port.Name == link.Name) ? link with { Master = wire.Bridge, UsesArp = false } : link),
                .. wire.IsBridge ? [bridge] : Array.Empty<LinkFacts>(),
                .. wire.IsBridge ? wire.Links.Skip(1).Select(link => bridge with { Name = link.Device, Kind = "vlan", UsesArp = false }) : [],
            ],
            Tables = Cstp.NetsetupLinux.Rules.RuleNames.Tables(wire).Append("inet firewall").ToHashSet(),
            Rules = rules.Append(new(4, 32000, 1, uint.MaxValue, 99)).ToHashSet(),
            Routes = routes,
            Neighbours = wire.Links.SelectMany(link => new[] { "192.0.2.254", "fe80::fe" }.Select(nowhere => $"{nowhere} 02:00:00:00:00:fe {link.Device}")).ToHashSet(),
            Sysctls = KernelSettings.OfSystem(wire).Concat(wire.IsBridge ? wire.Links.SelectMany(link => KernelSettings.OfDevice(wire, link.Device)).Concat(wire.Ports.Select(KernelSettings.OfPort)) : [])
                .ToDictionary(setting => setting.Path, setting => setting.Value),
            DhcpClient = "udhcpc",
            DhcpRuns = wire.UsesDhcp,
        };
    }
}
