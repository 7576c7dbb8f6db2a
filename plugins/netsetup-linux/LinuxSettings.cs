using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Cstp.NetsetupLinux;

/// <summary>How the box sits in the network.</summary>
public enum NetworkKind
{
    /// <summary>A bridge that has an address of its own.</summary>
    Ip,

    /// <summary>A bridge of which nothing is ever visible.</summary>
    Transparent,

    /// <summary>A router.</summary>
    Routed,
}

/// <summary>What becomes of SMTP while no proxy accepts.</summary>
public enum FailureBehaviour
{
    /// <summary>It is refused with a TCP reset; mail waits on the senders' queues.</summary>
    Closed,

    /// <summary>It goes by untouched.</summary>
    Open,
}

/// <summary>Section <c>[module.netsetup-linux]</c>.</summary>
public sealed partial class LinuxSettings : IValidatableObject
{
    /// <summary>The word in <see cref="Address"/> that asks the system's DHCP client.</summary>
    public const string Dhcp = "dhcp";

    /// <summary>How the box sits in the network.</summary>
    public required NetworkKind Mode { get; set; }

    /// <summary>Interfaces towards the local users, by name or MAC address.</summary>
    public required List<string> Inside { get; set; }

    /// <summary>Interfaces towards the rest of the world, by name or MAC address.</summary>
    public required List<string> Outside { get; set; }

    /// <summary>What becomes of SMTP while no proxy accepts.</summary>
    public FailureBehaviour Failure { get; set; } = FailureBehaviour.Closed;

    /// <summary>The bridge's name.</summary>
    public string Bridge { get; set; } = "cstp0";

    /// <summary>Mode ip: the box's own addresses with prefix length, or <c>dhcp</c>.</summary>
    public List<string> Address { get; set; } = [];

    /// <summary>Mode ip: routers for what the box itself sends; one an address family.</summary>
    public List<string> Gateway { get; set; } = [];

    /// <summary>Mode transparent: an interface besides, by which the machine's own routes lead; null: the box itself reaches nobody.</summary>
    public string? Management { get; set; }

    /// <summary>TCP ports that are SMTP.</summary>
    public List<int> Ports { get; set; } = [25];

    /// <summary>Networks whose SMTP, in either direction, goes by untouched.</summary>
    public List<string> Exclude { get; set; } = [];

    /// <summary>802.1Q VLANs in which SMTP is taken, beside what has no tag.</summary>
    public List<int> Vlans { get; set; } = [];

    /// <summary>The first local port of the listeners; two for each VLAN, and two for what has no tag.</summary>
    [Range(1024, 60_000)]
    public int ListenPort { get; set; } = 10025;

    /// <summary>The first routing table, and the first priority of the rules that lead to them; two more than there are VLANs.</summary>
    [Range(1000, 30_000)]
    public int Table { get; set; } = 4353;

    /// <summary>Where it is kept what there was before, to be restored by <c>cstp net down</c>; gone with the next boot, like the rest.</summary>
    public string State { get; set; } = "/run/cstp/network.json";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string name, List<string>? ports) in new[] { (nameof(Inside), Inside), (nameof(Outside), Outside) })
        {
            if (ports is null)
                continue;   // Reported as missing already.
            if (ports.Count == 0)
                yield return new("names no interface", [name]);
            foreach (string port in ports.Where(port => !IsInterface(port)))
                yield return new($"'{port}' is neither an interface like \"eth0\" nor a MAC address like \"52:54:00:12:34:56\"", [name]);
        }
        if (Inside is not null && Outside is not null)
        {
            foreach (string both in Inside.Concat(Outside).GroupBy(port => port.ToLowerInvariant()).Where(same => same.Count() > 1).Select(same => same.Key))
                yield return new($"'{both}' is named twice; an interface is on one side", [nameof(Outside)]);
        }
        if (!InterfaceName().IsMatch(Bridge) || Bridge.Length + 5 > 15 && Vlans.Count > 0)
            yield return new($"'{Bridge}' is no interface name of at most {(Vlans.Count > 0 ? 10 : 15)} letters, digits, '-' and '_'", [nameof(Bridge)]);
        if (Management is not null && (!IsInterface(Management) || Mode != NetworkKind.Transparent))
            yield return new(Mode == NetworkKind.Transparent ? $"'{Management}' is neither an interface like \"eth2\" nor a MAC address" : "belongs to mode \"transparent\" alone; take it out", [nameof(Management)]);
        if (Management is not null && (Inside ?? []).Concat(Outside ?? []).Contains(Management, StringComparer.OrdinalIgnoreCase))
            yield return new($"'{Management}' is on one side of the box; name another interface", [nameof(Management)]);
        if (!Path.IsPathRooted(State))
            yield return new($"'{State}' is not an absolute path", [nameof(State)]);
        if (Ports.Count == 0 || Ports.Any(port => port is < 1 or > 65535) || Ports.Distinct().Count() != Ports.Count)
            yield return new("must be different ports from 1 to 65535", [nameof(Ports)]);
        if (Ports.FirstOrDefault(port => port >= ListenPort && port < ListenPort + 2 * (1 + Vlans.Count)) is var own and > 0)
            yield return new($"{own} is a listener's own port; choose another listen_port", [nameof(ListenPort)]);
        if (Vlans.Any(vlan => vlan is < 1 or > 4094) || Vlans.Distinct().Count() != Vlans.Count)
            yield return new("must be different VLAN ids from 1 to 4094", [nameof(Vlans)]);
        if (Vlans.Count > 0 && Mode == NetworkKind.Routed)
            yield return new("mode \"routed\" knows no VLANs; name the VLAN's interface in inside or outside", [nameof(Vlans)]);
        foreach (string network in Exclude.Where(network => !IPNetwork.TryParse(network, out _)))
            yield return new($"'{network}' is no network like \"192.0.2.0/24\" or \"2001:db8::/32\"", [nameof(Exclude)]);
        foreach (ValidationResult wrong in ValidateAddresses())
            yield return wrong;
    }

    /// <summary>An address with its prefix length; the host bits count.</summary>
    internal static bool TryParseAddress(string text, out IPAddress address, out int prefix)
    {
        (address, prefix) = (IPAddress.None, 0);
        string[] parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out IPAddress? parsed) || !int.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out prefix))
            return false;
        address = parsed;
        return prefix > 0 && prefix <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    private IEnumerable<ValidationResult> ValidateAddresses()
    {
        if (Mode == NetworkKind.Ip ? Address.Count == 0 : Address.Count + Gateway.Count > 0)
        {
            yield return new(
                Mode == NetworkKind.Ip ? "must be given in mode \"ip\": [\"192.0.2.10/24\"] or [\"dhcp\"]" : "belongs to mode \"ip\" alone; take address and gateway out", [nameof(Address)]);
        }
        foreach (string wrong in Address.Where(address => address != Dhcp && !TryParseAddress(address, out _, out _)))
            yield return new($"'{wrong}' is neither \"dhcp\" nor an address like \"192.0.2.10/24\"", [nameof(Address)]);
        foreach (string wrong in Gateway.Where(gateway => !IPAddress.TryParse(gateway, out _)))
            yield return new($"'{wrong}' is no IP address", [nameof(Gateway)]);
        if (Gateway.Where(gateway => IPAddress.TryParse(gateway, out _)).GroupBy(gateway => IPAddress.Parse(gateway).AddressFamily).Any(family => family.Count() > 1))
            yield return new("may hold one router for IPv4 and one for IPv6", [nameof(Gateway)]);
    }

    private static bool IsInterface(string port) => InterfaceName().IsMatch(port) || MacAddress().IsMatch(port);

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,14}$")]
    private static partial Regex InterfaceName();

    [GeneratedRegex("^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$")]
    private static partial Regex MacAddress();
}
