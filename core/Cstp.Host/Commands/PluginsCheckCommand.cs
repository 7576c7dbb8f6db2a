using System.CommandLine;
using System.Globalization;
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

    /// <summary>Only for a process that the command itself starts: the rule to begin with.</summary>
    private static readonly Option<int?> From = new("--from") { Hidden = true };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var check = new Command("check", "Checks whether a plugin's crypto module or recipient policy does what its contract asks.") { Name, From, CommonOptions.Json };
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

        List<ConformanceRule> rules =
        [
            .. plugin.Provides.Contains(ModuleContract.Crypto) ? CryptoConformance.Rules : [],
            .. plugin.Provides.Contains(ModuleContract.Policy) ? PolicyConformance.Rules : [],
        ];
        if (rules.Count == 0)
            throw new CommandException(ExitStatus.Usage, WhyUnchecked(name, plugin));
        if (parsed.GetValue(From) is { } from)
        {
            await RunAsync(plugin, [.. rules.Skip(from).Select(rule => rule.Id)], new Lines(parsed.InvocationConfiguration.Output), cancel);
            return ExitStatus.Done;
        }
        var output = new CommandOutput(parsed);
        output.Notice($"{name}: {rules.Count} rules; for a crypto module this takes up to a minute");
        IReadOnlyList<ConformanceRow> rows = await ConformanceProcess.RunAsync(
            rules,
            index => new(Environment.ProcessPath!, ["plugins", "check", name, "--config", configuration.File, "--from", index.ToString(CultureInfo.InvariantCulture)]),
            cancel);
        int failing = rows.Count(row => row.Result == ConformanceResult.Fails);
        Report(output, name, rows, failing);
        return failing == 0 ? ExitStatus.Done : ExitStatus.Found;
    }

    private static async Task RunAsync(RunningPlugin plugin, HashSet<string> ids, IProgress<ConformanceRow> progress, CancellationToken cancel)
    {
        if (plugin.Provides.Contains(ModuleContract.Crypto))
            await CryptoConformance.RunAsync(plugin.Module<ICmsEnveloper>(), rule => ids.Contains(rule.Id), progress, cancel);
        if (plugin.Provides.Contains(ModuleContract.Policy))
            await PolicyConformance.RunAsync(plugin.Module<IRecipientPolicy>(), rule => ids.Contains(rule.Id), progress, cancel);
    }

    private static string WhyUnchecked(string name, RunningPlugin plugin)
    {
        string provided = plugin.Provides.Count == 0 ? "no module at all" : string.Join(", ", plugin.Provides.Select(kind => kind.Word));
        return $"'{name}' provides {provided}; there are rules for {ModuleContract.Crypto.Word} and {ModuleContract.Policy.Word} modules only. That it loads is checked with 'cstp plugins list'.";
    }

    private static void Report(CommandOutput output, string name, IReadOnlyList<ConformanceRow> rows, int failing)
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

    private sealed class Lines(TextWriter output) : IProgress<ConformanceRow>
    {
        public void Report(ConformanceRow value)
        {
            output.WriteLine(ConformanceProcess.Line(value));
            output.Flush();
        }
    }
}
