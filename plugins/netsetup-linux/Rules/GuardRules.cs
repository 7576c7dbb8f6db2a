using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>The last line before the wire in transparent mode: no frame leaves a port with a MAC address of the box, whatever program sent it.</summary>
/// <param name="wire">The wire.</param>
/// <param name="rules">Where rules go.</param>
internal sealed class GuardRules(Wire wire, RuleWriter rules)
{
    /// <summary>Writes the table.</summary>
    public void Write() => rules.Table("netdev", RuleNames.Table, () =>
    {
        rules.Line("counter own_frames { }");
        string own = RuleWriter.Set(wire.Ports.Select(port => port.Mac).Append(wire.BridgeMac).Append(Wire.NowhereMac).Distinct());
        for (int port = 0; port < wire.Ports.Count; port++)
            rules.Hook($"egress{port}", $"egress device \"{wire.Ports[port].Name}\"", 0, () => rules.Line($"ether saddr {own} counter name own_frames drop"));
    });
}
