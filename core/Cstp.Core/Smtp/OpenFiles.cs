using System.Globalization;

namespace Cstp.Core.Smtp;

/// <summary>The system's limit on open files, and what follows from it.</summary>
internal static class OpenFiles
{
    /// <summary>Kept for the store, plugins, listeners, log and spool files.</summary>
    private const int Reserved = 2_000;

    /// <summary>Sessions that fit: two sockets each. 9,000 at a limit of 20,000.</summary>
    public static int DefaultSessions { get; } = Math.Clamp((Limit() - Reserved) / 2, 100, 9_000);

    private static int Limit()
    {
        const string Name = "Max open files";
        try
        {
            string? line = File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
            string? soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) ? limit : int.MaxValue;
        }
        catch (IOException)
        {
            return int.MaxValue;
        }
    }
}
