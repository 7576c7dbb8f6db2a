using Cstp.Core.Plugins;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary>Chooses the modules that a new configuration names.</summary>
internal static class InitialModule
{
    /// <summary>The product's module of the highest preference that can be used on this machine; by name where they are equal.</summary>
    /// <param name="contract">The kind.</param>
    /// <param name="wanted">The one to take, or null.</param>
    /// <param name="output">Is told why one was passed over, or that there is none.</param>
    /// <returns>Its name; empty where there is none.</returns>
    /// <exception cref="CommandException">The one wanted cannot be used.</exception>
    public static async Task<string> ChooseAsync(ModuleContract contract, string? wanted, CommandOutput output)
    {
        string[] folders = [LoadedConfiguration.ProductPlugins];
        FoundPlugin[] candidates = [.. PluginSearch.Find(folders, new HashSet<string>())
            .Where(plugin => plugin.Problem is null && plugin.Provides.Contains(contract.Word))
            .OrderByDescending(plugin => plugin.Preference).ThenBy(plugin => plugin.Name, StringComparer.Ordinal)];
        foreach (FoundPlugin candidate in candidates.Where(plugin => wanted is null || plugin.Name == wanted))
        {
            // Without settings, which are not there yet: what takes none is constructed, and shows whether it can be.
            await using PluginHost host = PluginHost.LoadOne(folders, candidate.Name, (_, _) => null, TimeProvider.System, NullLoggerFactory.Instance);
            if (host.Errors.Count == 0)
                return candidate.Name;
            if (wanted is not null)
                throw new CommandException(ExitStatus.Configuration, host.Errors[0]);
            output.Notice($"{candidate.Name} is not used: {host.Errors[0]}");
        }
        if (wanted is not null)
            throw new CommandException(ExitStatus.Configuration, $"{LoadedConfiguration.ProductPlugins} holds no {contract.Word} module '{wanted}'; there is {string.Join(", ", candidates.Select(plugin => plugin.Name))}");
        output.Notice($"{LoadedConfiguration.ProductPlugins} holds no {contract.Word} module that can be used; put one there and name it in [modules] {contract.Word}");
        return "";
    }
}
