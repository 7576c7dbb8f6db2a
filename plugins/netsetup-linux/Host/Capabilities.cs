using System.Globalization;

namespace Cstp.NetsetupLinux.Host;

/// <summary>What the kernel lets this process do.</summary>
internal static class Capabilities
{
    private const int NetAdmin = 12;   // CAP_NET_ADMIN, linux/capability.h

    /// <summary>Whether it may change network and packet filter, and make transparent sockets.</summary>
    public static bool MayAdministerNetwork
    {
        get
        {
            string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
            return (ulong.Parse(line.AsSpan("CapEff:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> NetAdmin & 1) != 0;
        }
    }
}
