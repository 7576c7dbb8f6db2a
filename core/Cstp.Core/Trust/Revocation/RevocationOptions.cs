using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Cstp.Core.Trust.Revocation;

/// <summary>What becomes of a certificate whose revocation cannot be looked up now.</summary>
internal enum UnknownRevocation
{
    /// <summary>It counts as not revoked.</summary>
    Soft,

    /// <summary>A signature is <c>temperror</c>, and mail to its owner waits (451).</summary>
    Hard,
}

/// <summary>
/// Section <c>[revocation]</c>: CRLs (RFC 5280 6.3) and OCSP (RFC 6960) for certificates that chain to an authority of the store. Without
/// imported lists, fetching, and <see cref="UnknownRevocation.Hard"/> nothing is looked at.
/// </summary>
internal sealed record RevocationOptions : IValidatableObject
{
    /// <summary>What becomes of a certificate about which nothing is to be had.</summary>
    public UnknownRevocation Unknown { get; init; } = UnknownRevocation.Soft;

    /// <summary>Whether lists and answers are fetched from where certificates say. The box then connects to web servers of authorities.</summary>
    public bool Fetch { get; init; }

    /// <summary>Networks, like <c>10.0.0.0/8</c>, to which it may connect besides public addresses.</summary>
    public IReadOnlyList<string> AllowedNetworks { get; init; } = [];

    /// <summary>How long a message waits, in all, for what is being fetched.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MailWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one fetch may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan FetchTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Octets that a list may have.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxList { get; init; } = 10 * 1024 * 1024;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => AllowedNetworks
        .Where(network => !IPNetwork.TryParse(network, out _))
        .Select(network => new ValidationResult($"'{network}' is no network like \"10.0.0.0/8\"", [nameof(AllowedNetworks)]));
}
