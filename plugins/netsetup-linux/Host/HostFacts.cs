namespace Cstp.NetsetupLinux.Host;

/// <summary>An interface as it is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mac">Its MAC address.</param>
/// <param name="IsUp">Whether it is switched on.</param>
/// <param name="UsesArp">Whether it asks for addresses and answers.</param>
/// <param name="Master">The bridge that it is a port of, or null.</param>
/// <param name="Kind">What kind of virtual device it is, or null.</param>
/// <param name="Alias">Its alias, or null.</param>
/// <param name="Addresses">Its addresses with prefix length.</param>
internal sealed record LinkFacts(string Name, string Mac, bool IsUp, bool UsesArp, string? Master, string? Kind, string? Alias, IReadOnlyList<string> Addresses);

/// <summary>A rule that chooses a routing table by mark.</summary>
/// <param name="Version">4 or 6.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="Mark">The mark.</param>
/// <param name="Mask">The bits of it that count.</param>
/// <param name="Table">The table.</param>
internal sealed record RuleFacts(int Version, int Priority, uint Mark, uint Mask, int Table);

/// <summary>A route.</summary>
/// <param name="Version">4 or 6.</param>
/// <param name="Type">unicast or local.</param>
/// <param name="Destination">The destination, or <c>default</c>.</param>
/// <param name="Gateway">The router, or null.</param>
/// <param name="Device">The device.</param>
/// <param name="Table">The table; 0 for the main one.</param>
internal sealed record RouteFacts(int Version, string Type, string Destination, string? Gateway, string Device, int Table);

/// <summary>The machine's network, as far as a plan needs to know it.</summary>
internal sealed record HostFacts
{
    /// <summary>All interfaces.</summary>
    public IReadOnlyList<LinkFacts> Links { get; init; } = [];

    /// <summary>nftables' tables: family, blank, name.</summary>
    public IReadOnlySet<string> Tables { get; init; } = new HashSet<string>();

    /// <summary>Rules that choose by mark.</summary>
    public IReadOnlySet<RuleFacts> Rules { get; init; } = new HashSet<RuleFacts>();

    /// <summary>Routes of the tables that a plan uses, and default routes of the main table.</summary>
    public IReadOnlySet<RouteFacts> Routes { get; init; } = new HashSet<RouteFacts>();

    /// <summary>Permanent neighbours: address, blank, MAC address, blank, device.</summary>
    public IReadOnlySet<string> Neighbours { get; init; } = new HashSet<string>();

    /// <summary>Kernel settings by their path below <c>/proc/sys</c>; one that the kernel has not is absent.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>The DHCP client of this system, or null.</summary>
    public string? DhcpClient { get; init; }

    /// <summary>Whether a DHCP client that a plan started runs.</summary>
    public bool DhcpRuns { get; init; }

    /// <summary>An interface.</summary>
    /// <param name="name">Its name.</param>
    public LinkFacts? Link(string name) => Links.FirstOrDefault(link => link.Name == name);
}
