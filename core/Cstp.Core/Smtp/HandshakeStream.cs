using System.Net.Sockets;

namespace Cstp.Core.Smtp;

/// <summary>A socket's octets for TLS. While it shakes hands every read comes back on a thread of the pool: what RSA computes must not hold up all other sessions.</summary>
/// <param name="socket">The socket; not owned.</param>
internal sealed class HandshakeStream(Socket socket) : Stream
{
    /// <summary>Whether the handshake still goes on.</summary>
    public bool IsInHandshake { get; set; } = true;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read = socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        return IsInHandshake ? OnPoolAsync(read) : read;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
            buffer = buffer[await socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("asynchronous only");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("asynchronous only");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private static async ValueTask<int> OnPoolAsync(ValueTask<int> read)
    {
        int received = await read.ConfigureAwait(false);
        await SocketThread.LeaveAsync();
        return received;
    }
}
