using System.Text.Json;
using Cstp.Conformance;
using Cstp.Host.Commands;
using Cstp.Tests.Host;
using Cstp.Tests.Store;

namespace Cstp.Tests.Conformance;

/// <summary>The command as an administrator runs it.</summary>
public sealed class PluginsCheckTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    private string Config => _folder["box/cstp.toml"];

    public async ValueTask InitializeAsync()
    {
        (await CstpProgram.RunAsync("init", _folder["box"], "--domain", "amd.test")).Expect(0);
        string fixtures = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "fixtures"));
        File.WriteAllText(Config, File.ReadAllText(Config).Replace("folders = [\"plugins\"]", $"folders = [\"plugins\", \"{fixtures}\"]", StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return default;
    }

    private Task<CstpProgram.Result> Check(params string[] args) => CstpProgram.RunAsync(["plugins", "check", .. args, "--config", Config]);

    [Theory]
    [InlineData("policy-liberal")] // selected
    [InlineData("policy-restrictive")] // not selected
    [InlineData("policy-all-or-nothing")]
    public async Task A_policy_that_holds_is_told_as_one_document(string name)
    {
        CstpProgram.Result result = (await Check(name, "--json")).Expect(0);
        Assert.Equal(name, result.Json.GetProperty("module").GetString());
        Assert.True(result.Json.GetProperty("ok").GetBoolean());
        Assert.Equal(
            PolicyConformance.Rules.Select(rule => (rule.Id, rule.Title, "holds", "")),
            result.Json.GetProperty("rows").EnumerateArray().Select(row => (Text(row, "id"), Text(row, "title"), Text(row, "result"), Text(row, "detail"))));
    }

    [Fact]
    public async Task A_crypto_module_that_protects_nothing_is_told_row_by_row()
    {
        CstpProgram.Result result = (await Check("fixture-crypto", "--json")).Expect(1);
        Assert.False(result.Json.GetProperty("ok").GetBoolean());
        Dictionary<string, string> rows = result.Json.GetProperty("rows").EnumerateArray().ToDictionary(row => Text(row, "id"), row => Text(row, "result"));
        Assert.Equal(CryptoConformance.Rules.Select(rule => rule.Id), rows.Keys);
        Assert.Equal(("fails", "unsupported", "holds"), (rows["sign.rsa-pkcs1.sha256"], rows["sign.ed25519.sha512"], rows["backpressure.sign"]));
    }

    [Fact]
    public async Task People_get_a_table_and_a_sum()
    {
        CstpProgram.Result result = (await Check("policy-restrictive")).Expect(0);
        Assert.Matches(@"(?m)^holds +policy\.complete +every recipient", result.Output);
        Assert.EndsWith($"policy-restrictive: {PolicyConformance.Rules.Count} hold, 0 fail, 0 unsupported\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("netsetup-explicit", 64, "'netsetup-explicit' provides network; there are rules for crypto and policy modules only")]
    [InlineData("fixture-bare", 64, "'fixture-bare' provides interceptor;")]
    [InlineData("fixture-throwing", 78, "constructor failed (InvalidOperationException: no licence found)")]
    [InlineData("no-such-plugin", 78, "module 'no-such-plugin' is not there")]
    public async Task What_cannot_be_checked_is_told(string name, int status, string words) =>
        Assert.Contains(words, (await Check(name)).Expect(status).Error, StringComparison.Ordinal);

    [Fact]
    public async Task The_settings_come_from_the_configuration()
    {
        File.AppendAllText(Config, "\n[module.fixture-crypto]\nbrokn = true\n");
        Assert.Contains("brokn: unknown key; did you mean 'broken'?", (await Check("fixture-crypto")).Expect(78).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_that_takes_its_process_down_loses_one_row()
    {
        ConformanceRule[] rules = [new("one", "1"), new("two", "2"), new("three", "3"), new("four", "4")];
        string Row(int index) => ConformanceProcess.Line(new(rules[index].Id, rules[index].Title, ConformanceResult.Holds, ""));
        // The process dies in the second row, after the module wrote something of its own.
        IReadOnlyList<ConformanceRow> rows = await ConformanceProcess.RunAsync(
            rules,
            index => new("/bin/sh", ["-c", index == 0
                ? $"echo '{Row(0)}'; echo '{{\"hello\":1}}'; echo; echo module; echo Stack overflow. >&2; exit 134"
                : $"echo '{Row(index)}'; echo '{Row(index + 1)}'"]),
            TestContext.Current.CancellationToken);
        Assert.Equal(rules.Select(rule => rule.Id), rows.Select(row => row.Id));
        Assert.Equal([ConformanceResult.Holds, ConformanceResult.Fails, ConformanceResult.Holds, ConformanceResult.Holds], rows.Select(row => row.Result));
        Assert.Equal("the process of the module ended with status 134: Stack overflow.", rows[1].Detail);
    }

    private static string Text(JsonElement row, string key) => row.GetProperty(key).GetString()!;
}
