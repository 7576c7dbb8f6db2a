using System.Net;
using System.Net.Sockets;

namespace Cstp.NetsetupLinux.Sockets;

/// <summary>Sockets that speak with the addresses of others (IP_TRANSPARENT, ip(7)), marked as the box's own.</summary>
internal static class TransparentSocket
{
    private const int SolSocket = 1, SolIp = 0, SolIpv6 = 41;
    private const int SoMark = 36;
    private const int IpTransparent = 19, IpBindAddressNoPort = 24, Ipv6Transparent = 75;

    /// <summary>A bound, not yet listening socket that takes what a tproxy rule leads to it.</summary>
    /// <param name="endPoint">Any address, and the port.</param>
    /// <param name="mark">The mark of all that it and its accepted sockets send.</param>
    /// <exception cref="SocketException">The port is taken, or the capability is missing.</exception>
    public static Socket Listener(IPEndPoint endPoint, uint mark) => Make(endPoint.AddressFamily, mark, socket => socket.Bind(endPoint));

    /// <summary>Connects to a server as if the client did.</summary>
    /// <param name="client">The client's address; the port is another.</param>
    /// <param name="server">The server.</param>
    /// <param name="mark">The mark of all that it sends.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    public static async ValueTask<Socket> ConnectAsync(IPAddress client, IPEndPoint server, uint mark, CancellationToken cancel)
    {
        Socket socket = Make(client.AddressFamily, mark, socket =>
        {
            // The port is chosen when the server is known: thousands of sessions of one client do not share one range.
            socket.SetRawSocketOption(SolIp, IpBindAddressNoPort, One);
            socket.Bind(new IPEndPoint(client, 0));
        });
        try
        {
            await socket.ConnectAsync(server, cancel);
            if (Equals(socket.LocalEndPoint, socket.RemoteEndPoint))
                throw new SocketException((int)SocketError.ConnectionRefused, $"{server} would be the client itself");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static ReadOnlySpan<byte> One => [1, 0, 0, 0];

    private static Socket Make(AddressFamily family, uint mark, Action<Socket> bind)
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (family == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
                socket.SetRawSocketOption(SolIpv6, Ipv6Transparent, One);
            }
            else
            {
                socket.SetRawSocketOption(SolIp, IpTransparent, One);
            }
            socket.SetRawSocketOption(SolSocket, SoMark, BitConverter.GetBytes(mark));
            bind(socket);
            return socket;
        }
        catch (SocketException denied) when (denied.NativeErrorCode == 1)   // EPERM
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.AccessDenied, "transparent sockets need the capability CAP_NET_ADMIN; run as root, or give it to the service (AmbientCapabilities=CAP_NET_ADMIN)");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
