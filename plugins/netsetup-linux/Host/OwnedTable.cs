using System.Runtime.InteropServices;

namespace Cstp.NetsetupLinux.Host;

/// <summary>A table with <c>flags owner</c>: there as long as this object and this process, and not a moment longer. For one thread at a time.</summary>
internal sealed class OwnedTable : SafeHandle
{
    private OwnedTable() : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Makes the table.</summary>
    /// <param name="rules">The table as nft reads it.</param>
    /// <exception cref="IOException">libnftables is not there, or the kernel refuses.</exception>
    public static OwnedTable Create(string rules)
    {
        var table = new OwnedTable();
        try
        {
            table.SetHandle(LibNftables.nft_ctx_new(0));
            if (table.IsInvalid || LibNftables.nft_ctx_buffer_error(table.handle) != 0)
                throw new IOException("libnftables gives no context: out of memory, or no netlink socket for nftables in this kernel.");
            if (LibNftables.nft_run_cmd_from_buffer(table.handle, rules) != 0)
            {
                string complaint = Marshal.PtrToStringUTF8(LibNftables.nft_ctx_get_error_buffer(table.handle))?.Split('\n')[0] ?? "";
                throw new IOException($"nftables takes no rules from this process: {complaint}. It needs the capability CAP_NET_ADMIN.");
            }
            return table;
        }
        catch (DllNotFoundException missing)
        {
            throw new IOException($"the library {LibNftables.Name} is not installed. Install it: apt install nftables", missing);
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        LibNftables.nft_ctx_free(handle);
        return true;
    }
}
