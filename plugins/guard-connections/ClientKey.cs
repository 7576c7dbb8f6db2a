using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Cstp.GuardConnections;

/// <summary>The leading bits of an address, by which clients and networks are told apart.</summary>
internal readonly record struct ClientKey
{
    private readonly UInt128 _bits;
    private readonly byte _prefix;
    private readonly bool _isIPv4;

    private ClientKey(UInt128 bits, byte prefix, bool isIPv4)
    {
        _bits = bits;
        _prefix = prefix;
        _isIPv4 = isIPv4;
    }

    /// <summary>Takes the key of an address.</summary>
    /// <param name="address">IPv4, or IPv6 that is no mapped IPv4.</param>
    /// <param name="ipv4Prefix">Bits that count of the one.</param>
    /// <param name="ipv6Prefix">Bits that count of the other.</param>
    public static ClientKey Of(IPAddress address, int ipv4Prefix, int ipv6Prefix)
    {
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out _);
        int prefix = isIPv4 ? ipv4Prefix : ipv6Prefix;
        UInt128 bits = BinaryPrimitives.ReadUInt128BigEndian(octets);   // An IPv4 address stands in the first four octets.
        return new(bits & ~(prefix == 128 ? UInt128.Zero : UInt128.MaxValue >> prefix), (byte)prefix, isIPv4);
    }

    /// <summary>As in the settings: <c>192.0.2.0/24</c>, or the address alone where all of it counts. The default is nobody's.</summary>
    public override string ToString()
    {
        if (_prefix == 0)
            return "all others";
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, _bits);
        var address = new IPAddress(_isIPv4 ? octets[..4] : octets);
        return _prefix == (_isIPv4 ? 32 : 128) ? address.ToString() : $"{address}/{_prefix}";
    }
}
