using Cstp.Core;
using Cstp.Core.Plugins;
using Cstp.Core.Store;
using Microsoft.Extensions.Logging;

namespace Cstp.Host.Configuration;

/// <summary>A box that is ready to work: settings, modules, and the store, all of them checked.</summary>
internal sealed class BoxRuntime : IAsyncDisposable
{
    private readonly PluginHost _plugins;

    private BoxRuntime(LoadedConfiguration configuration, PluginHost plugins, SelectedModules modules, TrustStore store)
    {
        Configuration = configuration;
        _plugins = plugins;
        Modules = modules;
        Store = store;
    }

    /// <summary>The configuration.</summary>
    public LoadedConfiguration Configuration { get; }

    /// <summary>The settings.</summary>
    public CstpSettings Settings => Configuration.Settings;

    /// <summary>The settings of the stations of a message's way.</summary>
    public BoxSettings BoxSettings => new(Settings.Box, Settings.Securing, Settings.Smtp, Settings.Spool, Settings.Relay, Settings.Store, Settings.Tls);

    /// <summary>The selected modules.</summary>
    public SelectedModules Modules { get; }

    /// <summary>Certificates and keys.</summary>
    public TrustStore Store { get; }

    /// <summary>What is not as it should be, but stops nothing.</summary>
    public IEnumerable<string> Warnings => ConfigurationWarnings.Of(Configuration).Concat(_plugins.Warnings);

    /// <summary>Reads the configuration, loads the modules, and opens the store.</summary>
    /// <param name="configuration">What was read.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <exception cref="ConfigurationException">Something is not as it must be; all of it is told.</exception>
    public static async Task<BoxRuntime> OpenAsync(LoadedConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        PluginHost plugins = LoadPlugins(configuration, time, loggers);
        configuration.CheckFiles(time.GetUtcNow());   // what needs mending and stops nothing is logged where the files are used
        List<string> problems = [.. configuration.Mistakes.Lines, .. plugins.Errors, .. ConfigurationConflicts.Of(configuration, plugins.Modules)];
        TrustStore? store = null;
        try
        {
            // A store at a path that is a mistake would only be a second message about the same thing.
            if (configuration.Mistakes.Count == 0)
                store = OpenStore(configuration.Settings, time, loggers);
        }
        catch (StoreException unusable)
        {
            problems.Add(unusable.Message);
        }
        if (problems.Count == 0 && store is not null && plugins.Modules is not null)
            return new(configuration, plugins, plugins.Modules, store);
        await plugins.DisposeAsync();
        if (store is not null)
            await store.DisposeAsync();
        throw new ConfigurationException(problems);
    }

    /// <summary>Loads the selected plugins; mistakes in their settings go to the configuration's.</summary>
    /// <param name="configuration">What was read.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    public static PluginHost LoadPlugins(LoadedConfiguration configuration, TimeProvider time, ILoggerFactory loggers) =>
        PluginHost.Load(configuration.PluginFolders, configuration.Settings.Modules, configuration.ModuleSettings, time, loggers);

    /// <summary>Opens the store alone.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static TrustStore OpenStore(CstpSettings settings, TimeProvider time, ILoggerFactory loggers) =>
        TrustStore.Open(settings.Store, settings.Box.Domains, time, loggers.CreateLogger(typeof(TrustStore).FullName!), settings.Revocation, settings.Trust);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await _plugins.DisposeAsync();
    }
}
