namespace Cstp.Core.Store;

/// <summary>The store's file before SQLite sees it.</summary>
internal static class StoreFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Refuses a file that others than its owner may use.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What it is, for the message.</param>
    public static void RefuseOtherReaders(string file, string what)
    {
        if ((File.GetUnixFileMode(file) & Others) != 0)
            throw new StoreException($"{file}: others than its owner may use this {what}. Run: chmod 600 '{file}'");
    }

    /// <summary>Makes a new file that only its owner may use.</summary>
    /// <param name="file">The file; must not be there.</param>
    /// <param name="content">Its content.</param>
    public static void CreatePrivate(string file, ReadOnlySpan<byte> content)
    {
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        stream.Write(content);
    }

    /// <summary>Refuses what cannot be a database.</summary>
    /// <param name="file">The file.</param>
    public static void Check(string file)
    {
        if (!File.Exists(file))
            throw new StoreException($"{file}: store not found. Make one with 'cstp init', or name the right one in [store] file.");
        RefuseOtherReaders(file, "store");
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> head = stackalloc byte[16];
            int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (length > 0 && !head[..length].SequenceEqual("SQLite format 3\0"u8))
                throw new StoreException($"{file}: this is no SQLite database. Name the right file in [store] file, or restore a backup.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{file}: store cannot be read ({unreadable.Message}). Let the user that CSTP runs as own it.", unreadable);
        }
    }
}
