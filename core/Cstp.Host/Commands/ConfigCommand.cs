using System.CommandLine;
using Cstp.Core.Plugins;
using Cstp.Core.Store;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp config check</c>: reads everything, loads the plugins, opens the keys and tries them; starts nothing.</summary>
internal static class ConfigCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var check = new Command("check", "Checks the whole configuration, plugins and keys; starts nothing.") { CommonOptions.Json };
        check.SetAction(CheckAsync);
        return new Command("config", "The configuration.") { check };
    }

    private static async Task<int> CheckAsync(ParseResult parsed, CancellationToken cancel)
    {
        LoadedConfiguration configuration = CommonOptions.ReadConfiguration(parsed);
        await using PluginHost plugins = BoxRuntime.LoadPlugins(configuration, TimeProvider.System, NullLoggerFactory.Instance);
        var findings = new List<string>(configuration.CheckFiles(DateTimeOffset.UtcNow));
        List<string> problems = [.. configuration.Mistakes.Lines, .. plugins.Errors, .. ConfigurationConflicts.Of(configuration, plugins.Modules)];
        if (configuration.Mistakes.Count == 0)
        {
            try
            {
                await using TrustStore store = BoxRuntime.OpenStore(configuration.Settings, TimeProvider.System, NullLoggerFactory.Instance);
                findings.AddRange(await KeyChecks.FindAsync(store.Current, plugins.Modules?.Crypto, configuration.Settings.Securing, DateTimeOffset.UtcNow, cancel));
            }
            catch (StoreException unusable)
            {
                problems.Add(unusable.Message);
            }
        }
        List<string> warnings = [.. ConfigurationWarnings.Of(configuration), .. plugins.Warnings];
        Report(new CommandOutput(parsed), configuration.File, problems, findings, warnings);
        return problems.Count > 0 ? ExitStatus.Configuration : findings.Count > 0 ? ExitStatus.Found : ExitStatus.Done;
    }

    private static void Report(CommandOutput output, string file, List<string> problems, List<string> findings, List<string> warnings)
    {
        if (output.IsJson)
        {
            output.Json(new { Config = file, Ok = problems.Count + findings.Count == 0, Problems = problems.Concat(findings), Warnings = warnings });
            return;
        }
        foreach (string problem in problems.Concat(findings))
            output.Line($"problem: {problem}");
        foreach (string warning in warnings)
            output.Line($"warning: {warning}");
        if (problems.Count + findings.Count == 0)
            output.Line($"{file}: in order");
    }
}
