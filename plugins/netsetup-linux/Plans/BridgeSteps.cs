using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Plans;

/// <summary>The bridge and its VLAN devices, silent before they are switched on.</summary>
/// <param name="wire">The wire.</param>
/// <param name="facts">The machine.</param>
internal sealed class BridgeSteps(Wire wire, HostFacts facts)
{
    private readonly List<PlanStep> _steps = [];

    /// <summary>Makes the steps.</summary>
    public IReadOnlyList<PlanStep> Make()
    {
        if (facts.Link(wire.Bridge) is null)
        {
            // No spanning tree, no delay, no snooping: what one port hears the others hear.
            Add(wire.Bridge, $"ip link add name {wire.Bridge} address {wire.BridgeMac} type bridge stp_state 0 forward_delay 0 mcast_snooping 0 group_fwd_mask 0xfff8");
            Add(wire.Bridge, $"ip link set dev {wire.Bridge} alias {WireResolution.Alias}");
        }
        Device(wire.Bridge);
        foreach (WireLink link in wire.Links.Where(link => link.Vlan != 0))
        {
            if (facts.Link(link.Device) is null)
                Add(link.Device, $"ip link add link {wire.Bridge} name {link.Device} type vlan id {link.Vlan}");
            Device(link.Device);
        }
        return _steps;
    }

    private void Device(string device)
    {
        LinkFacts? link = facts.Link(device);
        bool isSilent = wire.Mode == NetworkKind.Transparent || device != wire.Bridge;
        if (isSilent && link is null)
            Add(device, $"ip link set dev {device} addrgenmode none");
        if (isSilent && link?.UsesArp != false)
            Add(device, $"ip link set dev {device} arp off");
        foreach (KernelSetting setting in KernelSettings.OfDevice(wire, device))
        {
            if (facts.Sysctls.GetValueOrDefault(setting.Path) != setting.Value)
                _steps.Add(new SysctlStep(setting.Why, setting.Path, setting.Value));
        }
        if (link?.IsUp != true)
            Add(device, $"ip link set dev {device} up");
    }

    private void Add(string device, string line) => _steps.Add(new ProgramStep(device == wire.Bridge ? "the bridge" : $"VLAN device {device}", line));
}
