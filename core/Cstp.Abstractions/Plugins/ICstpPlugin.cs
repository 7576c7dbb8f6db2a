using Microsoft.Extensions.DependencyInjection;

namespace Cstp.Abstractions;

/// <summary>
/// The optional entry point of a plugin: at most one public class per assembly, with a constructor
/// without parameters. A plugin whose modules need neither services nor settings does without.
/// </summary>
/// <remarks>
/// Called once at start-up, by one thread, and only if a module of the plugin is selected. An
/// exception from any member stops start-up with a message that names the plugin's file.
/// </remarks>
public interface ICstpPlugin
{
    /// <summary>
    /// The class that holds the settings of the section <c>[module.NAME]</c>, or null where the plugin has none.
    /// </summary>
    /// <remarks>
    /// A class with a constructor without parameters and public settable properties; a property
    /// <c>MaxDepth</c> is the key <c>max_depth</c>. Supported: string, bool, integers, enums,
    /// <see cref="TimeSpan"/> (<c>"30s"</c>), <see cref="System.Net.IPEndPoint"/>, classes of the same
    /// kind (a table), and lists of all these. A property with the <c>required</c> modifier must be
    /// given, and <c>System.ComponentModel.DataAnnotations</c> attributes are checked. A key without a
    /// property is a configuration error. The filled object is registered as a singleton under its own
    /// type, so that a module takes it as a constructor parameter.
    /// </remarks>
    Type? SettingsType => null;

    /// <summary>Registers what the modules of this plugin take in their constructors.</summary>
    /// <param name="services">
    /// A collection of this plugin's own, with logging, <see cref="TimeProvider"/> and the settings already in it. The
    /// modules themselves are found and registered by the host.
    /// </param>
    void ConfigureServices(IServiceCollection services);
}
