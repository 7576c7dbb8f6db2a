using System.Reflection;
using Cstp.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Plugins;

/// <summary>A loaded plugin with its modules constructed.</summary>
internal sealed class RunningPlugin : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private RunningPlugin(string name, ServiceProvider services, IReadOnlyList<ModuleContract> provides)
    {
        Name = name;
        _services = services;
        Provides = provides;
    }

    /// <summary>The plugin's name.</summary>
    public string Name { get; }

    /// <summary>The kinds of module in it.</summary>
    public IReadOnlyList<ModuleContract> Provides { get; }

    /// <summary>Loads a plugin and constructs every module of it once, so that faults show now.</summary>
    /// <param name="found">The plugin.</param>
    /// <param name="settings">Fills its settings.</param>
    /// <param name="time">The clock that its modules get.</param>
    /// <param name="loggers">The log that its modules get.</param>
    /// <returns>Null where its settings have mistakes, which are reported with the configuration's.</returns>
    /// <exception cref="PluginException">It cannot be used.</exception>
    public static RunningPlugin? Start(FoundPlugin found, ModuleSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        Assembly assembly = PluginAssembly.Load(found.Path);
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddSingleton(loggers);
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton<ILogger>(loggers.CreateLogger(found.Name));

        ICstpPlugin? entry = Entry(assembly);
        Type? settingsType = entry is null ? null : Called("SettingsType", () => entry.SettingsType);
        object? filled = settings(found.Name, settingsType);
        if (settingsType is not null)
        {
            if (filled is null)
                return null;
            services.AddSingleton(settingsType, filled);
        }
        if (entry is not null)
            Called("ConfigureServices", () => { entry.ConfigureServices(services); return true; });

        IReadOnlyList<ModuleContract> provides = AddModules(services, assembly, found);
        ServiceProvider provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
        try
        {
            foreach (ModuleContract contract in provides)
                Called($"its {contract.Word} module's constructor", () => provider.GetRequiredService(contract.Type));
        }
        catch
        {
            provider.Dispose();
            throw;
        }
        return new(found.Name, provider, provides);
    }

    /// <summary>Its module of a kind.</summary>
    /// <typeparam name="T">The contract.</typeparam>
    public T Module<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static ICstpPlugin? Entry(Assembly assembly)
    {
        List<Type> entries = [.. assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(ICstpPlugin)))];
        if (entries.Count > 1)
            throw new PluginException($"it has {entries.Count} ICstpPlugin classes ({string.Join(", ", entries)}), at most one is allowed. Ask its author for a corrected build.");
        if (entries.Count == 0)
            return null;
        if (entries[0].GetConstructor(Type.EmptyTypes) is null)
            throw new PluginException($"its class {entries[0]} has no public constructor without parameters. Ask its author for a corrected build.");
        return Called($"the constructor of {entries[0]}", () => (ICstpPlugin)Activator.CreateInstance(entries[0])!);
    }

    private static List<ModuleContract> AddModules(ServiceCollection services, Assembly assembly, FoundPlugin found)
    {
        int before = services.Count;
        services.Scan(scan => scan
            .FromAssemblies(assembly)
            .AddClasses(classes => classes.Where(type => ModuleContract.All.Any(contract => type.IsAssignableTo(contract.Type))), publicOnly: false)
            .As(type => ModuleContract.All.Where(contract => type.IsAssignableTo(contract.Type)).Select(contract => contract.Type))
            .WithSingletonLifetime());
        List<ServiceDescriptor> modules = [.. services.Skip(before)];
        var provides = new List<ModuleContract>();
        foreach (ModuleContract contract in ModuleContract.All)
        {
            List<ServiceDescriptor> ofKind = [.. modules.Where(module => module.ServiceType == contract.Type)];
            if (ofKind.Count > 1)
                throw new PluginException($"it has {ofKind.Count} {contract.Word} modules ({string.Join(", ", ofKind.Select(module => module.ImplementationType))}), at most one is allowed. Ask its author for a corrected build.");
            if (ofKind.Count == 1)
                provides.Add(contract);
            else if (found.Provides.Contains(contract.Word))
                throw new PluginException($"its {contract.Word} module was built against another {contract.Type.Name} than this CSTP's. Install a build for this version.");
        }
        return provides;
    }

    private static T Called<T>(string what, Func<T> call)
    {
        try
        {
            return call();
        }
        // Whatever a plugin throws is its fault, and ends start-up with its name on it.
        catch (Exception thrown) when (thrown is not PluginException)
        {
            Exception cause = thrown is TargetInvocationException { InnerException: { } inner } ? inner : thrown;
            throw new PluginException($"{what} failed ({cause.GetType().Name}: {cause.Message}). Look at its settings, or ask its author.", thrown);
        }
    }
}
