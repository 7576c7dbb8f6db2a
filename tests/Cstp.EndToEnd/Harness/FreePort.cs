using System.Net;
using System.Net.Sockets;

namespace Cstp.EndToEnd.Harness;

/// <summary>A port for programs that cannot be told to choose one themselves.</summary>
internal static class FreePort
{
    /// <summary>One that nobody listens on now.</summary>
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
