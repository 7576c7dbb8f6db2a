using System.Globalization;
using System.Text.Json;

namespace Cstp.NetsetupLinux.Host;

/// <summary>Reads the facts, with iproute2 and nft as JSON; changes nothing.</summary>
internal static class FactsReader
{
    private static readonly string[] s_dhcpClients = ["dhcpcd", "dhclient", "udhcpc"];

    /// <summary>All interfaces.</summary>
    /// <param name="cancel">Ends the look.</param>
    public static async Task<IReadOnlyList<LinkFacts>> LinksAsync(CancellationToken cancel)
    {
        using JsonDocument json = await IpAsync(cancel, "-d", "address", "show");
        return [.. json.RootElement.EnumerateArray().Select(Link)];
    }

    /// <summary>Everything.</summary>
    /// <param name="links">The interfaces, read before.</param>
    /// <param name="tables">Routing tables that a plan uses.</param>
    /// <param name="sysctls">Paths of kernel settings that a plan uses.</param>
    /// <param name="pidFile">Where the DHCP client of a plan leaves its process id.</param>
    /// <param name="cancel">Ends the look.</param>
    public static async Task<HostFacts> ReadAsync(
        IReadOnlyList<LinkFacts> links, IReadOnlyCollection<int> tables, IEnumerable<string> sysctls, string pidFile, CancellationToken cancel)
    {
        var rules = new HashSet<RuleFacts>();
        var routes = new HashSet<RouteFacts>();
        var neighbours = new HashSet<string>();
        foreach (int version in new[] { 4, 6 })
        {
            using JsonDocument ruleList = await IpAsync(cancel, $"-{version}", "rule", "show");
            rules.UnionWith(ruleList.RootElement.EnumerateArray().Where(rule => rule.TryGetProperty("fwmark", out _)).Select(rule => Rule(version, rule)));
            foreach (int table in tables.Append(0))
            {
                using JsonDocument? routeList = await IpIfThereAsync(cancel, $"-{version}", "route", "show", "table", table == 0 ? "main" : Number(table));
                routes.UnionWith(routeList?.RootElement.EnumerateArray().Where(route => table != 0 || Text(route, "dst") == "default").Select(route => Route(version, table, route)) ?? []);
            }
            using JsonDocument neighbourList = await IpAsync(cancel, $"-{version}", "neigh", "show", "nud", "permanent");
            neighbours.UnionWith(neighbourList.RootElement.EnumerateArray().Select(near => $"{Text(near, "dst")} {Text(near, "lladdr")} {Text(near, "dev")}"));
        }
        return new HostFacts
        {
            Links = links,
            Tables = await TablesAsync(cancel),
            Rules = rules,
            Routes = routes,
            Neighbours = neighbours,
            Sysctls = sysctls.Distinct().Select(path => (path, Value: Sysctl.Read(path))).Where(sysctl => sysctl.Value is not null).ToDictionary(sysctl => sysctl.path, sysctl => sysctl.Value!),
            DhcpClient = s_dhcpClients.FirstOrDefault(client => ShellProgram.Find(client) is not null),
            // Root's processes may be hidden from a proxy that is not root; it could not start a client either, and leaves that to 'net up'.
            DhcpRuns = !Environment.IsPrivilegedProcess || File.Exists(pidFile) && Directory.Exists($"/proc/{(await File.ReadAllTextAsync(pidFile, cancel)).Trim()}"),
        };
    }

    /// <summary>nftables' tables: family, blank, name.</summary>
    /// <param name="cancel">Ends the look.</param>
    /// <remarks>As words: nft 1.0.6 frees a table's flags twice where it writes them as JSON, and the tables of a living proxy have flags.</remarks>
    public static async Task<IReadOnlySet<string>> TablesAsync(CancellationToken cancel) =>
        (await ShellProgram.RunAsync("nft", ["list", "tables"], null, cancel)).Output.Split('\n')
            .Where(line => line.StartsWith("table ", StringComparison.Ordinal)).Select(line => line["table ".Length..].Trim()).ToHashSet();

    private static LinkFacts Link(JsonElement link)
    {
        HashSet<string> flags = [.. link.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];
        string? kind = link.TryGetProperty("linkinfo", out JsonElement info) ? Text(info, "info_kind") : null;
        IEnumerable<string> addresses = link.TryGetProperty("addr_info", out JsonElement list)
            ? list.EnumerateArray().Where(address => address.TryGetProperty("local", out _)).Select(address => $"{Text(address, "local")}/{address.GetProperty("prefixlen").GetInt32()}")
            : [];
        return new(Text(link, "ifname")!, Text(link, "address") ?? "", flags.Contains("UP"), !flags.Contains("NOARP"), Text(link, "master"), kind, Text(link, "ifalias"), [.. addresses]);
    }

    private static RuleFacts Rule(int version, JsonElement rule) => new(
        version, rule.GetProperty("priority").GetInt32(), Mark(Text(rule, "fwmark")!), Text(rule, "fwmask") is { } mask ? Mark(mask) : uint.MaxValue,
        int.TryParse(Text(rule, "table"), NumberStyles.None, CultureInfo.InvariantCulture, out int table) ? table : 0);

    private static RouteFacts Route(int version, int table, JsonElement route) => new(
        version, Text(route, "type") ?? "unicast", Text(route, "dst") ?? "", Text(route, "gateway"), Text(route, "dev") ?? "", table);

    private static uint Mark(string text) => uint.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<JsonDocument> IpAsync(CancellationToken cancel, params string[] arguments) =>
        Parse((await ShellProgram.RunAsync("ip", ["-json", .. arguments], null, cancel)).Output);

    /// <summary>A routing table that nothing is in is an error to ip.</summary>
    private static async Task<JsonDocument?> IpIfThereAsync(CancellationToken cancel, params string[] arguments)
    {
        ShellProgram done = await ShellProgram.TryAsync("ip", ["-json", .. arguments], null, cancel);
        if (done.Status == 0)
            return Parse(done.Output);
        return done.Error.Contains("does not exist", StringComparison.Ordinal) ? null : throw done.Failure("ip", arguments);
    }

    private static JsonDocument Parse(string output) => JsonDocument.Parse(string.IsNullOrWhiteSpace(output) ? "[]" : output);
}
