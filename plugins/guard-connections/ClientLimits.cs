using System.ComponentModel.DataAnnotations;

namespace Cstp.GuardConnections;

/// <summary>
/// Table <c>client</c>: what one client may do. 0 sets no limit. A rate is a token bucket: a minute's worth may come at once, then
/// it fills up evenly.
/// </summary>
public class ClientLimits
{
    /// <summary>Sessions at once.</summary>
    [Range(0, 100_000)]
    public int Sessions { get; set; } = 50;

    /// <summary>Connections a minute.</summary>
    [Range(0, 1_000_000)]
    public int ConnectionsPerMinute { get; set; } = 120;

    /// <summary>Messages a minute, counted at MAIL.</summary>
    [Range(0, 1_000_000)]
    public int MessagesPerMinute { get; set; } = 300;

    /// <summary>Recipients a minute, counted at RCPT.</summary>
    [Range(0, 1_000_000)]
    public int RecipientsPerMinute { get; set; } = 1_000;

    /// <summary>Commands a minute that are answered with 5yz, RCPT apart.</summary>
    [Range(0, 1_000_000)]
    public int ErrorsPerMinute { get; set; } = 30;

    /// <summary>A limit by what it measures.</summary>
    /// <param name="measure">A rate.</param>
    internal int PerMinute(Measure measure) => measure switch
    {
        Measure.Connections => ConnectionsPerMinute,
        Measure.Messages => MessagesPerMinute,
        Measure.Recipients => RecipientsPerMinute,
        Measure.Errors => ErrorsPerMinute,
        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "is no rate"),
    };
}

/// <summary>Table <c>network</c>: what all clients of one network may do together.</summary>
public sealed class NetworkLimits : ClientLimits
{
    /// <summary>Four times what one client may.</summary>
    public NetworkLimits()
    {
        Sessions *= 4;
        ConnectionsPerMinute *= 4;
        MessagesPerMinute *= 4;
        RecipientsPerMinute *= 4;
        ErrorsPerMinute *= 4;
    }
}
