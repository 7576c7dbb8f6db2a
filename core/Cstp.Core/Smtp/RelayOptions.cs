using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Cstp.Core.Smtp;

/// <summary>Section <c>[relay]</c>: by which way parts of a message go that cannot go to the client's own server.</summary>
internal sealed record RelayOptions : IValidatableObject
{
    private const int MaxUser = 255;

    /// <summary>The server, <c>host:port</c>; null for none.</summary>
    public string? Server { get; init; }

    /// <summary>The name by which the box greets the relay and signs its reports; by default [box] authserv_id.</summary>
    public string? Hello { get; init; }

    /// <summary>The box's own user at the relay; null where it does not authenticate.</summary>
    public string? User { get; init; }

    /// <summary>The file with the user's password, or <c>credential:NAME</c> for one that systemd passes on (LoadCredential).</summary>
    public string? PasswordFile { get; init; }

    /// <summary>How long it is believed of a server that it takes no second connection from one source.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Remember { get; init; } = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Server is not null && !RelayServer.TryParse(Server, out _))
            yield return new($"'{Server}' is no server like \"smarthost.example.com:25\", \"192.0.2.1:25\" or \"[2001:db8::1]:25\"", [nameof(Server)]);
        if (Hello is not null && DomainSetting.Problem(Hello) is { } unfit)
            yield return new(unfit, [nameof(Hello)]);
        if (User is null != PasswordFile is null)
            yield return new("user and password belong together: give both user and password_file, or neither", [User is null ? nameof(PasswordFile) : nameof(User)]);
        if (User is not null && Server is null)
            yield return new("a user without a relay; give server too", [nameof(User)]);
        if (User is { Length: 0 or > MaxUser } || User?.Any(char.IsControl) == true)
            yield return new($"must have 1 to {MaxUser} characters, no controls among them", [nameof(User)]);
    }
}

/// <summary>A server by name or address, with its port.</summary>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">The port.</param>
internal sealed record RelayServer(string Host, int Port)
{
    /// <summary>Whether it is on this machine: nobody reads the way there.</summary>
    public bool IsLoopback => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Reads <c>host:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="server">The server, or null.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out RelayServer? server)
    {
        server = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
            return false;
        string host = DomainSetting.ToAscii(text[..colon]);
        bool isAddress = host is ['[', .. string inner, ']'] && IPAddress.TryParse(inner, out _);
        if (!isAddress && Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
            return false;
        server = new(host.Trim('[', ']'), port);
        return true;
    }

    /// <summary>As it is written in the settings.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
