using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;

namespace Cstp.NetsetupExplicit;

/// <summary>An ordinary listening proxy: one listener a side, each with its server. Needs no privilege and changes nothing outside.</summary>
/// <param name="settings">The settings.</param>
public sealed class ExplicitNetwork(ExplicitSettings settings) : INetworkMode
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What the listeners were bound to: port 0 is known only then.</summary>
    private readonly ConcurrentDictionary<IPEndPoint, bool> _bound = new();

    private readonly (SmtpListener Listener, UpstreamServer Server) _inside = Pair(Side.Inside, settings.Inside);
    private readonly (SmtpListener Listener, UpstreamServer Server) _outside = Pair(Side.Outside, settings.Outside);

    /// <inheritdoc/>
    public IReadOnlyList<SmtpListener> Listeners => [_inside.Listener, _outside.Listener];

    /// <inheritdoc/>
    public ValueTask UpAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DownAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<NetworkFinding>> CheckAsync(CancellationToken cancel) =>
        [await LookAsync(_inside, cancel), await LookAsync(_outside, cancel)];

    /// <inheritdoc/>
    public Socket Bind(SmtpListener listener)
    {
        var socket = new Socket(listener.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // [::] takes IPv4 too, as administrators expect of "any address".
            if (listener.EndPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(listener.EndPoint);
            _bound[(IPEndPoint)socket.LocalEndPoint!] = true;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<Socket> ConnectAsync(SmtpListener listener, IPEndPoint client, IPEndPoint destination, CancellationToken cancel) =>
        ConnectAsync(ServerOf(listener), cancel);

    private async ValueTask<Socket> ConnectAsync(UpstreamServer server, CancellationToken cancel)
    {
        IPAddress[] addresses = IPAddress.TryParse(server.Host, out IPAddress? literal) ? [literal] : await Dns.GetHostAddressesAsync(server.Host, cancel);
        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            if (IsOwnListener(new(address, server.Port)))
            {
                last = new SocketException((int)SocketError.ConnectionRefused, $"{server} is a listener of this box itself");
                continue;
            }
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, server.Port), cancel);
                // A client in the ephemeral range may meet itself (simultaneous open); nobody would answer then.
                if (!Equals(socket.LocalEndPoint, socket.RemoteEndPoint))
                    return socket;
                last = new SocketException((int)SocketError.ConnectionRefused, $"{server} does not listen");
                socket.Dispose();
            }
            catch (SocketException refused)
            {
                last = refused;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound, $"{server.Host} has no address");
    }

    /// <summary>Whether connecting there would come back to one of our listeners (RFC 5321 would call it a loop).</summary>
    private bool IsOwnListener(IPEndPoint target)
    {
        foreach (IPEndPoint own in _bound.Keys.Concat(Listeners.Select(listener => listener.EndPoint)))
        {
            if (own.Port != target.Port)
                continue;
            if (own.Address.Equals(target.Address) || IsAny(own.Address) && (IPAddress.IsLoopback(target.Address) || IsAny(target.Address) || LocalAddresses().Contains(target.Address)))
                return true;
        }
        return false;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static HashSet<IPAddress> LocalAddresses() =>
        [.. System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().SelectMany(port => port.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)];

    private async ValueTask<NetworkFinding> LookAsync((SmtpListener Listener, UpstreamServer Server) pair, CancellationToken cancel)
    {
        string subject = $"{pair.Listener.Side.ToString().ToLowerInvariant()} upstream {pair.Server}";
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(CheckTimeout);
        try
        {
            using Socket socket = await ConnectAsync(pair.Server, limited.Token);
            return new(true, subject, "answers");
        }
        catch (SocketException refused)
        {
            return new(false, subject, $"cannot be reached ({refused.Message}). Start that server, or correct upstream in [module.netsetup-explicit].");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new(false, subject, $"does not answer within {CheckTimeout.TotalSeconds:0} s. Look at routes and packet filters, or correct upstream in [module.netsetup-explicit].");
        }
    }

    private UpstreamServer ServerOf(SmtpListener listener) => listener.Side == Side.Inside ? _inside.Server : _outside.Server;

    private static (SmtpListener Listener, UpstreamServer Server) Pair(Side side, ListenerSettings settings) =>
        UpstreamServer.TryParse(settings.Upstream, out UpstreamServer? server)
            ? (new(side, settings.Listen), server)
            : throw new ArgumentException($"'{settings.Upstream}' is no server", nameof(settings));
}
