using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>Names and numbers that several rule sets share.</summary>
internal static class RuleNames
{
    /// <summary>The name of all tables that stay.</summary>
    public const string Table = "cstp";

    /// <summary>The beginning of the names of tables that live with a process.</summary>
    public const string LifePrefix = "cstp_";

    /// <summary>A packet that opens a connection.</summary>
    public const string Opens = "tcp flags & (syn | ack) == syn";

    /// <summary>Entries of learned maps; each must outlast the longest silence in a session (RFC 5321 4.5.3.2: 10 minutes).</summary>
    public const string Learned = "flags dynamic,timeout; timeout 1h; size 65535;";

    /// <summary>Before the rules that look for the marks of life, which are set here.</summary>
    public const int BridgePriority = -300;

    /// <summary>Where routers mangle; after defragmentation and connection tracking.</summary>
    public const int InetPriority = -150;

    /// <summary>Whether a proxy takes new sessions.</summary>
    public static string NotAccepting => $"meta mark & {Marks.Text(Marks.Accepting)} == 0";

    /// <summary>The opposite.</summary>
    public static string IsAccepting => $"meta mark & {Marks.Text(Marks.Accepting)} != 0";

    /// <summary>Whether no proxy lives.</summary>
    public static string NotLiving => $"meta mark & {Marks.Text(Marks.Living)} == 0";

    /// <summary>Tables that must be there.</summary>
    /// <param name="wire">The wire.</param>
    public static IReadOnlyList<string> Tables(Wire wire) => wire.Mode switch
    {
        NetworkKind.Routed => [$"inet {Table}"],
        NetworkKind.Ip => [$"bridge {Table}", $"inet {Table}"],
        _ => [$"bridge {Table}", $"inet {Table}", $"netdev {Table}"],
    };
}
