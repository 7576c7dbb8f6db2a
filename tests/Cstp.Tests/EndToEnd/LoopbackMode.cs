using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;

namespace Cstp.Tests.EndToEnd;

/// <summary>A network mode of the tests: listeners on loopback, one upstream for each side.</summary>
internal sealed class LoopbackMode(int insideUpstream, int outsideUpstream) : INetworkMode
{
    public IReadOnlyList<SmtpListener> Listeners { get; } =
    [
        new SmtpListener(Side.Inside, new IPEndPoint(IPAddress.Loopback, 0)),
        new SmtpListener(Side.Outside, new IPEndPoint(IPAddress.Loopback, 0)),
    ];

    public int InsideUpstream { get; set; } = insideUpstream;

    public int OutsideUpstream { get; set; } = outsideUpstream;

    public int Connections => _connections;

    private int _connections;

    public ValueTask UpAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public ValueTask DownAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyList<NetworkFinding>> CheckAsync(CancellationToken cancel) => ValueTask.FromResult<IReadOnlyList<NetworkFinding>>([]);

    public Socket Bind(SmtpListener listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(listener.EndPoint);
        return socket;
    }

    public async ValueTask<Socket> ConnectAsync(SmtpListener listener, IPEndPoint client, IPEndPoint destination, CancellationToken cancel)
    {
        Interlocked.Increment(ref _connections);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, listener.Side == Side.Inside ? InsideUpstream : OutsideUpstream, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
