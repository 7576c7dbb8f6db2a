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
        var packets = new Dictionary<string, long>();
        foreach (string table in (await FactsReader.TablesAsync(cancel)).Where(table => table.Split(' ')[^1] == RuleNames.Table))
        {
            using JsonDocument json = JsonDocument.Parse((await ShellProgram.RunAsync("nft", ["-j", "list", "counters", "table", .. table.Split(' ')], null, cancel)).Output);
            foreach (JsonElement item in json.RootElement.GetProperty("nftables").EnumerateArray())
            {
                if (item.TryGetProperty("counter", out JsonElement counter))
                {
                    string name = counter.GetProperty("name").GetString()!;
                    packets[name] = packets.GetValueOrDefault(name) + counter.GetProperty("packets").GetInt64();
                }
            }
        }
        return packets;
    }
}
