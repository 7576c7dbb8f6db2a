using Cstp.Abstractions;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Plugins;

/// <summary>The plugins of this installation: what was found, what is selected, and the modules that run.</summary>
internal sealed class PluginHost : IAsyncDisposable
{
    private readonly List<FoundPlugin> _found;
    private readonly HashSet<string> _selected;
    private readonly List<RunningPlugin> _running = [];
    private readonly List<string> _errors = [];

    private PluginHost(IReadOnlyList<FoundPlugin> found, HashSet<string> selected)
    {
        _found = [.. found];
        _selected = selected;
    }

    /// <summary>All that was found, with what is wrong with it.</summary>
    public IReadOnlyList<FoundPlugin> Found => _found;

    /// <summary>The selected modules; null where one of them cannot be used.</summary>
    public SelectedModules? Modules { get; private set; }

    /// <summary>What stops start-up: file, cause, mend.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>What is wrong with plugins that nobody selected.</summary>
    public IEnumerable<string> Warnings => _found.Where(plugin => plugin.Problem is not null && !_selected.Contains(plugin.Name)).Select(plugin => $"{plugin.Path}: {plugin.Problem}");

    /// <summary>Looks for plugins without loading any.</summary>
    /// <param name="folders">Where to look, absolute.</param>
    /// <param name="modules">What is selected.</param>
    public static PluginHost Search(IReadOnlyList<string> folders, ModulesOptions modules)
    {
        HashSet<string> selected = [.. modules.Names];
        return new(PluginSearch.Find(folders, selected), selected);
    }

    /// <summary>Looks for plugins, loads the selected ones, and constructs their modules.</summary>
    /// <param name="folders">Where to look, absolute.</param>
    /// <param name="modules">What is selected.</param>
    /// <param name="settings">Fills the settings of a module.</param>
    /// <param name="time">The clock that modules get.</param>
    /// <param name="loggers">The log that modules get.</param>
    public static PluginHost Load(IReadOnlyList<string> folders, ModulesOptions modules, ModuleSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        PluginHost host = Search(folders, modules);
        foreach (string name in host._selected.Order(StringComparer.Ordinal))
            host.Start(name, folders, settings, time, loggers);
        host.Select(modules);
        return host;
    }

    /// <summary>Looks for plugins and loads one, whether the configuration selects it or not.</summary>
    /// <param name="folders">Where to look, absolute.</param>
    /// <param name="name">The plugin's name.</param>
    /// <param name="settings">Fills the settings of its modules.</param>
    /// <param name="time">The clock that they get.</param>
    /// <param name="loggers">The log that they get.</param>
    public static PluginHost LoadOne(IReadOnlyList<string> folders, string name, ModuleSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        HashSet<string> selected = [name];
        var host = new PluginHost(PluginSearch.Find(folders, selected), selected);
        host.Start(name, folders, settings, time, loggers);
        return host;
    }

    /// <summary>Whether a plugin is selected in some role.</summary>
    /// <param name="plugin">The plugin.</param>
    public bool IsSelected(FoundPlugin plugin) => _selected.Contains(plugin.Name);

    /// <summary>A plugin that was loaded, or null.</summary>
    /// <param name="name">Its name.</param>
    public RunningPlugin? Running(string name) => _running.Find(plugin => plugin.Name == name);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (RunningPlugin plugin in _running)
            await plugin.DisposeAsync();
    }

    private void Start(string name, IReadOnlyList<string> folders, ModuleSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        int index = _found.FindIndex(plugin => plugin.Name == name);
        if (index < 0)
        {
            _errors.Add(NotFound(name, folders));
            return;
        }
        try
        {
            FoundPlugin found = _found[index];
            if (found.Problem is not null)
                throw new PluginException(found.Problem);
            if (RunningPlugin.Start(found, settings, time, loggers) is { } running)
                _running.Add(running);
        }
        catch (PluginException fault)
        {
            _found[index] = _found[index] with { Problem = fault.Message };
            _errors.Add($"{_found[index].Path}: {fault.Message}");
        }
    }

    private string NotFound(string name, IReadOnlyList<string> folders)
    {
        List<string> names = [.. _found.Select(plugin => plugin.Name).Distinct().Order(StringComparer.Ordinal)];
        string others = names.Count == 0 ? "none was found" : $"found: {string.Join(", ", names)}";
        return $"module '{name}' is not there ({others}; looked into {string.Join(", ", folders)}). Put its plugin there, add its folder to [plugins] folders, or select another in [modules].";
    }

    private void Select(ModulesOptions modules)
    {
        ICmsEnveloper? crypto = Module<ICmsEnveloper>(modules.Crypto, ModuleContract.Crypto);
        IRecipientPolicy? policy = Module<IRecipientPolicy>(modules.Policy, ModuleContract.Policy);
        INetworkMode? network = Module<INetworkMode>(modules.Network, ModuleContract.Network);
        var interceptors = new List<SelectedInterceptor>();
        foreach (string name in modules.Interceptors)
        {
            if (Module<ISmtpInterceptor>(name, ModuleContract.Interceptor) is { } interceptor)
                interceptors.Add(new(name, interceptor));
        }
        if (crypto is not null && policy is not null && network is not null && interceptors.Count == modules.Interceptors.Count)
            Modules = new(crypto, modules.Crypto, policy, modules.Policy, network, modules.Network, interceptors);
    }

    private T? Module<T>(string name, ModuleContract contract) where T : class
    {
        RunningPlugin? plugin = Running(name);
        if (plugin is null)
            return null;
        if (plugin.Provides.Contains(contract))
            return plugin.Module<T>();
        string provided = plugin.Provides.Count == 0 ? "no module at all" : string.Join(", ", plugin.Provides.Select(kind => kind.Word));
        _errors.Add($"{_found.Find(found => found.Name == name)?.Path}: the plugin '{name}' is selected as {contract.Word} module, but provides {provided}. Select another in [modules].");
        return null;
    }
}
