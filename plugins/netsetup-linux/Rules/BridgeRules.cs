using Cstp.Abstractions;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>
/// The bridge's rules: SMTP is taken off the bridge and handed to the box with a mark that says where it came from; what the box's
/// sockets send gets the MAC addresses of those for whom it speaks, and leaves where they are.
/// </summary>
/// <remarks>
/// The kernel learns the addresses from both ends of each packet of SMTP, before it rewrites them. The bridge itself would send to all ports,
/// since nobody has the MAC address of nowhere; a port lets out only what is known to belong there: the receiver is behind it, or did not
/// speak yet and the sender is behind another. What is not known leaves nowhere, and is sent again.
/// </remarks>
/// <param name="wire">The wire.</param>
/// <param name="rules">Where rules go.</param>
internal sealed class BridgeRules(Wire wire, RuleWriter rules)
{
    private static readonly string[] s_counters =
        ["inside_arrived", "outside_arrived", "answers_arrived", "refused", "passed", "excluded", "other_vlan", "inside_left", "outside_left", "unknown_host", "own_frames"];

    private readonly Passing _passing = new(wire, rules);
    private readonly string _smtp = RuleWriter.Set(wire.SmtpPorts);

    /// <summary>Writes the table.</summary>
    public void Write() => rules.Table("bridge", RuleNames.Table, () =>
    {
        foreach (string counter in s_counters)
            rules.Line($"counter {counter} {{ }}");
        _passing.Declare();
        foreach (WireLink link in wire.Links)
        {
            rules.Line($"map mac4_{link.Vlan} {{ type ipv4_addr : ether_addr; {RuleNames.Learned} }}");
            rules.Line($"map mac6_{link.Vlan} {{ type ipv6_addr : ether_addr; {RuleNames.Learned} }}");
            for (int port = 0; port < wire.Ports.Count; port++)
                rules.Line($"set at{port}_{link.Vlan} {{ type ether_addr; {RuleNames.Learned} }}");
        }
        _passing.Chain();
        foreach (string side in new[] { "inside", "outside" })
            rules.Block($"chain {side}_left", () => rules.Line($"counter name {side}_left accept"));
        foreach (WireLink link in wire.Links)
        {
            Learn(link);
            ToServer(link);
            FromServer(link);
            Leave(link);
        }
        Prerouting();
        Output();
    });

    private void Prerouting() => rules.Hook("prerouting", "prerouting", RuleNames.BridgePriority, () =>
    {
        rules.Line($"iifname != {RuleWriter.Names(wire.Ports.Select(port => port.Name))} accept");
        rules.Line($"ether daddr {wire.BridgeMac} accept");
        rules.Line("meta l4proto != tcp accept");
        _passing.Excluded();
        foreach (WireLink link in wire.Links)
        {
            string tag = link.Vlan == 0 ? "ether type { ip, ip6 }" : $"vlan id {link.Vlan}";
            rules.Line($"{tag} tcp dport {_smtp} goto to_server_{link.Vlan}");
            rules.Line($"{tag} tcp sport {_smtp} goto from_server_{link.Vlan}");
        }
        // SMTP in a VLAN that nobody named: as if no proxy were there.
        foreach (string end in new[] { "dport", "sport" })
            rules.Line($"tcp {end} {_smtp} counter name other_vlan {(wire.IsOpen ? "accept" : "drop")}");
    });

    private void Learn(WireLink link) => rules.Block($"chain learn_{link.Vlan}", () =>
    {
        foreach (string end in new[] { "saddr", "daddr" })
        {
            rules.Line($"meta protocol ip update @mac4_{link.Vlan} {{ ip {end} : ether {end} }}");
            rules.Line($"meta protocol ip6 update @mac6_{link.Vlan} {{ ip6 {end} : ether {end} }}");
        }
        for (int port = 0; port < wire.Ports.Count; port++)
        {
            string elsewhere = string.Concat(Others(port).Select(other => $" delete @at{other}_{link.Vlan} {{ ether saddr }}"));
            rules.Line($"iifname \"{wire.Ports[port].Name}\" update @at{port}_{link.Vlan} {{ ether saddr }}{elsewhere}");
        }
        rules.Line($"ether daddr set {wire.BridgeMac} meta pkttype set host");
    });

    private void ToServer(WireLink link) => rules.Block($"chain to_server_{link.Vlan}", () =>
    {
        _passing.ToServer(link);
        rules.Line($"jump learn_{link.Vlan}");
        string refuse = $"counter name refused meta mark set {Marks.Text(link.Vlan, MarkRole.Refused)} accept";
        rules.Line($"{RuleNames.NotLiving} {refuse}");
        rules.Line($"{RuleNames.NotAccepting} {RuleNames.Opens} {refuse}");
        rules.Line($"iifname {Ports(Side.Inside)} counter name inside_arrived meta mark set {Marks.Text(link.Vlan, MarkRole.FromInside)} accept");
        rules.Line($"counter name outside_arrived meta mark set {Marks.Text(link.Vlan, MarkRole.FromOutside)} accept");
    });

    private void FromServer(WireLink link) => rules.Block($"chain from_server_{link.Vlan}", () =>
    {
        _passing.FromServer(link);
        rules.Line($"jump learn_{link.Vlan}");
        rules.Line($"counter name answers_arrived meta mark set {Marks.Text(link.Vlan, MarkRole.Answer)} accept");
    });

    private void Output() => rules.Hook("output", "output", 0, () =>
    {
        rules.Line($"oifname != {RuleWriter.Names(wire.Ports.Select(port => port.Name))} accept");
        foreach (WireLink link in wire.Links)
            rules.Line($"ether daddr {Wire.NowhereMac} {(link.Vlan == 0 ? "ether type { ip, ip6 }" : $"vlan id {link.Vlan}")} goto leave_{link.Vlan}");
        rules.Line($"ether daddr {Wire.NowhereMac} counter name own_frames drop");
        if (wire.Mode == NetworkKind.Transparent)
            rules.Line($"ether saddr {wire.BridgeMac} counter name own_frames drop");
    });

    private void Leave(WireLink link) => rules.Block($"chain leave_{link.Vlan}", () =>
    {
        foreach ((string ip, int version) in new[] { ("ip", 4), ("ip6", 6) })
        {
            string map = $"@mac{version}_{link.Vlan}";
            rules.Line($"meta protocol {ip} ether saddr set {ip} saddr map {map} ether daddr set {ip} daddr map {map}");
        }
        // What no map knows still bears the box's own addresses.
        rules.Line($"ether daddr {Wire.NowhereMac} counter name unknown_host drop");
        rules.Line($"ether saddr {wire.BridgeMac} counter name unknown_host drop");
        for (int port = 0; port < wire.Ports.Count; port++)
        {
            string leaves = $"oifname \"{wire.Ports[port].Name}\"", left = $"goto {(wire.Ports[port].Side == Side.Inside ? "inside" : "outside")}_left";
            rules.Line($"{leaves} ether daddr @at{port}_{link.Vlan} {left}");
            foreach (int other in Others(port))
                rules.Line($"{leaves} ether daddr @at{other}_{link.Vlan} drop");
            // The receiver did not speak yet: it is anywhere but where the sender is.
            foreach (int other in Others(port))
                rules.Line($"{leaves} ether saddr @at{other}_{link.Vlan} {left}");
        }
        rules.Line("drop");
    });

    private IEnumerable<int> Others(int port) => Enumerable.Range(0, wire.Ports.Count).Where(other => other != port);

    private string Ports(Side side) => RuleWriter.Names(wire.On(side).Select(port => port.Name));
}
