using System.Text.Json;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Rules;

namespace Cstp.NetsetupLinux.Checks;

/// <summary>Looks through the packet filter for rules of others that take SMTP away from the box.</summary>
internal static class ForeignRules
{
    private static readonly string[] s_hooks = ["prerouting", "input", "output", "ingress"];
    private static readonly string[] s_thefts = ["drop", "reject", "redirect", "dnat", "tproxy", "fwd", "queue"];

    /// <summary>Looks.</summary>
    /// <param name="ports">Ports that are SMTP, and those of the listeners.</param>
    /// <param name="cancel">Ends the look.</param>
    /// <returns>What was found, each with its mend.</returns>
    public static async Task<IReadOnlyList<string>> FindAsync(IReadOnlySet<int> ports, CancellationToken cancel)
    {
        var found = new List<string>();
        foreach (string table in (await FactsReader.TablesAsync(cancel)).Where(table => IsForeign(table.Split(' ')[^1])))
        {
            ShellProgram listed = await ShellProgram.TryAsync("nft", ["-j", "list", "table", .. table.Split(' ')], null, cancel);
            try
            {
                found.AddRange(listed.Status == 0 ? Find(listed.Output, ports) : throw new JsonException(listed.Error));
            }
            catch (JsonException unreadable)
            {
                found.Add($"table {table} could not be read ({unreadable.Message.Split('\n')[0]}); look yourself: nft list table {table}");
            }
        }
        return found;
    }

    /// <summary>Looks.</summary>
    /// <param name="ruleset">What <c>nft -j list</c> says.</param>
    /// <param name="ports">The ports.</param>
    public static IReadOnlyList<string> Find(string ruleset, IReadOnlySet<int> ports)
    {
        using JsonDocument json = JsonDocument.Parse(ruleset);
        List<JsonElement> items = [.. json.RootElement.GetProperty("nftables").EnumerateArray()];
        var found = new List<string>();
        foreach (JsonElement chain in Foreign(items, "chain").Where(chain => Text(chain, "hook") is { } hook && s_hooks.Contains(hook) && Text(chain, "policy") == "drop"))
            found.Add($"chain {Place(chain, "name")} drops all that no rule of it accepts; let it accept what bears the mark 0x43530000/0xffff0000");
        foreach (JsonElement rule in Foreign(items, "rule"))
        {
            List<JsonElement> parts = [.. rule.GetProperty("expr").EnumerateArray()];
            if (parts.Exists(part => MeansPort(part, ports)) && s_thefts.FirstOrDefault(theft => parts.Exists(part => part.TryGetProperty(theft, out _))) is { } verdict)
                found.Add($"a rule in {Place(rule, "chain")} takes SMTP away ({verdict}); remove it: nft delete rule {Place(rule, "chain")} handle {rule.GetProperty("handle").GetInt32()}");
        }
        return found;
    }

    private static IEnumerable<JsonElement> Foreign(List<JsonElement> items, string kind) =>
        items.Where(item => item.TryGetProperty(kind, out _)).Select(item => item.GetProperty(kind))
            .Where(item => Text(item, "table") is { } table && IsForeign(table));

    private static bool IsForeign(string table) => table != RuleNames.Table && !table.StartsWith(RuleNames.LifePrefix, StringComparison.Ordinal);

    private static bool MeansPort(JsonElement part, IReadOnlySet<int> ports) =>
        part.TryGetProperty("match", out JsonElement match)
        && match.GetProperty("left").TryGetProperty("payload", out JsonElement payload) && Text(payload, "field") is "dport" or "sport"
        && Numbers(match.GetProperty("right")).Any(ports.Contains);

    private static IEnumerable<int> Numbers(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => [value.GetInt32()],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Object when value.TryGetProperty("range", out JsonElement range) => Enumerable.Range(range[0].GetInt32(), range[1].GetInt32() - range[0].GetInt32() + 1),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Numbers(member.Value)),
        _ => [],
    };

    private static string Place(JsonElement item, string last) => $"{Text(item, "family")} {Text(item, "table")} {Text(item, last)}";

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
