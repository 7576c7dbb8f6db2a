using Cstp.Core.Plugins;
using Cstp.Core.Store;

namespace Cstp.Host.Commands;

/// <summary>Where the parts of a new box lie: all in one folder, or as the Filesystem Hierarchy Standard parts them.</summary>
/// <param name="Configuration">The folder of the configuration.</param>
/// <param name="State">The folder of store and passphrase.</param>
/// <param name="Plugins">The folder of plugins that are not the product's.</param>
internal sealed record InitialFolders(string Configuration, string State, string Plugins)
{
    private const string SystemConfiguration = "/etc/cstp";
    private const string SystemState = "/var/lib/cstp";
    private const string SystemPlugins = "/opt/cstp/plugins";
    private const string StoreName = "cstp.db";
    private const string PassphraseName = "store.key";
    private const string PluginsName = "plugins";
    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;

    /// <summary>The store's files.</summary>
    public StoreOptions Store => new() { File = Path.Combine(State, StoreName), PassphraseFile = Path.Combine(State, PassphraseName) };

    /// <summary>Chooses them.</summary>
    /// <param name="configuration">The folder of the configuration.</param>
    /// <param name="state">The folder of store and passphrase, or null: beside the configuration, except for that of the system where the package is installed.</param>
    public static InitialFolders Choose(string configuration, string? state)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(configuration));
        bool isSystem = folder == SystemConfiguration && Directory.Exists(SystemState);
        return new(folder, state is not null ? Path.GetFullPath(state) : isSystem ? SystemState : folder, isSystem ? SystemPlugins : Path.Combine(folder, PluginsName));
    }

    /// <summary>Makes what is not there. A folder that others may write to would be refused at start-up, whatever the umask is.</summary>
    public void Make()
    {
        foreach (string folder in new[] { Configuration, Path.GetDirectoryName(Plugins)!, Plugins, State }.Where(folder => !Directory.Exists(folder)))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, FolderMode);
        }
    }

    /// <summary>Gives the store's files to the user whose folder it is: root makes them, the proxy runs as another.</summary>
    public void HandOver()
    {
        foreach (string file in Directory.EnumerateFiles(State, StoreName + "*").Append(Store.PassphraseFile))
            FileOwnership.GiveToOwnerOf(State, file);
    }

    /// <summary>A path as it stands in the configuration: relative where it lies beside it.</summary>
    /// <param name="path">The path.</param>
    public string Written(string path) => Path.GetDirectoryName(path) == Configuration ? Path.GetFileName(path) : path;
}
