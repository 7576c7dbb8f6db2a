using Cstp.Abstractions;
using Cstp.Core.Plugins;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Tests.Plugins;

public sealed class PluginHostTests : IDisposable
{
    private static readonly string Fixtures = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "fixtures"));
    private static readonly string Product = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Release", "plugins"));
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Copies a plugin's folder, as an administrator would.</summary>
    private string Install(string fixture, string? parent = null, string? name = null)
    {
        string target = _folder[Path.Combine(parent ?? "plugins", name ?? fixture)];
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(Path.Combine(Fixtures, fixture)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        return target;
    }

    private PluginHost Load(string policy, string? parent = null, string[]? interceptors = null) => PluginHost.Load(
        [_folder[parent ?? "plugins"]],
        new ModulesOptions { Crypto = "", Policy = policy, Network = "", Interceptors = interceptors ?? [] },
        (_, _) => null, TimeProvider.System, NullLoggerFactory.Instance);

    /// <summary>The one error that selecting a plugin gives; unselected, the same is a warning where it shows without loading.</summary>
    private string Error(string policy, string? parent = null)
    {
        PluginHost host = Load(policy, parent);
        Assert.Null(host.Modules);
        string error = Assert.Single(host.Errors);
        if (host.Found.FirstOrDefault(plugin => plugin.Name == policy) is { } found)
            Assert.StartsWith(found.Path + ": ", error, StringComparison.Ordinal);
        PluginHost unselected = Load("other", parent);
        Assert.Contains("'other' is not there", Assert.Single(unselected.Errors), StringComparison.Ordinal);
        return error;
    }

    private static string? Answer(PluginHost host, string fixture)
    {
        var running = host.Running(fixture);
        return running?.Module<IRecipientPolicy>().DecideData(new(null, [], Protection.None))?.Text;
    }

    [Fact]
    public async Task Two_plugins_run_with_two_versions_of_one_library_side_by_side()
    {
        Install("fixture-json12");
        Install("fixture-json13");
        await using PluginHost twelve = Load("fixture-json12"), thirteen = Load("fixture-json13");
        Assert.Empty(twelve.Errors.Concat(thirteen.Errors));
        Assert.Equal(("12", "13"), (Answer(twelve, "fixture-json12"), Answer(thirteen, "fixture-json13")));
    }

    [Fact]
    public async Task A_plugin_of_folders_is_found_in_a_path_with_odd_characters()
    {
        Install("fixture-json13", "plug ins #1 %20 ü ;");
        await using PluginHost host = Load("fixture-json13", "plug ins #1 %20 ü ;");
        Assert.Empty(host.Errors);
        Assert.Equal("13", Answer(host, "fixture-json13"));
    }

    [Fact]
    public async Task A_bare_library_dropped_in_is_a_plugin_from_the_next_start()
    {
        Directory.CreateDirectory(_folder["plugins"]);
        await using (PluginHost before = Load("", interceptors: ["fixture-bare"]))
            Assert.Contains("module 'fixture-bare' is not there (none was found; looked into", Assert.Single(before.Errors), StringComparison.Ordinal);
        File.Copy(Path.Combine(Fixtures, "fixture-bare", "fixture-bare.dll"), _folder["plugins/fixture-bare.dll"]);
        await using PluginHost after = Load("", interceptors: ["fixture-bare"]);
        Assert.Empty(after.Errors);
        Assert.IsAssignableFrom<ISmtpInterceptor>(after.Running("fixture-bare")?.Module<ISmtpInterceptor>());
    }

    [Fact]
    public void A_library_without_the_mark_is_a_dependency_and_no_plugin()
    {
        Directory.CreateDirectory(_folder["plugins"]);
        File.Copy(Path.Combine(Fixtures, "fixture-json13", "Newtonsoft.Json.dll"), _folder["plugins/Newtonsoft.Json.dll"]);
        Assert.Empty(PluginSearch.Find([_folder["plugins"]], new HashSet<string>()));
        Assert.Contains("bears no CstpPlugin mark", Assert.Single(PluginSearch.Find([_folder["plugins"]], new HashSet<string> { "Newtonsoft.Json" })).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unselected_plugin_is_found_with_what_it_provides_and_is_not_run()
    {
        string path = Install("fixture-throwing");
        PluginHost host = PluginHost.Search([_folder["plugins"]], new ModulesOptions { Crypto = "", Policy = "", Network = "" });
        FoundPlugin found = Assert.Single(host.Found);
        Assert.Equal(("fixture-throwing", 1, Path.Combine(path, "fixture-throwing.dll"), null), (found.Name, found.Contract, found.Path, found.Problem));
        Assert.Equal(["policy"], found.Provides);
        Assert.Matches("^[0-9a-f]{64}$", found.Sha256);
        Assert.False(host.IsSelected(found));
    }

    [Fact]
    public void A_throwing_constructor_is_told_with_its_words()
    {
        Install("fixture-throwing");
        Assert.Contains("constructor failed (InvalidOperationException: no licence found)", Error("fixture-throwing"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_contract_that_is_too_new_is_told_with_both_versions()
    {
        Install("fixture-future");
        Assert.Contains($"built for contract 99, this CSTP speaks {CstpPluginAttribute.CurrentContract}.", Error("fixture-future"), StringComparison.Ordinal);
        Assert.Contains(Load("other").Warnings, warning => warning.Contains("contract 99", StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_contract_member_is_told_before_the_first_call()
    {
        Install("fixture-missing-member");
        Assert.Contains("does not fit the contracts", Error("fixture-missing-member"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_to_what_the_contracts_do_not_have_is_told_before_it_is_made()
    {
        Install("fixture-unknown-member");
        Assert.Contains("it uses Tomorrow.get_Greeting, which the contracts of this CSTP do not have", Error("fixture-unknown-member"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cstp.Abstractions.dll")]
    [InlineData("Microsoft.Extensions.Logging.Abstractions.dll")]
    public void A_copy_of_a_shared_abstraction_is_told(string library)
    {
        string target = Install("fixture-json13");
        File.Copy(Path.Combine(AppContext.BaseDirectory, library), Path.Combine(target, library));
        Assert.Contains($"its own copy of {library}", Error("fixture-json13"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_dependency_is_named()
    {
        File.Delete(Path.Combine(Install("fixture-json13"), "Newtonsoft.Json.dll"));
        Assert.Contains("the dependency Newtonsoft.Json 13.0.0.0, which fixture-json13 needs, is missing", Error("fixture-json13"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_dependency_is_named()
    {
        File.WriteAllText(Path.Combine(Install("fixture-json13"), "Newtonsoft.Json.dll"), "not a library");
        Assert.Contains("Newtonsoft.Json 13.0.0.0", Error("fixture-json13"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_NET_library_is_told()
    {
        _folder.Write("plugins/fixture-json13/fixture-json13.dll", "MZ but nothing else");
        Assert.Contains("this is no .NET library", Error("fixture-json13"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_its_library_is_told()
    {
        File.Delete(Path.Combine(Install("fixture-json13"), "fixture-json13.dll"));
        Assert.Contains("the plugin's folder is there, but not this library", Error("fixture-json13"), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_plugins_of_one_name_are_told_with_both_files()
    {
        Install("fixture-json13");
        File.Copy(Path.Combine(Fixtures, "fixture-json13", "fixture-json13.dll"), _folder["plugins/copy.dll"]);
        string error = Error("fixture-json13");
        Assert.Contains("several plugins call themselves 'fixture-json13'", error, StringComparison.Ordinal);
        Assert.Contains(_folder["plugins/copy.dll"], error, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_modules_of_one_contract_in_a_plugin_are_told()
    {
        Install("fixture-twins");
        Assert.Contains("it has 2 policy modules (One, Other)", Error("fixture-twins"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plugins")]
    [InlineData("plugins/fixture-json13")]
    [InlineData("plugins/fixture-json13/fixture-json13.dll")]
    [InlineData("plugins/fixture-json13/Newtonsoft.Json.dll")]
    public void What_others_may_write_is_told_with_the_command_that_mends_it(string path)
    {
        Install("fixture-json13");
        foreach (UnixFileMode mode in new[] { UnixFileMode.GroupWrite, UnixFileMode.OtherWrite })
        {
            UnixFileMode before = File.GetUnixFileMode(_folder[path]);
            File.SetUnixFileMode(_folder[path], before | mode);
            Assert.Contains($"chmod go-w '{_folder[path]}'", Error("fixture-json13"), StringComparison.Ordinal);
            Assert.Single(Load("other").Warnings);
            File.SetUnixFileMode(_folder[path], before);
        }
        Assert.Empty(Load("fixture-json13").Errors);
    }

    [Fact]
    public void A_plugin_selected_in_a_role_that_it_has_not_is_told_what_it_provides()
    {
        Install("fixture-bare");
        Assert.Contains("is selected as policy module, but provides interceptor", Error("fixture-bare"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_products_own_network_mode_loads_with_settings()
    {
        await using PluginHost host = PluginHost.Load(
            [Product], new ModulesOptions { Crypto = "", Policy = "", Network = "netsetup-explicit" },
            (_, type) => Cstp.Host.Configuration.LoadedConfiguration.Read(_folder.Write("cstp.toml", """
                [module.netsetup-explicit]
                inside = { listen = "127.0.0.1:0", upstream = "127.0.0.1:1" }
                outside = { listen = "127.0.0.1:0", upstream = "mail.example.com:25" }
                """)).ModuleSettings("netsetup-explicit", type),
            TimeProvider.System, NullLoggerFactory.Instance);
        Assert.Empty(host.Errors);
        Assert.Equal([Side.Inside, Side.Outside], host.Running("netsetup-explicit")!.Module<INetworkMode>().Listeners.Select(listener => listener.Side));
    }
}
