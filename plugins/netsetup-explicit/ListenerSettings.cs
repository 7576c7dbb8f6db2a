using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Cstp.NetsetupExplicit;

/// <summary>One listener and the server behind it.</summary>
public sealed class ListenerSettings : IValidatableObject
{
    /// <summary>The address that sessions come to.</summary>
    public required IPEndPoint Listen { get; set; }

    /// <summary>The server that they go on to: <c>host:port</c> or an address with port.</summary>
    public required string Upstream { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Upstream is null || Listen is null)
            yield break;   // Reported as missing already.
        if (!UpstreamServer.TryParse(Upstream, out UpstreamServer? server))
            yield return new($"'{Upstream}' is no server like \"mail.example.com:25\", \"192.0.2.1:25\" or \"[2001:db8::1]:25\"", [nameof(Upstream)]);
        else if (IPAddress.TryParse(server.Host, out IPAddress? address) && Listen.Port != 0 && Listen.Equals(new IPEndPoint(address, server.Port)))
            yield return new($"'{Upstream}' is the listener itself; name the server behind the box", [nameof(Upstream)]);
    }
}
