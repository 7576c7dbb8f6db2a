using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using Cstp.Abstractions;

namespace Cstp.NetsetupExplicit;

/// <summary>A server by name or address, with its port.</summary>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">The port.</param>
public sealed record UpstreamServer(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="server">The server, or null.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out UpstreamServer? server)
    {
        server = null;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
            return false;
        string host = text![..colon];
        if (host is ['[', .. string inner, ']'])
        {
            if (!IPAddress.TryParse(inner, out _))
                return false;
            host = inner;
        }
        else
        {
            // U-labels are asked for in the DNS as A-labels.
            if (!Ascii.IsValid(host) && Mailbox.TryParseDomain(host, out string? domain))
                host = domain;
            if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
                return false;
        }
        server = new(host, port);
        return true;
    }

    /// <summary>As it is written in the settings.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
