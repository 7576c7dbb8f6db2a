namespace Cstp.NetsetupLinux.Wiring;

/// <summary>Gives each network on the wire its device, its table and its listeners; needs nothing but the settings.</summary>
internal static class WireLinks
{
    /// <summary>All of them; what has no tag comes first.</summary>
    /// <param name="settings">The settings.</param>
    public static IReadOnlyList<WireLink> Of(LinuxSettings settings) =>
    [
        .. new[] { 0 }.Concat(settings.Mode == NetworkKind.Routed ? [] : settings.Vlans.Order()).Select((vlan, index) => new WireLink(
            vlan,
            vlan == 0 ? settings.Bridge : $"{settings.Bridge}.{vlan}",
            settings.Table + 1 + index,
            settings.ListenPort + 2 * index,
            settings.ListenPort + 2 * index + 1)),
    ];
}
