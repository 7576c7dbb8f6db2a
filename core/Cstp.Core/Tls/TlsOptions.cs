using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Cstp.Core.Tls;

/// <summary>What TLS is to one end of a session.</summary>
internal enum TlsPolicy
{
    /// <summary>Not used.</summary>
    None,

    /// <summary>Used wherever the peer can; any certificate will do.</summary>
    Opportunistic,

    /// <summary>No mail without it, and not without the verification that is asked for.</summary>
    Required,
}

/// <summary>How the certificate of a server is verified.</summary>
internal enum TlsVerification
{
    /// <summary>Not at all: against listeners on the wire, not against those who stand in it.</summary>
    None,

    /// <summary>By a path to a trust anchor, and by the name that the configuration gives the server (RFC 5280, RFC 9525).</summary>
    Pkix,

    /// <summary>By the public key that the configuration gives the server.</summary>
    Pin,

    /// <summary>By TLSA records that DNSSEC secures (RFC 7672).</summary>
    Dane,
}

/// <summary>Section <c>[tls]</c>: in force with <c>[smtp] starttls = "terminate"</c>.</summary>
internal sealed record TlsOptions : IValidatableObject
{
    /// <summary>Towards clients.</summary>
    public TlsPolicy Client { get; init; } = TlsPolicy.Opportunistic;

    /// <summary>Towards servers; a destination may differ.</summary>
    public TlsPolicy Server { get; init; } = TlsPolicy.Opportunistic;

    /// <summary>How servers are verified; a destination may differ.</summary>
    public TlsVerification Verify { get; init; } = TlsVerification.None;

    /// <summary>The certificate for clients, PEM, with the certificates between it and its authority; without it the box's authority issues one for each server.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Its private key, PEM.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The file with the passphrase of the key, where that is encrypted.</summary>
    public string? KeyPassphraseFile { get; init; }

    /// <summary>The certificate of the box's authority; by default <c>tls-authority.pem</c> beside the store, made by <c>cstp tls authority</c>.</summary>
    public string? AuthorityCertificateFile { get; init; }

    /// <summary>Its private key; by default <c>tls-authority.key</c> beside the store.</summary>
    public string? AuthorityKeyFile { get; init; }

    /// <summary>Trust anchors for pkix, PEM; by default the system's.</summary>
    public string? AnchorsFile { get; init; }

    /// <summary>The validating resolver for dane; its AD bit is believed, so that the way to it must be trusted.</summary>
    public IPEndPoint? Resolver { get; init; }

    /// <summary>Whether clients are offered TLS even where the server has none.</summary>
    public bool OfferWithoutServer { get; init; }

    /// <summary>Whether AUTH is relayed only where both ends of the session are in TLS.</summary>
    public bool AuthRequiresTls { get; init; }

    /// <summary>How long a handshake may take, at either end.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Servers that are known better.</summary>
    public IReadOnlyList<TlsDestination> Destinations { get; init; } = [];

    /// <summary>Whether servers are verified by DANE, so that the resolver is asked.</summary>
    public bool AsksForTlsa => Verify == TlsVerification.Dane || Destinations.Any(destination => destination.Verify == TlsVerification.Dane);

    /// <summary>What holds for a server.</summary>
    /// <param name="server">Its address.</param>
    public TlsRule RuleFor(IPAddress server)
    {
        TlsDestination? known = DestinationFor(server);
        return new TlsRule(known?.Server ?? Server, known?.Verify ?? Verify, known?.Name is { } name ? DomainSetting.ToAscii(name) : null, known?.Pins ?? []);
    }

    /// <summary>
    /// What holds for a server that gets a password of ours: always TLS, always verified. By what its destination says; where there is none, by the name
    /// under which we know it. The section's own verification is that of mail exchangers, whose names we do not know.
    /// </summary>
    /// <param name="server">Its address.</param>
    /// <param name="host">Its host name or address in the settings.</param>
    public TlsRule RuleForPassword(IPAddress server, string host) => ForPassword(DestinationFor(server), host);

    /// <summary>Whether a server that gets a password can be verified at all, as far as the settings tell.</summary>
    /// <param name="host">Its host name or address in the settings.</param>
    public bool CanVerifyForPassword(string host)
    {
        // The addresses of a name are known once it is connected to: any destination may be the one.
        IEnumerable<TlsRule> rules = IPAddress.TryParse(host, out IPAddress? address)
            ? [RuleForPassword(address, host)]
            : [ForPassword(null, host), .. Destinations.Select(known => ForPassword(known, host))];
        return rules.Any(rule => rule.Verify == TlsVerification.Pin ? rule.Pins.Count > 0 : rule.Name is not null);
    }

    private static TlsRule ForPassword(TlsDestination? known, string host) => new(
        TlsPolicy.Required,
        known?.Verify is { } verify and not TlsVerification.None ? verify : known?.Pins.Count > 0 ? TlsVerification.Pin : TlsVerification.Pkix,
        known?.Name is { } name ? DomainSetting.ToAscii(name) : HostName.IsValid(host) ? host : null,
        known?.Pins ?? []);

    private TlsDestination? DestinationFor(IPAddress server)
    {
        IPAddress address = server.IsIPv4MappedToIPv6 ? server.MapToIPv4() : server;
        return Destinations.FirstOrDefault(destination => destination.Network?.Contains(address) == true);
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CertificateFile is null != KeyFile is null)
            yield return new("certificate and key belong together: give both certificate_file and key_file, or neither", [CertificateFile is null ? nameof(KeyFile) : nameof(CertificateFile)]);   // the one that stands in the file
        if (AuthorityCertificateFile is null != AuthorityKeyFile is null)
        {
            yield return new(
                "certificate and key of the authority belong together: give both authority_certificate_file and authority_key_file, or neither",
                [AuthorityCertificateFile is null ? nameof(AuthorityKeyFile) : nameof(AuthorityCertificateFile)]);
        }
        if (KeyPassphraseFile is not null && KeyFile is null)
            yield return new("a passphrase without a key; give key_file too", [nameof(KeyPassphraseFile)]);
        if (Resolver is null && AsksForTlsa)
            yield return new("verify = \"dane\" needs a validating resolver; run one on this machine and give resolver = \"127.0.0.1:53\"", [nameof(Resolver)]);
        foreach (TlsDestination destination in Destinations)
        {
            foreach (string problem in destination.Problems(Server, Verify))
                yield return new(problem, [nameof(Destinations)]);
        }
    }
}

/// <summary>A server that is known better, or a network of them.</summary>
internal sealed record TlsDestination
{
    /// <summary>An IP address, or a network like <c>192.0.2.0/24</c>. The first destination that fits counts.</summary>
    public required string Address { get; init; }

    /// <summary>The host name that pkix verifies and whose TLSA records dane takes; clients' servers are known by address alone.</summary>
    public string? Name { get; init; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, hexadecimal or Base64; any of them will do.</summary>
    public IReadOnlyList<string> Pins { get; init; } = [];

    /// <summary>Instead of the section's.</summary>
    public TlsPolicy? Server { get; init; }

    /// <summary>Instead of the section's.</summary>
    public TlsVerification? Verify { get; init; }

    /// <summary>The address as a network; null where it is none.</summary>
    internal IPNetwork? Network =>
        IPNetwork.TryParse(Address, out IPNetwork network) ? network
        : IPAddress.TryParse(Address, out IPAddress? host) ? new IPNetwork(host, host.GetAddressBytes().Length * 8)
        : null;

    /// <summary>What is wrong with it.</summary>
    /// <param name="server">The section's policy.</param>
    /// <param name="verify">The section's verification.</param>
    internal IEnumerable<string> Problems(TlsPolicy server, TlsVerification verify)
    {
        if (Network is null)
            yield return $"'{Address}' is neither an IP address nor a network; write one like \"192.0.2.25\" or \"192.0.2.0/24\"";
        if (Name is not null && !HostName.IsValid(DomainSetting.ToAscii(Name)))
            yield return $"{Address}: '{Name}' is no host name; write the one in the server's certificate, like \"mx.example.com\"";
        foreach (string pin in Pins.Where(pin => TlsPin.Parse(pin) is null))
            yield return $"{Address}: '{pin}' is no SHA-256 value; write 64 hexadecimal digits, or Base64 of the 32 octets";
        if ((Server ?? server) != TlsPolicy.Required)
            yield break;
        if ((Verify ?? verify) == TlsVerification.Pkix && Name is null)
            yield return $"{Address}: pkix verifies a name, and this destination has none; give name";
        if ((Verify ?? verify) == TlsVerification.Pin && Pins.Count == 0)
            yield return $"{Address}: verify is \"pin\", and this destination has none; give pins";
    }
}

/// <summary>What holds for one server.</summary>
/// <param name="Policy">What TLS is to it.</param>
/// <param name="Verify">How it is verified.</param>
/// <param name="Name">Its name, where the configuration gives one.</param>
/// <param name="Pins">Its pins.</param>
internal sealed record TlsRule(TlsPolicy Policy, TlsVerification Verify, string? Name, IReadOnlyList<string> Pins);
