namespace Cstp.Host;

/// <summary>Whether systemd's journal reads what this process writes: systemd names the socket in <c>$JOURNAL_STREAM</c> as device:inode.</summary>
internal static class JournalStream
{
    /// <summary>Whether it reads stderr: somebody may have turned that elsewhere, and the variable goes on to children.</summary>
    public static bool IsStandardError() => Names(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), new FileInfo("/proc/self/fd/2").LinkTarget);

    /// <summary>Whether the variable names the socket.</summary>
    /// <param name="variable">The variable's value, or null.</param>
    /// <param name="target">What the descriptor leads to, as Linux shows it, or null.</param>
    public static bool Names(string? variable, string? target) =>
        variable?.Split(':') is [_, { Length: > 0 } inode] && target == $"socket:[{inode}]";
}
