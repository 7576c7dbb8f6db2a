using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Cstp.Core.Plugins;

/// <summary>Whose a file or folder is, and who may write it.</summary>
internal static class FileOwnership
{
    private const int CurrentFolder = -100;   // AT_FDCWD
    private const uint WantModeAndOwner = 0x2 | 0x8 | 0x10;   // STATX_MODE, STATX_UID, STATX_GID
    private const int OwnerOffset = 20, GroupOffset = 24;   // struct statx, the same on every architecture
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

    /// <summary>Gives a file to the user and group whose folder it lies in, where root runs this; else it is theirs already, or not ours to give.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="IOException">The file cannot be given away.</exception>
    public static void GiveToOwnerOf(string folder, string file)
    {
        if (EffectiveUser() != 0)
            return;
        byte[] owner = Stat(folder);
        if (ChangeOwner(file, Number(owner, OwnerOffset), Number(owner, GroupOffset)) != 0)
            throw new IOException($"{file}: cannot be given to the owner of {folder} ({Marshal.GetLastPInvokeErrorMessage()})");
    }

    private static uint OwnerOf(string path) => Number(Stat(path), OwnerOffset);

    private static byte[] Stat(string path)
    {
        byte[] buffer = new byte[256];
        return Statx(CurrentFolder, path, 0, WantModeAndOwner, buffer) == 0
            ? buffer
            : throw new IOException($"{path}: owner cannot be read ({Marshal.GetLastPInvokeErrorMessage()})");
    }

    private static uint Number(byte[] buffer, int offset) => BitConverter.IsLittleEndian
        ? BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(offset))
        : BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(offset));

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] buffer);

    [DllImport("libc", EntryPoint = "lchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint owner, uint group);

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUser();
}
