using System.Security.Cryptography;
using System.Text;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Rules;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Plans;

/// <summary>What is missing between the machine as it is and the wire as it shall be. Rules come before the bridge, so that nothing slips by.</summary>
/// <param name="wire">The wire.</param>
/// <param name="facts">The machine.</param>
/// <param name="record">What was made before, or null.</param>
internal sealed class UpPlan(Wire wire, HostFacts facts, NetworkRecord? record)
{
    private readonly List<PlanStep> _steps = [];
    private readonly string _rules = RuleSet.Write(wire);

    /// <summary>Names what decides interfaces and routes.</summary>
    public string Structure => string.Join(' ',
    [
        wire.Mode, wire.Bridge, wire.BridgeMac, .. wire.Ports.Select(port => port.Name), .. wire.Links.Select(link => $"vlan{link.Vlan}"),
        $"table{wire.LocalTable}", .. wire.Addresses, .. wire.Gateways.Select(gateway => $"via{gateway}"), wire.UsesDhcp ? LinuxSettings.Dhcp : "",
    ]);

    /// <summary>What will have been made, and was there before: what an earlier record says, where there is one.</summary>
    public NetworkRecord Record => new()
    {
        Structure = Structure,
        Rules = Fingerprint(_rules),
        Tables = RuleNames.Tables(wire),
        Bridge = wire.IsBridge ? wire.Bridge : null,
        FirstTable = wire.LocalTable,
        TableCount = 1 + wire.Links.Count,
        Ports = wire.IsBridge ? wire.Ports.ToDictionary(port => port.Name, FormerPort) : new Dictionary<string, FormerPort>(),
        Sysctls = KernelSettings.OfSystem(wire).Concat(wire.IsBridge ? wire.Ports.Select(KernelSettings.OfPort) : [])
            .Where(setting => facts.Sysctls.ContainsKey(setting.Path))
            .ToDictionary(setting => setting.Path, setting => record?.Sysctls.GetValueOrDefault(setting.Path) ?? facts.Sysctls[setting.Path]),
        DhcpClient = wire.UsesDhcp ? facts.DhcpClient : null,
        MadeFolder = record?.MadeFolder ?? false,
    };

    /// <summary>Makes the plan.</summary>
    /// <param name="pidFile">Where a DHCP client shall leave its process id.</param>
    /// <exception cref="IOException">DHCP is wanted, and the system has no client.</exception>
    public Plan Make(string pidFile)
    {
        foreach (KernelSetting setting in KernelSettings.OfSystem(wire))
            Set(setting);
        // Before there is a bridge that they speak of.
        if (record?.Rules != Fingerprint(_rules) || RuleNames.Tables(wire).Any(table => !facts.Tables.Contains(table)))
            _steps.Add(new ProgramStep("the rules, all of them or none", "nft", ["-f", "-"], _rules));
        Route(new(4, "local", "default", null, "lo", wire.LocalTable), "what is marked as delivered stays here");
        Route(new(6, "local", "default", null, "lo", wire.LocalTable), "what is marked as delivered stays here");
        Rule(wire.LocalTable, Marks.ToBox, Marks.ToBoxMask, wire.LocalTable, "what is marked as delivered stays here");
        if (wire.IsBridge)
        {
            _steps.AddRange(new BridgeSteps(wire, facts).Make());
            foreach (WireLink link in wire.Links)
                Link(link);
            foreach (WirePort port in wire.Ports)
                Port(port);
            Addresses(pidFile);
        }
        return new(_steps);
    }

    private void Link(WireLink link)
    {
        foreach (string nowhere in new[] { Wire.Nowhere4, Wire.Nowhere6 })
        {
            if (!facts.Neighbours.Contains($"{nowhere} {Wire.NowhereMac} {link.Device}"))
                _steps.Add(Neighbour(link, nowhere));
        }
        foreach (RouteFacts route in Routes(link))
            Route(route, WhyLeaving(link));
        Rule(link.Table, Marks.Of(link.Vlan, MarkRole.Sent), uint.MaxValue, link.Table, WhyLeaving(link));
    }

    /// <summary>What the kernel forgets when a device loses its last IPv4 address.</summary>
    /// <param name="wire">The wire.</param>
    public static Plan WayOut(Wire wire) =>
        new([.. wire.Links.SelectMany(link => new[] { Neighbour(link, Wire.Nowhere4), Replace(Routes(link)[0], WhyLeaving(link)) })]);

    private static RouteFacts[] Routes(WireLink link) =>
        [new(4, "unicast", "default", Wire.Nowhere4, link.Device, link.Table), new(6, "unicast", "default", Wire.Nowhere6, link.Device, link.Table)];

    private static ProgramStep Neighbour(WireLink link, string nowhere) =>
        new(WhyLeaving(link), $"ip neigh replace {nowhere} lladdr {Wire.NowhereMac} dev {link.Device} nud permanent");

    private static string WhyLeaving(WireLink link) => $"what the box's sockets send leaves by {link.Device}, to a router that does not exist";

    private void Port(WirePort port)
    {
        LinkFacts link = facts.Link(port.Name)!;
        KernelSetting silent = KernelSettings.OfPort(port);
        Set(silent);
        if (link.UsesArp)
            _steps.Add(new ProgramStep(silent.Why, $"ip link set dev {port.Name} arp off"));
        if (link.Master is null)
            _steps.Add(new ProgramStep(silent.Why, $"ip link set dev {port.Name} master {wire.Bridge}"));
        // All reserved group addresses but PAUSE go through: 802.1X, LLDP, LACP.
        if (link.Master is null)
            _steps.Add(new ProgramStep(silent.Why, $"ip link set dev {port.Name} type bridge_slave group_fwd_mask 0xfffd"));
        if (!link.IsUp)
            _steps.Add(new ProgramStep(silent.Why, $"ip link set dev {port.Name} up"));
    }

    private void Addresses(string pidFile)
    {
        LinkFacts? bridge = facts.Link(wire.Bridge);
        foreach (string address in wire.Addresses.Where(address => bridge?.Addresses.Contains(address) != true))
            _steps.Add(new ProgramStep("the box's own address", $"ip address replace {address} dev {wire.Bridge}"));
        foreach (System.Net.IPAddress gateway in wire.Gateways)
        {
            int version = gateway.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 4 : 6;
            if (!facts.Routes.Contains(new(version, "unicast", "default", gateway.ToString(), wire.Bridge, 0)))
                _steps.Add(new ProgramStep("the box's own address", $"ip -{version} route add default via {gateway} dev {wire.Bridge}"));
        }
        if (wire.UsesDhcp && !facts.DhcpRuns)
            _steps.Add(DhcpSteps.Start(facts.DhcpClient, wire.Bridge, pidFile));
    }

    private void Route(RouteFacts route, string why)
    {
        if (!facts.Routes.Contains(route))
            _steps.Add(Replace(route, why));
    }

    private static ProgramStep Replace(RouteFacts route, string why)
    {
        string type = route.Type == "local" ? "local " : "", via = route.Gateway is null ? "" : $"via {route.Gateway} ";
        string onLink = route.Gateway is null ? "" : " onlink";
        return new ProgramStep(why, $"ip -{route.Version} route replace {type}{route.Destination} {via}dev {route.Device}{onLink} table {route.Table}");
    }

    private void Rule(int priority, uint mark, uint mask, int table, string why)
    {
        foreach (int version in new[] { 4, 6 })
        {
            if (!facts.Rules.Contains(new(version, priority, mark, mask, table)))
                _steps.Add(new ProgramStep(why, $"ip -{version} rule add fwmark {Marks.Text(mark)}/{Marks.Text(mask)} lookup {table} priority {priority}"));
        }
    }

    /// <summary>A setting that the kernel has not is one that cannot be in the way.</summary>
    private void Set(KernelSetting setting)
    {
        if (facts.Sysctls.TryGetValue(setting.Path, out string? value) && value != setting.Value)
            _steps.Add(new SysctlStep(setting.Why, setting.Path, setting.Value));
    }

    private FormerPort FormerPort(WirePort port) =>
        record?.Ports.GetValueOrDefault(port.Name) ?? new(facts.Link(port.Name)!.IsUp, facts.Link(port.Name)!.UsesArp);

    private static string Fingerprint(string rules) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(rules)))[..16];
}
