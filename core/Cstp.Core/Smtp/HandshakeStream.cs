using System.Net.Sockets;

namespace Cstp.Core.Smtp;

/// <summary>A socket's octets for TLS. While it shakes hands every read comes back on a thread of the pool: what RSA computes must not hold up all other sessions.</summary>
/// <param name="socket">The socket; not owned.</param>
internal sealed class HandshakeStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
{
    /// <summary>Whether the handshake still goes on.</summary>
    public bool IsInHandshake { get; set; } = true;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read = base.ReadAsync(buffer, cancellationToken);
        return IsInHandshake ? OnPoolAsync(read) : read;
    }

    private static async ValueTask<int> OnPoolAsync(ValueTask<int> read)
    {
        int received = await read.ConfigureAwait(false);
        await SocketThread.LeaveAsync();
        return received;
    }
}
