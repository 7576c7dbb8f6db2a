using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>
/// The IP stack's rules of the bridge modes: what the bridge handed over goes to the listener of its side, answers to the session that
/// waits for them, and whatever nobody takes is answered with a reset. Nothing of it is ever forwarded.
/// </summary>
/// <param name="wire">The wire.</param>
/// <param name="rules">Where rules go.</param>
internal sealed class DeliveryRules(Wire wire, RuleWriter rules)
{
    /// <summary>The counters.</summary>
    public static readonly string[] Counters = ["inside_delivered", "outside_delivered", "answers_delivered", "resets", "direct"];

    /// <summary>Writes the table.</summary>
    public void Write() => rules.Table("inet", RuleNames.Table, () =>
    {
        foreach (string counter in Counters)
            rules.Line($"counter {counter} {{ }}");
        rules.Hook("prerouting", "prerouting", RuleNames.InetPriority, () =>
        {
            rules.Line($"iifname != {RuleWriter.Names(wire.Links.Select(link => link.Device))} accept");
            rules.Line($"meta mark & {Marks.Text(Marks.OursMask)} != {Marks.Text(Marks.Ours)} accept");
            foreach (WireLink link in wire.Links)
            {
                string delivered = $"meta mark set {Marks.Text(link.Vlan, MarkRole.Delivered)}";
                Deliver(rules, $"meta mark {Marks.Text(link.Vlan, MarkRole.FromInside)}", link.InsideListener, delivered, "inside_delivered");
                Deliver(rules, $"meta mark {Marks.Text(link.Vlan, MarkRole.FromOutside)}", link.OutsideListener, delivered, "outside_delivered");
                rules.Line($"meta mark {Marks.Text(link.Vlan, MarkRole.Answer)} socket transparent 1 counter name answers_delivered {delivered} accept");
            }
            foreach (WireLink link in wire.Links)
                rules.Line($"meta mark & 0xfffffff0 == {Marks.Text(Marks.Ours | (uint)link.Vlan << 4)} meta mark set {Marks.Text(link.Vlan, MarkRole.Reset)} accept");
        });
        Input(wire, rules);
    });

    /// <summary>Leads packets to a listener; where none is, the next rule decides.</summary>
    public static void Deliver(RuleWriter rules, string which, int listener, string delivered, string counter)
    {
        foreach ((string ip, string version) in new[] { ("ip", "ipv4"), ("ip6", "ipv6") })
            rules.Line($"{which} meta nfproto {version} meta l4proto tcp tproxy {ip} to :{listener} counter name {counter} {delivered} accept");
    }

    /// <summary>Resets what nobody took, and keeps everybody from the listeners who comes by no wire.</summary>
    public static void Input(Wire wire, RuleWriter rules) => rules.Hook("input", "input", -300, () =>
    {
        foreach (WireLink link in wire.Links)
        {
            // The answer bears the mark of what it answers (fwmark_reflect), and so goes out where the box's sockets send.
            rules.Line($"meta mark {Marks.Text(link.Vlan, MarkRole.Reset)} meta l4proto tcp meta mark set {Marks.Text(link.Vlan, MarkRole.Sent)} counter name resets reject with tcp reset");
        }
        string listeners = RuleWriter.Set(wire.Links.SelectMany(link => new[] { link.InsideListener, link.OutsideListener }));
        rules.Line($"tcp dport {listeners} meta mark & 0xffff000f != {Marks.Text(Marks.ToBox)} counter name direct reject with tcp reset");
    });
}
