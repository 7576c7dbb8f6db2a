using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Cstp.Abstractions;
using Cstp.GuardConnections;
using Cstp.Tests.EndToEnd;
using Cstp.Tests.Host;
using Cstp.Tests.Store;

namespace Cstp.Tests.Guard;

/// <summary>The module as a plugin of the program: found, selected, configured, documented.</summary>
public sealed partial class GuardPluginTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Config => _folder["box/cstp.toml"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_box_that_runs_selects_it_by_its_name_and_it_refuses_counts_and_logs()
    {
        await using var server = new RecordingServer();
        await InitAsync(server.Port, "own_names = [\"amd.test\"]\nhello_forged = \"refuse\"\nclient = { messages_per_minute = 1 }\n");
        int metricsPort = FreePort();
        await File.WriteAllTextAsync(Config, (await File.ReadAllTextAsync(Config)).Replace("# listen = \"127.0.0.1:9464\"", $"listen = \"127.0.0.1:{metricsPort}\"", StringComparison.Ordinal));
        var start = new ProcessStartInfo(CstpProgram.Path, ["run", "--config", Config]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("CSTP_CONFIG");
        using var process = Process.Start(start)!;
        try
        {
            Task<string> log = process.StandardError.ReadToEndAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            Match ready = Ready().Match(await process.StandardOutput.ReadLineAsync(patience.Token) ?? await log);
            Assert.True(ready.Success, ready.ToString());
            int port = int.Parse(ready.Groups[1].Value, CultureInfo.InvariantCulture);
            using (var client = new RawClient(port))
            {
                Assert.StartsWith("220", await client.ReadReplyAsync(), StringComparison.Ordinal);
                Assert.StartsWith("550 The name in EHLO or HELO is not yours", await client.AskAsync("EHLO mail.amd.test"), StringComparison.Ordinal);
                Assert.StartsWith("250", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
                await client.AddressAsync("bob@intel.test", "anna@amd.test");
                Assert.StartsWith("250", await client.SendMessageAsync("From: bob@intel.test\r\n\r\nHello\r\n"), StringComparison.Ordinal);
                Assert.StartsWith("450 4.7.0 Too many messages a minute from 127.0.0.1", await client.AskAsync("MAIL FROM:<bob@intel.test>"), StringComparison.Ordinal);
            }
            using var http = new HttpClient();
            string metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{metricsPort}/metrics"), patience.Token);
            Assert.Matches("(?m)^cstp_guard_refusals_total\\{.*cause=\"messages\".*\\} 1\r?$", metrics);
            Assert.Matches("(?m)^cstp_guard_signs_total\\{.*sign=\"hello-forged\".*\\} 1\r?$", metrics);
            Assert.Matches("(?m)^cstp_sessions_total\\{", metrics);
            using (Process terminate = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
                await terminate.WaitForExitAsync(patience.Token);
            string text = await log.WaitAsync(patience.Token);
            Assert.Contains("hello-forged (refuse): it calls itself mail.amd.test", text, StringComparison.Ordinal);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    [Fact]
    public async Task Mistakes_in_its_settings_are_told_at_once_each_with_its_line()
    {
        await InitAsync(25, "deny = [\"example.com\"]\nhello_invalid = \"kill\"\nslow_delay = \"2m\"\nclient = { sesions = 1 }\nmax_tracked = 1\n");
        string wrong = (await CstpProgram.RunAsync("config", "check", "--config", Config)).Expect(78).Output;
        foreach (string mistake in new[]
        {
            "deny: 'example.com' is no network", "hello_invalid: 'kill' is not one of \"off\", \"log\", \"slow\", \"refuse\"", "slow_delay: must be more than 0s and at most 1m",
            "client.sesions: unknown key; did you mean 'sessions'?", "max_tracked: must be between 100 and",
        })
        {
            Assert.Matches(@"cstp\.toml:\d+: \[module\.guard-connections\] " + Regex.Escape(mistake), wrong);
        }
    }

    [Fact]
    public async Task Init_selects_no_interceptor()
    {
        (await CstpProgram.RunAsync("init", _folder["new"], "--domain", "amd.test")).Expect(0);
        Assert.Matches(@"(?m)^interceptors = \[\] ", await File.ReadAllTextAsync(_folder["new/cstp.toml"]));
    }

    [Fact]
    public void The_guides_table_holds_each_setting_with_its_default()
    {
        string guide = File.ReadAllText(Document("guard-connections.md"));
        foreach ((string key, object? value) in Defaults(new GuardSettings(), ""))
            Assert.Matches($@"(?m)^\| `{Regex.Escape(key)}` \| `{Regex.Escape(Written(value))}` \| \S", guide);
        Assert.Equal(Defaults(new GuardSettings(), "").Count(), SettingRow().Count(guide));
    }

    [Fact]
    public void The_replies_stand_in_the_operators_table()
    {
        string operations = File.ReadAllText(Document("operations.md"));
        Assert.All(new[] { "421 4.7.0", "450 4.7.0", "450 4.7.1", "550 5.7.1", "554" }, reply => Assert.Matches($@"(?m)^\| {reply}[^|]*\|[^|]*guard-connections", operations));
    }

    private static IEnumerable<(string Key, object? Value)> Defaults(object settings, string prefix)
    {
        foreach (System.Reflection.PropertyInfo property in settings.GetType().GetProperties())
        {
            string key = prefix + Cstp.Host.Configuration.SettingNames.Key(property.Name);
            object? value = property.GetValue(settings);
            if (value is ClientLimits)
            {
                foreach ((string, object?) inner in Defaults(value, key + "."))
                    yield return inner;
            }
            else
            {
                yield return (key, value);
            }
        }
    }

    private static string Written(object? value) => value switch
    {
        List<Side> sides => $"[{string.Join(", ", sides.Select(side => $"\"{side.ToString().ToLowerInvariant()}\""))}]",
        List<string> { Count: 0 } => "[]",
        Enum word => $"\"{word.ToString().ToLowerInvariant()}\"",
        TimeSpan { TotalSeconds: < 60 } time => $"\"{time.TotalSeconds}s\"",
        TimeSpan time => $"\"{time.TotalMinutes}m\"",
        int number => number.ToString("N0", CultureInfo.InvariantCulture).Replace(",", "_", StringComparison.Ordinal),
        _ => throw new InvalidOperationException($"how is {value} written?"),
    };

    private async Task InitAsync(int server, string section)
    {
        (await CstpProgram.RunAsync(
            "init", _folder["box"], "--domain", "amd.test", "--inside-listen", "127.0.0.1:0", "--outside-listen", "127.0.0.1:0",
            "--inside-upstream", $"127.0.0.1:{server}", "--outside-upstream", $"127.0.0.1:{server}")).Expect(0);
        string text = await File.ReadAllTextAsync(Config);
        Assert.Contains("interceptors = []", text, StringComparison.Ordinal);
        text = text.Replace("interceptors = []", "interceptors = [\"guard-connections\"]", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Config, text + "\n[module.guard-connections]\n" + section);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Document(string name)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cstp.Modular.sln")))
            folder = folder.Parent;
        return Path.Combine(folder!.FullName, "docs", name);
    }

    [GeneratedRegex(@"outside=127\.0\.0\.1:(\d+)")]
    private static partial Regex Ready();

    [GeneratedRegex(@"(?m)^\| `[a-z0-9_.]+` \| `[^`]+` \|")]
    private static partial Regex SettingRow();
}
