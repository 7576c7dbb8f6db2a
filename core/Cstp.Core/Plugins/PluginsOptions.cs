namespace Cstp.Core.Plugins;

/// <summary>Section <c>[plugins]</c>: where plugins are looked for.</summary>
internal sealed record PluginsOptions
{
    /// <summary>Folders besides the product's own.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];
}
