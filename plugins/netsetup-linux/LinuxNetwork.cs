using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.NetsetupLinux.Checks;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Sockets;
using Cstp.NetsetupLinux.Wiring;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.NetsetupLinux;

/// <summary>The box on the wire: SMTP is taken off a bridge or off a router's way, everything else passes.</summary>
/// <param name="settings">The settings.</param>
/// <param name="logger">Told where the network cannot be kept as it shall be; null for nobody.</param>
public sealed class LinuxNetwork(LinuxSettings settings, ILogger<LinuxNetwork>? logger = null) : INetworkMode, IDisposable
{
    private readonly IReadOnlyList<WireLink> _links = WireLinks.Of(settings);
    private readonly Arrangement _arrangement = new(settings);
    private ProcessLife? _life;
    private WayOutKeeper? _keeper;

    /// <inheritdoc/>
    public IReadOnlyList<SmtpListener> Listeners { get; } = [.. WireLinks.Of(settings).SelectMany(ListenersOf)];

    /// <inheritdoc/>
    public string? WhyIsolated => settings is { Mode: NetworkKind.Transparent, Management: null }
        ? "in mode \"transparent\" the box itself reaches nobody; name the interface of its own that it has besides, management = \"eth2\" in [module.netsetup-linux]"
        : null;

    /// <inheritdoc/>
    public async ValueTask<string> PlanAsync(CancellationToken cancel) => await _arrangement.ScriptAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask UpAsync(CancellationToken cancel) => await _arrangement.UpAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask DownAsync(CancellationToken cancel) => await _arrangement.DownAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask<NetworkStatus> StatusAsync(CancellationToken cancel) => await new StatusReport(settings, _arrangement).ReadAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<NetworkFinding>> CheckAsync(CancellationToken cancel) => await new NetworkCheck(settings, _arrangement).LookAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask ListeningAsync(CancellationToken cancel)
    {
        if (settings.Mode != NetworkKind.Routed)
            _keeper ??= new WayOutKeeper(_arrangement.RestoreWayOutAsync, logger ?? NullLogger<LinuxNetwork>.Instance);
        _life ??= ProcessLife.Begin(await _arrangement.WireAsync(cancel));
    }

    /// <inheritdoc/>
    public ValueTask DrainingAsync()
    {
        _life?.Drain();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public Socket Bind(SmtpListener listener) => TransparentSocket.Listener(listener.EndPoint, MarkOf(listener));

    /// <inheritdoc/>
    public ValueTask<Socket> ConnectAsync(SmtpListener listener, IPEndPoint client, IPEndPoint destination, CancellationToken cancel) =>
        settings.Ports.Contains(destination.Port)
            ? TransparentSocket.ConnectAsync(client.Address, destination, MarkOf(listener), cancel)
            // Somebody spoke to the listener itself: the box would connect to itself.
            : throw new SocketException((int)SocketError.ConnectionRefused, $"{destination} is no SMTP server but a listener of the box");

    /// <inheritdoc/>
    public void Dispose()
    {
        _keeper?.Dispose();
        _life?.Dispose();
    }

    private uint MarkOf(SmtpListener listener) =>
        Marks.Of(_links.First(link => link.InsideListener == listener.EndPoint.Port || link.OutsideListener == listener.EndPoint.Port).Vlan, MarkRole.Sent);

    private static IEnumerable<SmtpListener> ListenersOf(WireLink link)
    {
        foreach ((Side side, int port) in new[] { (Side.Inside, link.InsideListener), (Side.Outside, link.OutsideListener) })
        {
            yield return new(side, new(IPAddress.Any, port));
            if (Socket.OSSupportsIPv6)
                yield return new(side, new(IPAddress.IPv6Any, port));
        }
    }
}
