using Cstp.Core.Plugins;

namespace Cstp.Host.Configuration;

/// <summary>Settings that are right each for itself, and wrong together with a module that is selected.</summary>
internal static class ConfigurationConflicts
{
    /// <summary>All of them.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="modules">The selected modules; null where they could not be loaded.</param>
    public static IEnumerable<string> Of(LoadedConfiguration configuration, SelectedModules? modules)
    {
        if (configuration.Settings.Relay.Server is not null && modules?.Network.WhyIsolated is { } why)
            yield return $"{configuration.File}: [relay] server: the relay cannot be reached: {why}, or take server out.";
    }
}
