using System.Net.NetworkInformation;
using Cstp.Abstractions;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Plans;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Checks;

/// <summary>Looks for what is not as it must be, in the order in which one thing needs the other.</summary>
/// <param name="settings">The settings.</param>
/// <param name="arrangement">What brings the network up.</param>
internal sealed class NetworkCheck(LinuxSettings settings, Arrangement arrangement)
{
    private readonly List<NetworkFinding> _findings = [];

    /// <summary>Looks.</summary>
    /// <param name="cancel">Ends the look.</param>
    public async Task<IReadOnlyList<NetworkFinding>> LookAsync(CancellationToken cancel)
    {
        if (!Say(Capabilities.MayAdministerNetwork, "capability CAP_NET_ADMIN", "there", "missing: the network can be neither looked at nor changed. Run this as root, or give it to the service (AmbientCapabilities=CAP_NET_ADMIN).")
            || Programs().Contains(false))
        {
            return _findings;
        }
        IReadOnlyList<LinkFacts> links = await FactsReader.LinksAsync(cancel);
        Wire? wire = WireResolution.TryResolve(settings, links, out IReadOnlyList<string> problems);
        foreach (string problem in problems)
            Say(false, "interfaces", "", problem);
        if (wire is null)
            return _findings;
        Say(true, "interfaces", string.Join(' ', wire.Ports.Select(port => $"{port.Name}={port.Side.ToString().ToLowerInvariant()}")), "");
        await KernelAsync(wire, cancel);
        if (Kernel(wire) && Say(await arrangement.IsUpAsync(cancel), "network", "as 'cstp net up' makes it", "not as it shall be; 'cstp net plan' shows what is missing. Run: cstp net up"))
            await PathAsync(wire, cancel);
        return _findings;
    }

    private bool[] Programs() =>
    [
        Say(ShellProgram.Find("ip") is not null, "program ip", "there", "not installed. Run: apt install iproute2"),
        Say(ShellProgram.Find("nft") is not null, "program nft", "there", "not installed. Run: apt install nftables"),
    ];

    private bool Kernel(Wire wire)
    {
        bool inTheWay = wire.IsBridge && KernelSettings.BridgeNetfilter.Any(path => Sysctl.Read(path) == "1");
        Say(!inTheWay, "br_netfilter", "not in the way", "packets of the bridge pass the IP stack's rules as well, and SMTP gets lost there. 'cstp net up' switches it off (net.bridge.bridge-nf-call-*); what switched it on again, often a container service, belongs on another machine.");
        if (!wire.IsBridge)
            Say(Sysctl.Read("net/ipv4/ip_forward") == "1", "router", "forwards", "this machine does not forward packets (net.ipv4.ip_forward is 0): nothing passes that could be taken. Set it to 1, or choose a bridge mode.");
        return !wire.IsBridge || Say(Sysctl.Read(KernelSettings.ReversePathAll) is null or "0", "rp_filter", "off for all", Arrangement.ReversePath);
    }

    private async Task KernelAsync(Wire wire, CancellationToken cancel)
    {
        // Checked by the kernel and not kept.
        string rules = "table inet cstp_try {\nchain c {\ntype filter hook prerouting priority -150\nmeta l4proto tcp tproxy ip to :1 accept\nsocket transparent 1 accept\n}\n}\n"
            + (wire.IsBridge ? "table bridge cstp_try {\nchain c {\ntype filter hook prerouting priority -300\nmeta pkttype set host\n}\n}\n" : "");
        ShellProgram tried = await ShellProgram.TryAsync("nft", ["-c", "-f", "-"], rules, cancel);
        Say(tried.Status == 0, "tproxy", "the kernel can", $"the kernel lacks nft_tproxy, nft_socket or nftables for bridges ({tried.Error.Split('\n')[0]}). Load them (modprobe nft_tproxy nft_socket), or take a kernel that has them.");
        if (wire.Links.Count > 1)
            Say(Directory.Exists("/proc/net/vlan") || wire.Links.Skip(1).Any(link => Directory.Exists($"/sys/class/net/{link.Device}")), "802.1Q", "the kernel can", "the kernel has no VLAN devices. Load them (modprobe 8021q), or take a kernel that has them.");
    }

    private async Task PathAsync(Wire wire, CancellationToken cancel)
    {
        IReadOnlyList<string> thefts = await ForeignRules.FindAsync(wire.SmtpPorts.Concat(wire.Links.SelectMany(link => new[] { link.InsideListener, link.OutsideListener })).ToHashSet(), cancel);
        Say(thefts.Count == 0, "other packet filter rules", "none is in the way", string.Join("; ", thefts) + ".");
        HashSet<int> listening = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(endPoint => endPoint.Port)];
        foreach ((Side side, int port) in wire.Links.SelectMany(link => new[] { (Side.Inside, link.InsideListener), (Side.Outside, link.OutsideListener) }))
            Say(listening.Contains(port), $"listener {side.ToString().ToLowerInvariant()}", $"on port {port}", $"nobody listens on port {port}: {Meanwhile}. Start the proxy: cstp run");
        (bool lives, bool accepts) = await StatusReport.ProxyAsync(cancel);
        Say(accepts, "proxy", "takes sessions", lives ? $"drains: {Meanwhile} until it is started again." : $"is not there: {Meanwhile}. Start it: cstp run");
        Count(await PathCounters.ReadAsync(cancel));
    }

    private void Count(IReadOnlyDictionary<string, long> counters)
    {
        long Of(string name) => counters.GetValueOrDefault(name);
        foreach (string side in new[] { "inside", "outside" })
        {
            long arrived = Of($"{side}_arrived"), delivered = Of($"{side}_delivered");
            Say(arrived == 0 || delivered > 0, $"path from the {side}", $"{arrived} packets taken, {delivered} delivered", $"{arrived} packets were taken and none was delivered: between bridge and listener something drops them. Look at br_netfilter, rp_filter and other packet filter rules.");
        }
        Say(Of("answers_arrived") == 0 || Of("answers_delivered") > 0, "path of answers", $"{Of("answers_arrived")} packets taken, {Of("answers_delivered")} delivered", $"{Of("answers_arrived")} answers of servers were taken and none was delivered: two boxes may share one way, or the proxy was restarted.");
        if (Of("other_vlan") is > 0 and var tagged)
            Say(false, "VLANs", "", $"{tagged} packets of SMTP came in VLANs that are not named, and {(settings.Failure == FailureBehaviour.Open ? "went by" : "were dropped")}. Name them in vlans, or exclude their networks.");
    }

    private string Meanwhile => settings.Failure == FailureBehaviour.Open ? "SMTP goes by unprotected" : "SMTP is refused";

    private bool Say(bool healthy, string subject, string good, string bad)
    {
        _findings.Add(new(healthy, subject, healthy ? good : bad));
        return healthy;
    }
}
