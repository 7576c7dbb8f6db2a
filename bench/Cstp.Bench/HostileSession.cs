using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Bench;

/// <summary>A client's end of a session, line by line or octet by octet.</summary>
internal sealed class HostileSession : IDisposable
{
    private readonly Socket _socket;
    private readonly CancellationToken _cancel;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private string _unread = "";

    private HostileSession(Socket socket, CancellationToken cancel) => (_socket, _cancel) = (socket, cancel);

    /// <summary>Connects and reads the banner.</summary>
    /// <param name="port">The box.</param>
    /// <param name="from">The client's own address, in 127.0.0.0/8.</param>
    /// <param name="cancel">Ends everything.</param>
    public static async Task<HostileSession> ConnectAsync(int port, IPAddress from, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var session = new HostileSession(socket, cancel);
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
            await session.ReplyAsync();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Sends a line and reads the reply to it.</summary>
    /// <param name="line">The line, without its end.</param>
    public async Task<string> AskAsync(string line)
    {
        await SendAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
        return await ReplyAsync();
    }

    /// <summary>Sends octets.</summary>
    /// <param name="octets">The octets.</param>
    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        while (octets.Length > 0)
            octets = octets[await _socket.SendAsync(octets, _cancel)..];
    }

    /// <summary>Reads whatever comes, and throws it away.</summary>
    /// <exception cref="IOException">The box closed.</exception>
    public async Task DrainAsync()
    {
        while (await _socket.ReceiveAsync(_buffer, _cancel) > 0)
        {
            // Nobody reads it.
        }
        throw new IOException("closed");
    }

    public void Dispose() => _socket.Dispose();

    private async Task<string> ReplyAsync()
    {
        while (true)
        {
            int end = _unread.IndexOf("\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                int read = await _socket.ReceiveAsync(_buffer, _cancel);
                if (read == 0)
                    throw new IOException("the box closed the session");
                _unread += Encoding.ASCII.GetString(_buffer, 0, read);
                continue;
            }
            string line = _unread[..end];
            _unread = _unread[(end + 2)..];
            if (line.Length < 4 || line[3] != '-')
                return line;
        }
    }
}
