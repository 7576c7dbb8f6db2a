using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;

namespace Cstp.GuardConnections;

/// <summary>What a client on the deny list gets.</summary>
public enum DeniedAnswer
{
    /// <summary>554 instead of a greeting.</summary>
    Refuse,

    /// <summary>The connection is closed without a word.</summary>
    Drop,
}

/// <summary>What a sign of spam leads to.</summary>
public enum SignAction
{
    /// <summary>Nobody looks for it.</summary>
    Off,

    /// <summary>A line in the log.</summary>
    Log,

    /// <summary>The client is slowed for <see cref="GuardSettings.SuspectFor"/>.</summary>
    Slow,

    /// <summary>The command is refused.</summary>
    Refuse,
}

/// <summary>Section <c>[module.guard-connections]</c>.</summary>
public sealed class GuardSettings : IValidatableObject
{
    /// <summary>The sides whose clients are guarded.</summary>
    public List<Side> Guard { get; set; } = [Side.Outside];

    /// <summary>Networks and addresses that are never limited, slowed or refused here; goes before <see cref="Deny"/>.</summary>
    public List<string> Allow { get; set; } = [];

    /// <summary>Networks and addresses that are turned away.</summary>
    public List<string> Deny { get; set; } = [];

    /// <summary>How those are turned away.</summary>
    public DeniedAnswer Denied { get; set; } = DeniedAnswer.Refuse;

    /// <summary>Leading bits of an IPv4 address that make one client.</summary>
    [Range(1, 32)]
    public int Ipv4ClientPrefix { get; set; } = 32;

    /// <summary>Leading bits of an IPv4 address that make one network.</summary>
    [Range(1, 32)]
    public int Ipv4NetworkPrefix { get; set; } = 24;

    /// <summary>Leading bits of an IPv6 address that make one client: a host may take any address of its /64 (RFC 8981).</summary>
    [Range(1, 128)]
    public int Ipv6ClientPrefix { get; set; } = 64;

    /// <summary>Leading bits of an IPv6 address that make one network: what a site usually gets (RFC 6177).</summary>
    [Range(1, 128)]
    public int Ipv6NetworkPrefix { get; set; } = 48;

    /// <summary>Clients, and as many networks, that are remembered at once; about 0.5 KiB each.</summary>
    [Range(100, 10_000_000)]
    public int MaxTracked { get; set; } = 20_000;

    /// <summary>Limits of one client.</summary>
    public ClientLimits Client { get; set; } = new();

    /// <summary>Limits of all clients of one network.</summary>
    public NetworkLimits Network { get; set; } = new();

    /// <summary>How long a client that has not delivered yet waits for its greeting; 0 for none.</summary>
    public TimeSpan GreetDelay { get; set; } = TimeSpan.Zero;

    /// <summary>The client speaks before it is greeted (RFC 5321 3.1).</summary>
    public SignAction EarlyTalker { get; set; } = SignAction.Slow;

    /// <summary>The client greets with a name or address of this side's servers, or with an address literal that is not its own.</summary>
    public SignAction HelloForged { get; set; } = SignAction.Slow;

    /// <summary>The client greets with what is no fully-qualified domain (RFC 5321 2.3.5) or address literal (4.1.3) of a public address.</summary>
    public SignAction HelloInvalid { get; set; } = SignAction.Log;

    /// <summary>Domains of this side: a client that greets with one, or with a name below it, pretends to be us.</summary>
    public List<string> OwnNames { get; set; } = [];

    /// <summary>The client tries out recipients.</summary>
    public SignAction Harvest { get; set; } = SignAction.Slow;

    /// <summary>Recipients that the server refused for good, of a client within about ten minutes, that may be a harvest.</summary>
    [Range(1, 1_000_000)]
    public int HarvestRecipients { get; set; } = 10;

    /// <summary>They are one where they are at least so many of a hundred.</summary>
    [Range(1, 100)]
    public int HarvestPercent { get; set; } = 50;

    /// <summary>How long a client is suspected after a sign.</summary>
    public TimeSpan SuspectFor { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a suspected client waits, for its greeting and for the answer to EHLO, MAIL, RCPT and DATA.</summary>
    public TimeSpan SlowDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Clients that are slowed at once; one more is answered 421.</summary>
    [Range(0, 100_000)]
    public int MaxSlowed { get; set; } = 5_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Guard.Count == 0)
            yield return new("names no side; take the module out of [modules] interceptors instead", [nameof(Guard)]);
        foreach ((string name, List<string> networks) in new[] { (nameof(Allow), Allow), (nameof(Deny), Deny) })
        {
            foreach (string network in networks.Where(network => !TryParseNetwork(network, out _)))
                yield return new($"'{network}' is no network like \"192.0.2.0/24\" or \"2001:db8::/32\" and no address", [name]);
        }
        if (Ipv4NetworkPrefix > Ipv4ClientPrefix)
            yield return new($"must not be longer than ipv4_client_prefix, {Ipv4ClientPrefix}", [nameof(Ipv4NetworkPrefix)]);
        if (Ipv6NetworkPrefix > Ipv6ClientPrefix)
            yield return new($"must not be longer than ipv6_client_prefix, {Ipv6ClientPrefix}", [nameof(Ipv6NetworkPrefix)]);
        foreach (string name in OwnNames.Where(name => !Mailbox.TryParseDomain(name, out _)))
            yield return new($"'{name}' is no domain like \"example.com\"", [nameof(OwnNames)]);
        if (GreetDelay > TimeSpan.FromMinutes(1))
            yield return new("must be at most 1m; clients give up", [nameof(GreetDelay)]);
        if (SlowDelay <= TimeSpan.Zero || SlowDelay > TimeSpan.FromMinutes(1))
            yield return new("must be more than 0s and at most 1m", [nameof(SlowDelay)]);
        if (SuspectFor <= TimeSpan.Zero || SuspectFor > TimeSpan.FromDays(7))
            yield return new("must be more than 0s and at most 7d", [nameof(SuspectFor)]);
    }

    /// <summary>Reads a network, or an address as the network of it alone.</summary>
    /// <param name="text">The text.</param>
    /// <param name="network">The network.</param>
    internal static bool TryParseNetwork([NotNullWhen(true)] string? text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
            return true;
        if (!IPAddress.TryParse(text, out IPAddress? address))
            return false;
        network = new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        return true;
    }
}
