using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Cstp.Core.Plugins;

/// <summary>Who may write a file or folder.</summary>
internal static class FileOwnership
{
    private const int CurrentFolder = -100;   // AT_FDCWD
    private const uint WantModeAndOwner = 0x2 | 0x8;   // STATX_MODE, STATX_UID
    private const int OwnerOffset = 20;   // struct statx, the same on every architecture
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Why others than root or the running user could change a file or folder, with the mend; null where they cannot.</summary>
    /// <param name="path">File or folder; a link counts as what it leads to.</param>
    public static string? WhyOthersMayWrite(string path)
    {
        if ((File.GetUnixFileMode(path) & OthersWrite) != 0)
            return $"group or others may write {path}. Run: chmod go-w '{path}'";
        uint owner = OwnerOf(path);
        uint self = EffectiveUser();
        return owner == 0 || owner == self ? null : $"{path} belongs to user {owner}, neither root nor the running user {self}. Run: chown root '{path}'";
    }

    private static uint OwnerOf(string path)
    {
        byte[] buffer = new byte[256];
        if (Statx(CurrentFolder, path, 0, WantModeAndOwner, buffer) != 0)
            throw new IOException($"{path}: owner cannot be read ({Marshal.GetLastPInvokeErrorMessage()})");
        return BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(OwnerOffset))
            : BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(OwnerOffset));
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] buffer);

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUser();
}
