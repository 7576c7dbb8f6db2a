using System.Text.Json;

namespace Cstp.NetsetupLinux.Host;

/// <summary>A port as it was before the box took it.</summary>
/// <param name="IsUp">Whether it was switched on.</param>
/// <param name="UsesArp">Whether it asked for addresses and answered.</param>
internal sealed record FormerPort(bool IsUp, bool UsesArp);

/// <summary>
/// What was there before, and what was made: enough to take everything back, also with another configuration, and after a crash
/// in the middle, since it is written first.
/// </summary>
internal sealed record NetworkRecord
{
    /// <summary>Names what decides interfaces and routes; another structure is taken down before it is built anew.</summary>
    public required string Structure { get; init; }

    /// <summary>SHA-256 of the rules in force, of which the beginning.</summary>
    public required string Rules { get; init; }

    /// <summary>nftables' tables that were made.</summary>
    public required IReadOnlyList<string> Tables { get; init; }

    /// <summary>The bridge; null for a router.</summary>
    public string? Bridge { get; init; }

    /// <summary>The first routing table.</summary>
    public required int FirstTable { get; init; }

    /// <summary>How many there are.</summary>
    public required int TableCount { get; init; }

    /// <summary>Ports as they were.</summary>
    public IReadOnlyDictionary<string, FormerPort> Ports { get; init; } = new Dictionary<string, FormerPort>();

    /// <summary>Kernel settings as they were.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>The DHCP client that was started, or null.</summary>
    public string? DhcpClient { get; init; }

    /// <summary>Whether the folder of the record was made for it.</summary>
    public bool MadeFolder { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public static NetworkRecord? Read(string file)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            return JsonSerializer.Deserialize<NetworkRecord>(File.ReadAllText(file));
        }
        catch (JsonException broken)
        {
            throw new IOException($"{file}: {broken.Message} Remove it; 'cstp net down' then takes back all but kernel settings.", broken);
        }
    }

    /// <summary>Writes it, whole or not at all; what stands there already stays: a proxy that may not write may mend a route.</summary>
    /// <param name="file">The file.</param>
    public void Write(string file)
    {
        string folder = Path.GetDirectoryName(file)!, beside = file + ".new";
        bool isNew = !Directory.Exists(folder);
        string text = JsonSerializer.Serialize(this with { MadeFolder = MadeFolder || isNew });
        if (File.Exists(file) && File.ReadAllText(file) == text)
            return;
        Directory.CreateDirectory(folder);
        File.WriteAllText(beside, text);
        File.Move(beside, file, overwrite: true);
    }

    /// <summary>Removes it, and the folder that was made for it where nothing else is in it.</summary>
    /// <param name="file">The file.</param>
    public void Remove(string file)
    {
        if (File.Exists(file))
            File.Delete(file);
        string folder = Path.GetDirectoryName(file)!;
        if (MadeFolder && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
