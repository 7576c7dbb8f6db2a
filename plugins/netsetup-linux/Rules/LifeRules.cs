using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>
/// A table that belongs to a process (<c>flags owner</c>): the kernel removes it with the process's netlink socket, however the process
/// ended. Its one rule marks SMTP, and so tells the rules that stay that a proxy is there.
/// </summary>
internal static class LifeRules
{
    /// <summary>Writes it.</summary>
    /// <param name="wire">The wire.</param>
    /// <param name="table">Its name.</param>
    /// <param name="mark">The mark's bit.</param>
    public static string Write(Wire wire, string table, uint mark)
    {
        var rules = new RuleWriter();
        rules.Block($"table {(wire.IsBridge ? "bridge" : "inet")} {table}", () =>
        {
            rules.Line("flags owner");
            rules.Hook("prerouting", "prerouting", (wire.IsBridge ? RuleNames.BridgePriority : RuleNames.InetPriority) - 10, () =>
                rules.Line($"iifname {RuleWriter.Names(wire.Ports.Select(port => port.Name))} tcp dport {RuleWriter.Set(wire.SmtpPorts)} meta mark set meta mark | {Marks.Text(mark)}"));
        });
        return rules.ToString();
    }
}
