namespace Cstp.NetsetupLinux.Host;

/// <summary>Kernel settings, by their path below <c>/proc/sys</c>: interface names may hold dots.</summary>
internal static class Sysctl
{
    /// <summary>The file of a setting.</summary>
    /// <param name="path">The path, such as <c>net/ipv4/ip_forward</c>.</param>
    public static string File(string path) => $"/proc/sys/{path}";

    /// <summary>Its value; null where the kernel has no such setting.</summary>
    /// <param name="path">The path.</param>
    public static string? Read(string path)
    {
        string file = File(path);
        return System.IO.File.Exists(file) ? System.IO.File.ReadAllText(file).Trim() : null;
    }

    /// <summary>Changes it.</summary>
    /// <param name="path">The path.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="IOException">The kernel does not take it.</exception>
    public static void Write(string path, string value)
    {
        try
        {
            System.IO.File.WriteAllText(File(path), value);
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{File(path)} cannot be set to {value}: {denied.Message}. Run it as root.", denied);
        }
    }
}
