using Cstp.Abstractions;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>The rules of a router: the same judgement as on a bridge, without its addresses.</summary>
/// <param name="wire">The wire; it has one link.</param>
/// <param name="rules">Where rules go.</param>
internal sealed class RoutedRules(Wire wire, RuleWriter rules)
{
    private static readonly string[] s_counters = ["inside_arrived", "outside_arrived", "refused", "passed", "excluded", .. DeliveryRules.Counters];

    private readonly Passing _passing = new(wire, rules);

    /// <summary>Writes the table.</summary>
    public void Write() => rules.Table("inet", RuleNames.Table, () =>
    {
        WireLink link = wire.Links[0];
        string smtp = RuleWriter.Set(wire.SmtpPorts), inside = RuleWriter.Names(wire.On(Side.Inside).Select(port => port.Name));
        string delivered = $"meta mark set {Marks.Text(0, MarkRole.Delivered)}";
        foreach (string counter in s_counters)
            rules.Line($"counter {counter} {{ }}");
        _passing.Declare();
        _passing.Chain();
        rules.Block("chain refuse", () => rules.Line($"counter name refused meta mark set {Marks.Text(0, MarkRole.Reset)} accept"));
        rules.Block("chain to_server", () =>
        {
            _passing.ToServer(link);
            rules.Line($"{RuleNames.NotLiving} goto refuse");
            rules.Line($"{RuleNames.NotAccepting} {RuleNames.Opens} goto refuse");
            rules.Line($"iifname {inside} counter name inside_arrived goto from_inside");
            rules.Line("counter name outside_arrived goto from_outside");
        });
        foreach ((string side, int listener) in new[] { ("inside", link.InsideListener), ("outside", link.OutsideListener) })
        {
            rules.Block($"chain from_{side}", () =>
            {
                DeliveryRules.Deliver(rules, "tcp dport != 0", listener, delivered, $"{side}_delivered");
                rules.Line("goto refuse");
            });
        }
        rules.Block("chain from_server", () =>
        {
            _passing.FromServer(link);
            rules.Line($"socket transparent 1 counter name answers_delivered {delivered} accept");
        });
        rules.Hook("prerouting", "prerouting", RuleNames.InetPriority, () =>
        {
            rules.Line($"iifname != {RuleWriter.Names(wire.Ports.Select(port => port.Name))} accept");
            rules.Line("meta l4proto != tcp accept");
            rules.Line("fib daddr type local accept");
            _passing.Excluded();
            rules.Line($"tcp dport {smtp} goto to_server");
            rules.Line($"tcp sport {smtp} goto from_server");
        });
        DeliveryRules.Input(wire, rules);
    });
}
