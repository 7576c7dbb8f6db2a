namespace Cstp.Core.Plugins;

/// <summary>Fills the settings of a module from its section of the configuration.</summary>
/// <param name="module">The plugin's name.</param>
/// <param name="type">The class that holds them, or null where the plugin has none: then no key may be given.</param>
/// <returns>The filled object; null where there is none, or a mistake, which the configuration reports itself.</returns>
internal delegate object? ModuleSettings(string module, Type? type);
