using System.CommandLine;
using Cstp.Core.Plugins;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp plugins</c>; <c>list</c>: what was found, what is selected, and what is wrong with it.</summary>
internal static class PluginsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "Shows the plugins that were found. Selected ones are loaded, so that their faults show.") { CommonOptions.Json };
        list.SetAction((parsed, _) => ListAsync(parsed));
        return new Command("plugins", "Plugins.") { list, PluginsCheckCommand.Create() };
    }

    private static async Task<int> ListAsync(ParseResult parsed)
    {
        LoadedConfiguration configuration = CommonOptions.ReadConfiguration(parsed);
        await using PluginHost host = BoxRuntime.LoadPlugins(configuration, TimeProvider.System, NullLoggerFactory.Instance);
        var output = new CommandOutput(parsed);
        if (output.IsJson)
        {
            output.Json(host.Found.Select(plugin => new
            {
                plugin.Name,
                plugin.Contract,
                plugin.Path,
                plugin.Sha256,
                plugin.Provides,
                Selected = host.IsSelected(plugin),
                plugin.Problem,
            }));
        }
        else
        {
            output.Table(
                ["NAME", "CONTRACT", "SELECTED", "PROVIDES", "PATH", "PROBLEM"],
                host.Found.Select(plugin => (IReadOnlyList<string>)
                [
                    plugin.Name, plugin.Contract.ToString(System.Globalization.CultureInfo.InvariantCulture), host.IsSelected(plugin) ? "yes" : "no",
                    string.Join(' ', plugin.Provides), plugin.Path, plugin.Problem ?? "",
                ]));
        }
        List<string> problems = [.. configuration.Mistakes.Lines, .. host.Errors];
        foreach (string problem in problems)
            output.Notice(problem);
        return problems.Count == 0 ? ExitStatus.Done : ExitStatus.Configuration;
    }
}
