using Cstp.Abstractions;
using Microsoft.Extensions.DependencyInjection;

[assembly: CstpPlugin("policy-sample", Contract = 1)]

namespace PolicySample;

/// <summary>Tells the host of the settings; there are no services of its own.</summary>
public sealed class Plugin : ICstpPlugin
{
    /// <inheritdoc/>
    public Type? SettingsType => typeof(Settings);

    /// <inheritdoc/>
    public void ConfigureServices(IServiceCollection services)
    {
        // What the policy takes in its constructor, beyond settings, logger and clock, is registered here.
    }
}
