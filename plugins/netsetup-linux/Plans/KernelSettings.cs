using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Plans;

/// <summary>A kernel setting that the box needs.</summary>
/// <param name="Path">Its path below /proc/sys.</param>
/// <param name="Value">The value.</param>
/// <param name="Why">What it is for.</param>
internal sealed record KernelSetting(string Path, string Value, string Why);

/// <summary>The kernel settings by mode.</summary>
internal static class KernelSettings
{
    /// <summary>What makes the bridge's packets go through the IP stack's rules, where they would be taken twice and lost.</summary>
    public static readonly string[] BridgeNetfilter =
        ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables", "net/bridge/bridge-nf-call-arptables"];

    /// <summary>The reverse-path filter of all interfaces together; the higher of it and the interface's own counts.</summary>
    public const string ReversePathAll = "net/ipv4/conf/all/rp_filter";

    /// <summary>Settings of the whole system; they are restored by down.</summary>
    /// <param name="wire">The wire.</param>
    public static IEnumerable<KernelSetting> OfSystem(Wire wire)
    {
        foreach (string path in wire.IsBridge ? BridgeNetfilter : [])
            yield return new(path, "0", "bridged packets shall not pass the IP stack's rules as well");
        foreach (string version in new[] { "ipv4", "ipv6" })
            yield return new($"net/{version}/fwmark_reflect", "1", "a reset goes back the way that the refused packet came");
        yield return new("net/ipv4/tcp_mtu_probing", "1", "path MTU: 'packet too big' for our connections goes to the client whose address they bear (RFC 4821)");
    }

    /// <summary>Settings of the bridge and its VLAN devices; they go with the devices.</summary>
    /// <param name="wire">The wire.</param>
    /// <param name="device">The device.</param>
    public static IEnumerable<KernelSetting> OfDevice(Wire wire, string device)
    {
        string why = device == wire.Bridge ? "the bridge" : $"VLAN device {device}";
        yield return new($"net/ipv4/conf/{device}/rp_filter", "0", why);
        if (wire.Mode == NetworkKind.Ip && device == wire.Bridge)
            yield break;   // The box's own address there may come from a router.
        yield return new($"net/ipv6/conf/{device}/accept_ra", "0", why);
        yield return new($"net/ipv6/conf/{device}/router_solicitations", "0", why);
    }

    /// <summary>Settings of a bridge port; they are restored by down.</summary>
    /// <param name="port">The port.</param>
    public static KernelSetting OfPort(WirePort port) => new($"net/ipv6/conf/{port.Name}/disable_ipv6", "1", $"port {port.Name}");

    /// <summary>All that a plan may look at.</summary>
    /// <param name="wire">The wire.</param>
    public static IEnumerable<string> Paths(Wire wire) =>
        OfSystem(wire).Concat(wire.IsBridge ? wire.Links.SelectMany(link => OfDevice(wire, link.Device)).Concat(wire.Ports.Select(OfPort)) : [])
            .Select(setting => setting.Path).Append(ReversePathAll);
}
