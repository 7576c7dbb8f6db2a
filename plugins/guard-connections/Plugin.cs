using Cstp.Abstractions;
using Microsoft.Extensions.DependencyInjection;

[assembly: CstpPlugin("guard-connections", Contract = 1)]

namespace Cstp.GuardConnections;

/// <summary>Says where the module's settings go.</summary>
public sealed class Plugin : ICstpPlugin
{
    /// <inheritdoc/>
    public Type? SettingsType => typeof(GuardSettings);

    /// <inheritdoc/>
    public void ConfigureServices(IServiceCollection services)
    {
    }
}
