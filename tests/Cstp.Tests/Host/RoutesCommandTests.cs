using System.Text.RegularExpressions;
using Cstp.Core.Ledger;
using Cstp.Core.Store;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Tests.Host;

/// <summary>The relay in the configuration, and what was learned about servers, as an administrator sees it.</summary>
public sealed class RoutesCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Task<CstpProgram.Result> Run(params string[] args) => CstpProgram.RunAsync([.. args, "--config", _folder["box/cstp.toml"]]);

    private async Task InitAsync(Func<string, string>? change = null)
    {
        (await CstpProgram.RunAsync("init", _folder["box"], "--domain", "amd.test")).Expect(0);
        string text = await File.ReadAllTextAsync(_folder["box/cstp.toml"]);
        await File.WriteAllTextAsync(_folder["box/cstp.toml"], change?.Invoke(text) ?? text);
    }

    [Fact]
    public async Task What_was_learned_is_shown_and_cleared()
    {
        await InitAsync();
        Assert.Equal(0, (await Run("store", "routes", "--json")).Expect(0).Json.GetProperty("routes").GetArrayLength());
        var options = new StoreOptions { File = _folder["box/cstp.db"], PassphraseFile = _folder["box/store.key"] };
        await using (TrustStore store = TrustStore.Open(options, ["amd.test"], TimeProvider.System, NullLogger.Instance))
        {
            var running = new LearnedRoutes(store.Database, TimeSpan.FromDays(1), TimeProvider.System, NullLogger.Instance);
            var seen = new TaskCompletionSource();
            await running.LearnAsync("192.0.2.1:25", "421 one is enough");
            Assert.Contains("192.0.2.1:25", (await Run("store", "routes")).Expect(0).Output, StringComparison.Ordinal);
            Assert.Equal("421 one is enough", (await Run("store", "routes", "--json")).Expect(0).Json.GetProperty("routes")[0].GetProperty("reason").GetString());
            store.Changed += running.Reload;
            store.Changed += () => seen.TrySetResult();
            Assert.Contains("1 forgotten", (await Run("store", "routes", "--clear")).Expect(0).Error, StringComparison.Ordinal);
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(20));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (running.RefusesSecond("192.0.2.1:25"))
                await Task.Delay(20, limit.Token);
        }
        Assert.Equal(0, (await Run("store", "routes", "--json")).Expect(0).Json.GetProperty("routes").GetArrayLength());
    }

    [Theory]
    [InlineData("server = \"nowhere\"", "[relay] server: 'nowhere' is no server")]
    [InlineData("server = \"relay.test:25\"\nhello = \"a@b\"", "[relay] hello: 'a@b' is no domain; write only what stands right of the @")]
    [InlineData("remember = \"1s\"", "[relay] remember: must be between 00:01:00")]
    [InlineData("server = \"relay.test:25\"\nuser = \"box\"\npassword_file = \"store.key\"", "[relay] user: a password goes to a relay in TLS alone")]
    public async Task Mistakes_about_the_relay_are_told(string setting, string told)
    {
        await InitAsync(text => text.Replace("# server = \"smarthost.example.com:25\"", setting, StringComparison.Ordinal));
        Assert.Contains(told, (await Run("config", "check")).Expect(78).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("management = \"eth2\"", true)]
    public async Task A_box_that_reaches_nobody_has_no_relay_fetches_nothing_and_asks_no_resolver_unless_it_has_an_interface_besides(string management, bool isRight)
    {
        await InitAsync(text =>
        {
            text = Regex.Replace(text, "(?m)^network = .*$", "network = \"netsetup-linux\"").Replace("# server =", "server =", StringComparison.Ordinal);
            text = text.Replace("#= fetch = false", "fetch = true", StringComparison.Ordinal).Replace("starttls = \"hide\"", "starttls = \"terminate\"", StringComparison.Ordinal);
            text = text.Replace("#= verify = \"none\"", "verify = \"dane\"", StringComparison.Ordinal).Replace("# resolver =", "resolver =", StringComparison.Ordinal)
                .Replace("#= client = \"opportunistic\"", "client = \"none\"", StringComparison.Ordinal);
            return text[..text.IndexOf("[module.", StringComparison.Ordinal)] + $"[module.netsetup-linux]\nmode = \"transparent\"\ninside = [\"eth0\"]\noutside = [\"eth1\"]\n{management}\n";
        });
        CstpProgram.Result check = await Run("config", "check");
        foreach (string told in new[] { "[relay] server: the relay cannot be reached", "[revocation] fetch: nothing can be fetched", "[tls] verify = \"dane\": the resolver can ask nobody" })
            Assert.Equal(!isRight, check.Output.Contains($"{told}: in mode \"transparent\"", StringComparison.Ordinal));
        check.Expect(isRight ? 0 : 78);
    }
}
