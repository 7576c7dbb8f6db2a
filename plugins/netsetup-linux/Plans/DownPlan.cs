using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Rules;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Plans;

/// <summary>What is to be done to leave no trace. The bridge goes before its rules, so that nothing slips by.</summary>
internal static class DownPlan
{
    /// <summary>Makes the plan from what was recorded.</summary>
    /// <param name="record">What was made, and what was there before.</param>
    /// <param name="facts">The machine.</param>
    /// <param name="pidFile">Where a DHCP client left its process id.</param>
    public static Plan Make(NetworkRecord record, HostFacts facts, string pidFile)
    {
        var steps = new List<PlanStep>();
        if (record.DhcpClient is { } client && record.Bridge is { } leased)
            steps.Add(DhcpSteps.Stop(client, leased, pidFile));
        foreach ((string name, FormerPort former) in record.Ports)
            Port(name, former, record, facts, steps);
        if (record.Bridge is { } bridge && facts.Link(bridge) is { Alias: WireResolution.Alias })
        {
            foreach (LinkFacts vlan in facts.Links.Where(link => link.Kind == "vlan" && link.Name.StartsWith(bridge + ".", StringComparison.Ordinal)))
                steps.Add(new ProgramStep("the bridge", $"ip link del dev {vlan.Name}"));
            steps.Add(new ProgramStep("the bridge", $"ip link del dev {bridge}"));
        }
        int last = record.FirstTable + record.TableCount - 1;
        foreach (RuleFacts rule in facts.Rules.Where(rule => rule.Priority >= record.FirstTable && rule.Priority <= last && rule.Table == rule.Priority))
            steps.Add(new ProgramStep("routing", $"ip -{rule.Version} rule del fwmark {Marks.Text(rule.Mark)}/{Marks.Text(rule.Mask)} lookup {rule.Table} priority {rule.Priority}"));
        foreach (RouteFacts route in facts.Routes.Where(route => route.Table == record.FirstTable && route.Type == "local"))
            steps.Add(new ProgramStep("routing", $"ip -{route.Version} route del local {route.Destination} dev {route.Device} table {route.Table}"));
        string[] tables = [.. record.Tables.Where(facts.Tables.Contains)];
        if (tables.Length > 0)
            steps.Add(new ProgramStep("the rules", "nft", ["-f", "-"], string.Concat(tables.Select(table => $"delete table {table}\n"))));
        foreach ((string path, string value) in record.Sysctls)
        {
            if (facts.Sysctls.TryGetValue(path, out string? now) && now != value)
                steps.Add(new SysctlStep("kernel settings as they were", path, value));
        }
        return new(steps);
    }

    /// <summary>What can be recognised without a record.</summary>
    /// <param name="settings">The settings.</param>
    public static NetworkRecord Recognise(LinuxSettings settings) => new()
    {
        Structure = "",
        Rules = "",
        Tables = [$"bridge {RuleNames.Table}", $"inet {RuleNames.Table}", $"netdev {RuleNames.Table}"],
        Bridge = settings.Mode == NetworkKind.Routed ? null : settings.Bridge,
        FirstTable = settings.Table,
        TableCount = 2 + settings.Vlans.Count,
    };

    private static void Port(string name, FormerPort former, NetworkRecord record, HostFacts facts, List<PlanStep> steps)
    {
        if (facts.Link(name) is not { } link)
            return;   // Unplugged meanwhile.
        if (!former.IsUp && link.IsUp)
            steps.Add(new ProgramStep($"port {name}", $"ip link set dev {name} down"));
        if (link.Master is not null && link.Master == record.Bridge)
            steps.Add(new ProgramStep($"port {name}", $"ip link set dev {name} nomaster"));
        if (former.UsesArp && !link.UsesArp)
            steps.Add(new ProgramStep($"port {name}", $"ip link set dev {name} arp on"));
    }
}
