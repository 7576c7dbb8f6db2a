using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;

namespace Cstp.NetsetupLinux.Wiring;

/// <summary>An interface of the box.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mac">Its MAC address.</param>
/// <param name="Side">Where it leads.</param>
internal sealed record WirePort(string Name, string Mac, Side Side);

/// <summary>One network on the wire: what has no tag, or a VLAN.</summary>
/// <param name="Vlan">The VLAN id; 0 for no tag.</param>
/// <param name="Device">The device by which the box's sockets speak there.</param>
/// <param name="Table">The routing table of those sockets.</param>
/// <param name="InsideListener">The local port of the listener for sessions from the inside.</param>
/// <param name="OutsideListener">The same for the outside.</param>
internal sealed record WireLink(int Vlan, string Device, int Table, int InsideListener, int OutsideListener);

/// <summary>The settings, with everything in them that had to be looked up.</summary>
internal sealed record Wire
{
    /// <summary>The router that does not exist: frames to it are those of the box's sockets (RFC 5737: the address never leaves).</summary>
    public const string Nowhere4 = "192.0.2.254";

    /// <summary>The same for IPv6.</summary>
    public const string Nowhere6 = "fe80::fe";

    /// <summary>Its MAC address, locally administered.</summary>
    public const string NowhereMac = "02:00:00:00:00:fe";

    public required NetworkKind Mode { get; init; }

    public required FailureBehaviour Failure { get; init; }

    public required string Bridge { get; init; }

    public required string BridgeMac { get; init; }

    public required IReadOnlyList<WirePort> Ports { get; init; }

    public required IReadOnlyList<WireLink> Links { get; init; }

    public required IReadOnlyList<int> SmtpPorts { get; init; }

    public required IReadOnlyList<IPNetwork> Excluded { get; init; }

    /// <summary>Addresses of the box itself, with prefix length.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    public required IReadOnlyList<IPAddress> Gateways { get; init; }

    public required bool UsesDhcp { get; init; }

    /// <summary>The routing table that delivers to the box; those of the links follow.</summary>
    public required int LocalTable { get; init; }

    public bool IsBridge => Mode != NetworkKind.Routed;

    public bool IsOpen => Failure == FailureBehaviour.Open;

    public IEnumerable<IPNetwork> Excluded4 => Excluded.Where(network => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork);

    public IEnumerable<IPNetwork> Excluded6 => Excluded.Where(network => network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6);

    public IEnumerable<WirePort> On(Side side) => Ports.Where(port => port.Side == side);
}
