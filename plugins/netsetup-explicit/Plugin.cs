using Cstp.Abstractions;
using Microsoft.Extensions.DependencyInjection;

[assembly: CstpPlugin("netsetup-explicit", Contract = 1)]

namespace Cstp.NetsetupExplicit;

/// <summary>Says where the module's settings go.</summary>
public sealed class Plugin : ICstpPlugin
{
    /// <inheritdoc/>
    public Type? SettingsType => typeof(ExplicitSettings);

    /// <inheritdoc/>
    public void ConfigureServices(IServiceCollection services)
    {
    }
}
