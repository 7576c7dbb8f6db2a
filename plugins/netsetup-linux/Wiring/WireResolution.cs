using System.Net;
using System.Security.Cryptography;
using System.Text;
using Cstp.Abstractions;
using Cstp.NetsetupLinux.Host;

namespace Cstp.NetsetupLinux.Wiring;

/// <summary>Finds the interfaces that the settings mean, and refuses those that cannot be used.</summary>
internal static class WireResolution
{
    /// <summary>The alias by which the box knows its own bridge.</summary>
    public const string Alias = "cstp";

    /// <summary>Resolves.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="links">The interfaces that are there.</param>
    /// <param name="problems">What is wrong, each with its mend.</param>
    /// <returns>The wire; null where there are problems.</returns>
    public static Wire? TryResolve(LinuxSettings settings, IReadOnlyCollection<LinkFacts> links, out IReadOnlyList<string> problems)
    {
        var found = new List<string>();
        List<WirePort> ports =
        [
            .. Find(settings.Inside, Side.Inside, settings, links, found),
            .. Find(settings.Outside, Side.Outside, settings, links, found),
        ];
        if (settings.Mode != NetworkKind.Routed && links.FirstOrDefault(link => link.Name == settings.Bridge) is { } bridge && bridge.Alias != Alias)
            found.Add($"an interface {settings.Bridge} is there already and is not this box's bridge. Choose another name with bridge, or remove it: ip link del {settings.Bridge}");
        if (ports.GroupBy(port => port.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            found.Add($"{twice.Key} is named twice (by name and by MAC address). Name each interface once.");
        problems = found;
        return found.Count > 0 ? null : new Wire
        {
            Mode = settings.Mode,
            Failure = settings.Failure,
            Bridge = settings.Bridge,
            BridgeMac = settings.Mode == NetworkKind.Transparent ? InventedMac(ports) : ports[0].Mac,
            Ports = ports,
            Links = WireLinks.Of(settings),
            SmtpPorts = [.. settings.Ports.Order()],
            Excluded = [.. settings.Exclude.Select(IPNetwork.Parse)],
            Addresses = [.. settings.Address.Where(address => address != LinuxSettings.Dhcp)],
            Gateways = [.. settings.Gateway.Select(IPAddress.Parse)],
            UsesDhcp = settings.Address.Contains(LinuxSettings.Dhcp),
            LocalTable = settings.Table,
        };
    }

    private static IEnumerable<WirePort> Find(List<string> names, Side side, LinuxSettings settings, IReadOnlyCollection<LinkFacts> links, List<string> problems)
    {
        foreach (string name in names)
        {
            // A bridge or a VLAN device may bear the MAC address of the port below it; the port is meant.
            LinkFacts? link = links.FirstOrDefault(link => link.Name == name)
                ?? links.Where(link => link.Kind is not ("bridge" or "vlan" or "macvlan")).FirstOrDefault(link => link.Mac.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (link is null)
                problems.Add($"there is no interface {name}. 'ip link' shows those that are there; correct {(side == Side.Inside ? "inside" : "outside")}.");
            else if (settings.Mode != NetworkKind.Routed && link.Master is { } master && master != settings.Bridge)
                problems.Add($"{link.Name} is a port of {master} already. Take it out first: ip link set {link.Name} nomaster");
            else if (settings.Mode != NetworkKind.Routed && link.Addresses.FirstOrDefault(address => !address.StartsWith("fe80:", StringComparison.Ordinal)) is { } address)
                problems.Add($"{link.Name} has the address {address}; a bridge port can have none. Remove it (ip addr flush dev {link.Name}) and take it out of the system's network configuration.");
            else
                yield return new(link.Name, link.Mac, side);
        }
    }

    /// <summary>Locally administered, the same at each start, and like no port's.</summary>
    private static string InventedMac(List<WirePort> ports)
    {
        byte[] digest = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(' ', ports.Select(port => port.Mac))));
        return $"02:{string.Join(':', digest.Take(5).Select(octet => octet.ToString("x2", null)))}";
    }
}
