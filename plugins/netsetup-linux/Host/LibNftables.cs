using System.Runtime.InteropServices;

namespace Cstp.NetsetupLinux.Host;

/// <summary>The functions of libnftables that are called (libnftables(3)).</summary>
internal static partial class LibNftables
{
    /// <summary>Version 1 of the binary interface; nft itself brings it.</summary>
    public const string Name = "libnftables.so.1";

    [LibraryImport(Name)]
    public static partial nint nft_ctx_new(uint flags);

    [LibraryImport(Name)]
    public static partial void nft_ctx_free(nint context);

    [LibraryImport(Name)]
    public static partial int nft_ctx_buffer_error(nint context);

    [LibraryImport(Name)]
    public static partial nint nft_ctx_get_error_buffer(nint context);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int nft_run_cmd_from_buffer(nint context, string commands);
}
