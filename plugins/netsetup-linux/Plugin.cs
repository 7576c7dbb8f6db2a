using Cstp.Abstractions;
using Microsoft.Extensions.DependencyInjection;

[assembly: CstpPlugin("netsetup-linux", Contract = 1)]

namespace Cstp.NetsetupLinux;

/// <summary>Says where the module's settings go.</summary>
public sealed class Plugin : ICstpPlugin
{
    /// <inheritdoc/>
    public Type? SettingsType => typeof(LinuxSettings);

    /// <inheritdoc/>
    public void ConfigureServices(IServiceCollection services)
    {
    }
}
