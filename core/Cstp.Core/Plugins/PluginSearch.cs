using System.Security.Cryptography;
using Cstp.Abstractions;

namespace Cstp.Core.Plugins;

/// <summary>Looks for plugins: a folder with a library of its name, or a bare library, recognised by the mark in its metadata.</summary>
internal static class PluginSearch
{
    private static readonly string[] SharedAssemblies =
    [
        .. PluginAssembly.SharedTypes.Select(type => type.Assembly.GetName().Name!),
    ];

    /// <summary>Searches folders; one that is not there holds nothing.</summary>
    /// <param name="folders">Absolute paths.</param>
    /// <param name="selected">Names of selected plugins: a file of such a name is one, if a broken one.</param>
    public static IReadOnlyList<FoundPlugin> Find(IEnumerable<string> folders, IReadOnlySet<string> selected)
    {
        var found = new List<FoundPlugin>();
        foreach (string folder in folders.Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))).Distinct().Where(Directory.Exists))
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*.dll").Order(StringComparer.Ordinal))
                Add(found, Examine(file, selected.Contains(Path.GetFileNameWithoutExtension(file)), [folder, file]));
            foreach (string own in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
            {
                string file = Path.Combine(own, Path.GetFileName(own) + ".dll");
                if (File.Exists(file))
                    Add(found, Examine(file, mustBePlugin: true, [folder, own, .. Directory.EnumerateFileSystemEntries(own, "*", SearchOption.AllDirectories)]));
                else if (selected.Contains(Path.GetFileName(own)))
                    found.Add(new(Path.GetFileName(own), 0, file, "", [], $"the plugin's folder is there, but not this library. Copy the whole plugin to {own}."));
            }
        }
        return NameTwins(found);
    }

    private static void Add(List<FoundPlugin> found, FoundPlugin? plugin)
    {
        if (plugin is not null)
            found.Add(plugin);
    }

    private static FoundPlugin? Examine(string file, bool mustBePlugin, IReadOnlyList<string> guarded)
    {
        string fileName = Path.GetFileNameWithoutExtension(file);
        try
        {
            PluginMetadata? metadata = PluginMetadata.Read(file);
            if (metadata?.Name is null && !mustBePlugin)
                return null;
            string sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
            if (metadata is null)
                return new(fileName, 0, file, sha256, [], "this is no .NET library, or a damaged one. Copy it anew or remove it.");
            if (metadata.Name is null)
                return new(fileName, 0, file, sha256, [], "the library bears no CstpPlugin mark. Install a build for CSTP or remove it.");
            string? problem = guarded.Select(FileOwnership.WhyOthersMayWrite).FirstOrDefault(why => why is not null)
                ?? WhyMisnamed(metadata.Name) ?? WhyContractDiffers(metadata.Contract) ?? WhyOwnAbstractions(file);
            return new(metadata.Name, metadata.Contract, file, sha256, metadata.Provides, problem) { Preference = metadata.Preference };
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new(fileName, 0, file, "", [], $"the file cannot be read ({unreadable.Message}). Let the user that CSTP runs as read it.");
        }
    }

    private static string? WhyMisnamed(string name)
    {
        bool fits = name.Length is > 0 and <= 64 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        return fits ? null : "its name is none (lower-case letters, digits and hyphens, beginning with a letter, at most 64). Ask its author for a corrected build.";
    }

    private static string? WhyContractDiffers(int contract)
    {
        const int current = CstpPluginAttribute.CurrentContract;
        return contract == current ? null
            : $"built for contract {contract}, this CSTP speaks {current}. Install a build for contract {current}"
                + (contract > current ? ", update CSTP," : "") + " or delete the plugin.";
    }

    private static string? WhyOwnAbstractions(string file)
    {
        string folder = Path.GetDirectoryName(file)!;
        string? copy = SharedAssemblies.FirstOrDefault(name => File.Exists(Path.Combine(folder, name + ".dll")));
        return copy is null ? null
            : $"it brings its own copy of {copy}.dll, which the host shares with all plugins. Delete that file (authors: reference it with ExcludeAssets=\"runtime\").";
    }

    private static List<FoundPlugin> NameTwins(List<FoundPlugin> found)
    {
        foreach (IGrouping<string, FoundPlugin> twins in found.GroupBy(plugin => plugin.Name).Where(group => group.Count() > 1).ToList())
        {
            string files = string.Join(" and ", twins.Select(plugin => plugin.Path));
            for (int i = 0; i < found.Count; i++)
            {
                if (found[i].Name == twins.Key)
                    found[i] = found[i] with { Problem = $"several plugins call themselves '{twins.Key}': {files}. Keep one of them." };
            }
        }
        return found;
    }
}
