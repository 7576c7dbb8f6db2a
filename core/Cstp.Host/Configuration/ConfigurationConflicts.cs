using Cstp.Core.Plugins;
using Cstp.Core.Smtp;

namespace Cstp.Host.Configuration;

/// <summary>Settings that are right each for itself, and wrong together with a module that is selected.</summary>
internal static class ConfigurationConflicts
{
    /// <summary>All of them.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="modules">The selected modules; null where they could not be loaded.</param>
    public static IEnumerable<string> Of(LoadedConfiguration configuration, SelectedModules? modules)
    {
        if (modules?.Network.WhyIsolated is not { } why)
            yield break;
        CstpSettings settings = configuration.Settings;
        if (settings.Relay.Server is not null)
            yield return $"{configuration.File}: [relay] server: the relay cannot be reached: {why}, or take server out.";
        if (settings.Revocation.Fetch)
            yield return $"{configuration.File}: [revocation] fetch: nothing can be fetched: {why}, or import revocation lists and take fetch out.";
        if (settings.Smtp.Starttls == StartTlsHandling.Terminate && settings.Tls.AsksForTlsa)
            yield return $"{configuration.File}: [tls] verify = \"dane\": the resolver can ask nobody: {why}, or verify otherwise.";
    }
}
