using System.Net;
using System.Net.Sockets;

namespace Cstp.Core.Trust.Revocation;

/// <summary>To which addresses the box connects because a certificate says so: never into the organisation's own network unasked.</summary>
internal sealed class PublicAddresses
{
    // RFC 6890 and what came after it.
    private static readonly IPNetwork[] s_special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    private readonly IPNetwork[] _allowed;

    /// <summary>Takes what is allowed besides.</summary>
    /// <param name="allowed">Networks that were validated.</param>
    public PublicAddresses(IReadOnlyList<string> allowed) => _allowed = [.. allowed.Select(network => IPNetwork.Parse(network))];

    /// <summary>Whether an address may be connected to.</summary>
    /// <param name="address">The address.</param>
    public bool Allows(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _allowed.Any(network => network.Contains(plain)) || !s_special.Any(network => network.Contains(plain));
    }

    /// <summary>Connects to a host at the first of its addresses that is allowed and answers.</summary>
    /// <param name="host">Name and port.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="IOException">None is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancel)
    {
        IPAddress[] found = await Dns.GetHostAddressesAsync(host.Host, cancel);
        IPAddress[] allowed = [.. found.Where(Allows)];
        if (allowed.Length == 0)
            throw new IOException($"{host.Host} is at {string.Join(", ", found.Take(4).Select(address => address.ToString()))}, which is no public address; list its network in [revocation] allowed_networks");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, host.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
