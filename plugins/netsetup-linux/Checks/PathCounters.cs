using System.Text.Json;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Rules;

namespace Cstp.NetsetupLinux.Checks;

/// <summary>Packets counted at each step of the path.</summary>
internal static class PathCounters
{
    /// <summary>The counters in the order of the path, with what they say.</summary>
    public static readonly (string Name, string Meaning)[] Steps =
    [
        ("inside_arrived", "taken from an inside port"),
        ("outside_arrived", "taken from an outside port"),
        ("answers_arrived", "servers' answers taken"),
        ("inside_delivered", "delivered to the inside listener"),
        ("outside_delivered", "delivered to the outside listener"),
        ("answers_delivered", "servers' answers delivered"),
        ("inside_left", "sent out of inside ports"),
        ("outside_left", "sent out of outside ports"),
        ("passed", "let by while no proxy accepted"),
        ("excluded", "let by, of excluded networks"),
        ("other_vlan", "in VLANs that are not named"),
        ("refused", "refused, no proxy accepted"),
        ("resets", "answered with a reset"),
        ("direct", "refused, spoke to a listener itself"),
        ("unknown_host", "dropped, receiver unknown"),
        ("own_frames", "kept from leaving, the box's own"),
    ];

    /// <summary>Reads them.</summary>
    /// <param name="cancel">Ends the look.</param>
    /// <returns>Packets by counter.</returns>
    public static async Task<IReadOnlyDictionary<string, long>> ReadAsync(CancellationToken cancel)
    {
        using JsonDocument json = JsonDocument.Parse((await ShellProgram.RunAsync("nft", ["-j", "list", "counters"], null, cancel)).Output);
        return json.RootElement.GetProperty("nftables").EnumerateArray().Where(item => item.TryGetProperty("counter", out _)).Select(item => item.GetProperty("counter"))
            .Where(counter => counter.GetProperty("table").GetString() == RuleNames.Table)
            .GroupBy(counter => counter.GetProperty("name").GetString()!)
            .ToDictionary(same => same.Key, same => same.Sum(counter => counter.GetProperty("packets").GetInt64()));
    }
}
