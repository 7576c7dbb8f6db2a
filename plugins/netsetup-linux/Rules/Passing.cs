using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>
/// What goes by untouched: excluded networks always, and with <c>failure = "open"</c> connections that were opened while no proxy
/// accepted, to their end. A connection is remembered when it opens; where the memory is full it is not, and is taken: full is never open.
/// </summary>
/// <param name="wire">The wire.</param>
/// <param name="rules">Where rules go.</param>
internal sealed class Passing(Wire wire, RuleWriter rules)
{
    private static readonly (string Ip, int Version)[] s_families = [("ip", 4), ("ip6", 6)];

    /// <summary>Declares the sets.</summary>
    public void Declare()
    {
        foreach ((int version, string[] networks) in new[] { (4, Texts(wire.Excluded4)), (6, Texts(wire.Excluded6)) })
        {
            if (networks.Length > 0)
                rules.Line($"set excluded{version} {{ type ipv{version}_addr; flags interval; auto-merge; elements = {RuleWriter.Set(networks)}; }}");
        }
        foreach (WireLink link in wire.IsOpen ? wire.Links : [])
        {
            foreach ((_, int version) in s_families)
                rules.Line($"set passing{version}_{link.Vlan} {{ type ipv{version}_addr . inet_service . ipv{version}_addr . inet_service; {RuleNames.Learned} }}");
        }
    }

    /// <summary>Lets excluded networks by.</summary>
    public void Excluded()
    {
        foreach ((string ip, bool any) in new[] { ("ip", wire.Excluded4.Any()), ("ip6", wire.Excluded6.Any()) })
        {
            foreach (string end in any ? ["saddr", "daddr"] : Array.Empty<string>())
                rules.Line($"meta protocol {ip} {ip} {end} @excluded{(ip == "ip" ? 4 : 6)} counter name excluded accept");
        }
    }

    /// <summary>Lets by, and remembers, what goes to a server while no proxy accepts.</summary>
    /// <param name="link">Where it came.</param>
    public void ToServer(WireLink link)
    {
        foreach ((string ip, int version) in wire.IsOpen ? s_families : [])
        {
            string connection = $"{ip} saddr . tcp sport . {ip} daddr . tcp dport", set = $"@passing{version}_{link.Vlan}";
            rules.Line($"meta protocol {ip} {RuleNames.NotAccepting} {RuleNames.Opens} update {set} {{ {connection} }} goto passing");
            rules.Line($"meta protocol {ip} {RuleNames.IsAccepting} {RuleNames.Opens} delete {set} {{ {connection} }}");
            rules.Line($"meta protocol {ip} {connection} {set} update {set} {{ {connection} }} goto passing");
        }
    }

    /// <summary>Lets the answers by.</summary>
    /// <param name="link">Where they came.</param>
    public void FromServer(WireLink link)
    {
        foreach ((string ip, int version) in wire.IsOpen ? s_families : [])
            rules.Line($"meta protocol {ip} {ip} daddr . tcp dport . {ip} saddr . tcp sport @passing{version}_{link.Vlan} goto passing");
    }

    /// <summary>The chain that it all leads to; the marks of life are no business of anybody further on.</summary>
    public void Chain()
    {
        if (wire.IsOpen)
            rules.Block("chain passing", () => rules.Line($"counter name passed meta mark set meta mark & {Marks.Text(~(Marks.Living | Marks.Accepting))} accept"));
    }

    private static string[] Texts(IEnumerable<System.Net.IPNetwork> networks) => [.. networks.Select(network => network.ToString())];
}
