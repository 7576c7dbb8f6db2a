namespace Cstp.Core.Plugins;

/// <summary>A plugin cannot be used; the message names cause and mend, the file is added by who reports it.</summary>
/// <param name="message">For the administrator.</param>
/// <param name="cause">What was met, or null.</param>
internal sealed class PluginException(string message, Exception? cause = null) : Exception(message, cause);
