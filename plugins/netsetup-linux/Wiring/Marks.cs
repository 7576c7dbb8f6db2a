namespace Cstp.NetsetupLinux.Wiring;

/// <summary>What a packet or a socket is to the box; the last digit of its mark.</summary>
internal enum MarkRole
{
    /// <summary>From an inside port to a server.</summary>
    FromInside = 1,

    /// <summary>From an outside port to a server.</summary>
    FromOutside = 2,

    /// <summary>From a server back to where the box has a session.</summary>
    Answer = 3,

    /// <summary>To be refused.</summary>
    Refused = 4,

    /// <summary>Delivered to a socket of the box. Together with <see cref="Reset"/> the one bit pattern that the local table is chosen by.</summary>
    Delivered = 5,

    /// <summary>Sent by a socket of the box.</summary>
    Sent = 6,

    /// <summary>Delivered to the box to be answered with a reset.</summary>
    Reset = 7,
}

/// <summary>
/// Packet marks, 32 bits: <c>0x4353VVVR</c>, VVV the VLAN id (0: no tag), R the role. Before a packet is judged, two high bits
/// alone tell whether a proxy is there.
/// </summary>
internal static class Marks
{
    /// <summary>A proxy lives; set by a table that the kernel removes with the process.</summary>
    public const uint Living = 0x1000_0000;

    /// <summary>A proxy takes new sessions; removed in the same way, or when it drains.</summary>
    public const uint Accepting = 0x2000_0000;

    /// <summary>The bits that make a mark one of ours.</summary>
    public const uint OursMask = 0xffff_0000;

    /// <summary>What they are.</summary>
    public const uint Ours = 0x4353_0000;

    /// <summary>Marks that mean "to the box", whatever the VLAN: <see cref="MarkRole.Delivered"/> and <see cref="MarkRole.Reset"/>.</summary>
    public const uint ToBox = Ours | (uint)MarkRole.Delivered;

    /// <summary>The bits that are compared for it.</summary>
    public const uint ToBoxMask = 0xffff_000d;

    /// <summary>A mark.</summary>
    /// <param name="vlan">The VLAN id; 0 for no tag.</param>
    /// <param name="role">The role.</param>
    public static uint Of(int vlan, MarkRole role) => Ours | (uint)vlan << 4 | (uint)role;

    /// <summary>As nft and ip write it.</summary>
    /// <param name="mark">The mark.</param>
    public static string Text(uint mark) => $"0x{mark:x8}";

    /// <summary>A mark as text.</summary>
    /// <param name="vlan">The VLAN id; 0 for no tag.</param>
    /// <param name="role">The role.</param>
    public static string Text(int vlan, MarkRole role) => Text(Of(vlan, role));
}
