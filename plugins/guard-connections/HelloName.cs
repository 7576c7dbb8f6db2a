using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;

namespace Cstp.GuardConnections;

/// <summary>How plausible it is what a client calls itself.</summary>
internal enum HelloVerdict
{
    /// <summary>It may be so.</summary>
    Plausible,

    /// <summary>It is neither a fully-qualified domain nor an address literal that others could reach.</summary>
    Invalid,

    /// <summary>It belongs to somebody else.</summary>
    Forged,
}

/// <summary>Judges the argument of EHLO and HELO by itself; nothing is looked up.</summary>
internal static class HelloName
{
    private static readonly IPNetwork[] s_private =
    [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"),   // RFC 1918 3
        IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("::1/128"),
    ];

    /// <summary>Judges it.</summary>
    /// <param name="argument">As it came.</param>
    /// <param name="client">The client's address.</param>
    /// <param name="server">The address that it connected to.</param>
    /// <param name="ownNames">Domains that no client of this side has a name in.</param>
    public static HelloVerdict Judge(string argument, IPAddress client, IPAddress? server, IReadOnlyList<string> ownNames)
    {
        ReadOnlySpan<char> name = argument.AsSpan().Trim();
        if (name.IndexOf(' ') is >= 0 and int end)
            name = name[..end];
        if (name is ['[', .. var literal, ']'])
            return TryParseLiteral(literal, out IPAddress? claimed) ? JudgeAddress(claimed, client, server) : HelloVerdict.Invalid;
        if (IPAddress.TryParse(name, out IPAddress? bare) && (bare.AddressFamily == AddressFamily.InterNetworkV6 || name.Count('.') == 3))
            return bare.Equals(server) && !bare.Equals(client) ? HelloVerdict.Forged : HelloVerdict.Invalid;
        name = name.TrimEnd('.');
        if (!Mailbox.IsDomain(name))
            return HelloVerdict.Invalid;
        foreach (string own in ownNames)
        {
            if (name.EndsWith(own, StringComparison.OrdinalIgnoreCase) && (name.Length == own.Length || name[^(own.Length + 1)] == '.'))
                return HelloVerdict.Forged;
        }
        // RFC 5321 2.3.5: fully-qualified. No top-level domain is a number.
        int dot = name.LastIndexOf('.');
        return dot < 0 || !name[(dot + 1)..].ContainsAnyExceptInRange('0', '9') ? HelloVerdict.Invalid : HelloVerdict.Plausible;
    }

    private static bool TryParseLiteral(ReadOnlySpan<char> literal, out IPAddress address)
    {
        address = IPAddress.None;
        bool isIPv6 = literal.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase);
        if (!IPAddress.TryParse(isIPv6 ? literal[5..] : literal, out IPAddress? parsed) || literal.Contains('%'))
            return false;
        if (isIPv6 != (parsed.AddressFamily == AddressFamily.InterNetworkV6) || !isIPv6 && literal.Count('.') != 3)
            return false;
        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return true;
    }

    /// <summary>A client behind address translation knows only its private address: of no use, but no lie.</summary>
    private static HelloVerdict JudgeAddress(IPAddress claimed, IPAddress client, IPAddress? server) =>
        claimed.Equals(client) ? HelloVerdict.Plausible
        : claimed.Equals(server) ? HelloVerdict.Forged
        : s_private.Any(network => network.Contains(claimed)) ? HelloVerdict.Invalid
        : HelloVerdict.Forged;
}
