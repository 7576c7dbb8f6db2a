using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Core.Plugins;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary><c>cstp net</c>: the network mode by hand. Needs neither store nor keys, so that root can do it for a proxy of another user.</summary>
internal static class NetCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("net", "The network mode by hand.")
    {
        With("plan", "Prints everything that 'up' would do now, as a script.", false, PlanAsync),
        With("up", "Makes the network ready; what is as it shall be already stays.", false, async (network, _, cancel) =>
        {
            await network.UpAsync(cancel);
            return ExitStatus.Done;
        }),
        With("down", "Takes back everything that 'up' did.", false, async (network, _, cancel) =>
        {
            await network.DownAsync(cancel);
            return ExitStatus.Done;
        }),
        With("status", "Shows how things stand.", true, StatusAsync),
        With("check", "Looks for what is not as it must be, and says what to do.", true, CheckAsync),
    };

    private static Command With(string name, string description, bool reports, Func<INetworkMode, CommandOutput, CancellationToken, Task<int>> does)
    {
        var command = new Command(name, description);
        if (reports)
            command.Add(CommonOptions.Json);
        command.SetAction(async (parsed, cancel) =>
        {
            LoadedConfiguration configuration = CommonOptions.ReadConfiguration(parsed);
            using var loggers = Logging.Create(configuration.Settings.Log, null);
            await using PluginHost plugins = BoxRuntime.LoadPlugins(configuration, TimeProvider.System, loggers);
            List<string> problems = [.. configuration.Mistakes.Lines, .. plugins.Errors];
            if (problems.Count > 0 || plugins.Modules is null)
                throw new ConfigurationException(problems);
            return await does(plugins.Modules.Network, new CommandOutput(parsed), cancel);
        });
        return command;
    }

    private static async Task<int> PlanAsync(INetworkMode network, CommandOutput output, CancellationToken cancel)
    {
        output.Raw(await network.PlanAsync(cancel));
        return ExitStatus.Done;
    }

    private static async Task<int> StatusAsync(INetworkMode network, CommandOutput output, CancellationToken cancel)
    {
        NetworkStatus status = await network.StatusAsync(cancel);
        if (output.IsJson)
        {
            output.Json(new { Up = status.IsUp, Facts = status.Facts.Select(fact => new { Name = fact.Key, fact.Value }) });
        }
        else
        {
            output.Line(status.IsUp ? "up" : "down");
            output.Table(["", ""], status.Facts.Select(fact => (IReadOnlyList<string>)[fact.Key, fact.Value]));
        }
        return status.IsUp ? ExitStatus.Done : ExitStatus.Found;
    }

    private static async Task<int> CheckAsync(INetworkMode network, CommandOutput output, CancellationToken cancel)
    {
        IReadOnlyList<NetworkFinding> findings = await network.CheckAsync(cancel);
        if (output.IsJson)
        {
            output.Json(findings);
        }
        else
        {
            foreach (NetworkFinding finding in findings)
                output.Line($"{(finding.Healthy ? "ok     " : "problem")}  {finding.Subject}: {finding.Finding}");
        }
        return findings.All(finding => finding.Healthy) ? ExitStatus.Done : ExitStatus.Found;
    }
}
