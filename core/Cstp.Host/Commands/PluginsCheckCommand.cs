using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Conformance;
using Cstp.Core.Plugins;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp plugins check NAME</c>: holds the crypto module or recipient policy of a plugin to the conformance suite.</summary>
internal static class PluginsCheckCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The plugin, selected or not." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var check = new Command("check", "Checks whether a plugin's crypto module or recipient policy does what its contract asks.") { Name, CommonOptions.Json };
        check.SetAction(CheckAsync);
        return check;
    }

    private static async Task<int> CheckAsync(ParseResult parsed, CancellationToken cancel)
    {
        string name = parsed.GetRequiredValue(Name);
        LoadedConfiguration configuration = CommonOptions.ReadConfiguration(parsed);
        await using PluginHost host = PluginHost.LoadOne(configuration.PluginFolders, name, configuration.ModuleSettings, TimeProvider.System, NullLoggerFactory.Instance);
        if (host.Running(name) is not { } plugin || configuration.Mistakes.Count > 0)
            throw new ConfigurationException([.. configuration.Mistakes.Lines, .. host.Errors]);

        var output = new CommandOutput(parsed);
        var rows = new List<ConformanceRow>();
        if (plugin.Provides.Contains(ModuleContract.Crypto))
        {
            output.Notice($"{CryptoConformance.Rules.Count} rules for crypto modules; this takes a while");
            rows.AddRange(await CryptoConformance.RunAsync(plugin.Module<ICmsEnveloper>(), null, cancel));
        }
        if (plugin.Provides.Contains(ModuleContract.Policy))
            rows.AddRange(await PolicyConformance.RunAsync(plugin.Module<IRecipientPolicy>(), null, cancel));
        if (rows.Count == 0)
            throw new CommandException(ExitStatus.Usage, WhyUnchecked(name, plugin));

        int failing = rows.Count(row => row.Result == ConformanceResult.Fails);
        Report(output, name, rows, failing);
        return failing == 0 ? ExitStatus.Done : ExitStatus.Found;
    }

    private static string WhyUnchecked(string name, RunningPlugin plugin)
    {
        string provided = plugin.Provides.Count == 0 ? "no module at all" : string.Join(", ", plugin.Provides.Select(kind => kind.Word));
        return $"'{name}' provides {provided}; there are rules for {ModuleContract.Crypto.Word} and {ModuleContract.Policy.Word} modules only. That it loads is checked with 'cstp plugins list'.";
    }

    private static void Report(CommandOutput output, string name, List<ConformanceRow> rows, int failing)
    {
        if (output.IsJson)
        {
            output.Json(new { Module = name, Ok = failing == 0, Rows = rows });
            return;
        }
        output.Table(
            ["RESULT", "ID", "WHAT", "DETAIL"],
            rows.Select(row => (IReadOnlyList<string>)[Word(row.Result), row.Id, row.Title, row.Detail]));
        int unsupported = rows.Count(row => row.Result == ConformanceResult.Unsupported);
        output.Line($"{name}: {rows.Count - failing - unsupported} hold, {failing} fail, {unsupported} unsupported");
    }

    private static string Word(ConformanceResult result) => result switch
    {
        ConformanceResult.Holds => "holds",
        ConformanceResult.Fails => "FAILS",
        _ => "unsupported",
    };
}
