using System.Diagnostics.Metrics;

namespace Cstp.GuardConnections;

/// <summary>The counters, under the meter <c>Cstp.GuardConnections</c>. Safe for all threads.</summary>
internal sealed class GuardMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Cstp.GuardConnections";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _signs;

    /// <summary>Makes the instruments.</summary>
    /// <param name="ledger">What is remembered.</param>
    /// <param name="tarPit">Who is slowed.</param>
    public GuardMetrics(ClientLedger ledger, TarPit tarPit)
    {
        _refusals = _meter.CreateCounter<long>("cstp.guard.refusals", description: "Connections and commands refused by guard-connections, by cause");
        _signs = _meter.CreateCounter<long>("cstp.guard.signs", description: "Early signs of spam, by sign");
        _meter.CreateObservableGauge("cstp.guard.slowed", () => tarPit.Taken, description: "Clients that are slowed now");
        _meter.CreateObservableGauge(
            "cstp.guard.tracked", () => new Measurement<int>[] { new(ledger.Clients, Level("client")), new(ledger.Networks, Level("network")) }, description: "Clients and networks that are remembered");
    }

    /// <summary>Something was refused.</summary>
    /// <param name="cause">Why.</param>
    public void Refused(string cause) => _refusals.Add(1, new KeyValuePair<string, object?>("cause", cause));

    /// <summary>A sign was seen.</summary>
    /// <param name="sign">Which.</param>
    public void Saw(string sign) => _signs.Add(1, new KeyValuePair<string, object?>("sign", sign));

    /// <summary>Ends the meter.</summary>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Level(string level) => new("level", level);
}
