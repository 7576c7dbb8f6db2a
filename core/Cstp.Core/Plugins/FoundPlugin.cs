namespace Cstp.Core.Plugins;

/// <summary>A plugin that was found, or a file that should have been one. Nothing of it was loaded to learn this.</summary>
/// <param name="Name">The name in its mark; where it has none, the file's.</param>
/// <param name="Contract">The contract version in its mark; 0 where it has none.</param>
/// <param name="Path">The library's absolute path.</param>
/// <param name="Sha256">SHA-256 of the library's file, lower-case hexadecimal; empty where it cannot be read.</param>
/// <param name="Provides">The kinds of module in it, in the words of <see cref="ModuleContract"/>.</param>
/// <param name="Problem">Why it cannot be used: cause and mend; null where nothing is known against it.</param>
internal sealed record FoundPlugin(string Name, int Contract, string Path, string Sha256, IReadOnlyList<string> Provides, string? Problem)
{
    /// <summary>Which of several a new configuration names: the highest (<see cref="Cstp.Abstractions.CstpPluginAttribute.Preference"/>).</summary>
    public int Preference { get; init; }
}
