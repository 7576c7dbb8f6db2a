using System.Diagnostics.Metrics;

namespace Cstp.Core.Diagnostics;

/// <summary>The product's counters, under the meter <c>Cstp</c>. Safe for all threads.</summary>
internal sealed class CstpMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Cstp";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _sessions;
    private readonly UpDownCounter<long> _open;
    private readonly Counter<long> _messages;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _layers;
    private readonly Counter<long> _blind;
    private readonly Counter<long> _revocationFetches;

    /// <summary>Makes the instruments.</summary>
    public CstpMetrics()
    {
        _sessions = _meter.CreateCounter<long>("cstp.sessions", description: "SMTP sessions accepted, by side");
        _open = _meter.CreateUpDownCounter<long>("cstp.sessions.open", description: "SMTP sessions in progress");
        _messages = _meter.CreateCounter<long>("cstp.messages", description: "Messages answered, by side and by class of the reply");
        _refusals = _meter.CreateCounter<long>("cstp.refusals", description: "Replies of our own that refuse, by code and enhanced code");
        _layers = _meter.CreateCounter<long>("cstp.layers", description: "S/MIME layers made or met, by kind and result");
        _blind = _meter.CreateCounter<long>("cstp.sessions.blind", description: "Sessions that went on in TLS, unseen");
        _revocationFetches = _meter.CreateCounter<long>("cstp.revocation.fetches", description: "Revocation lists and answers of responders asked for, by kind and result");
    }

    /// <summary>A session began.</summary>
    /// <param name="side">The side.</param>
    public void SessionOpened(string side)
    {
        _sessions.Add(1, new KeyValuePair<string, object?>("side", side));
        _open.Add(1);
    }

    /// <summary>A session ended.</summary>
    public void SessionClosed() => _open.Add(-1);

    /// <summary>A message was answered.</summary>
    /// <param name="side">The side.</param>
    /// <param name="code">The reply code.</param>
    public void MessageAnswered(string side, int code) =>
        _messages.Add(1, new KeyValuePair<string, object?>("side", side), new KeyValuePair<string, object?>("class", $"{code / 100}xx"));

    /// <summary>We refused something ourselves.</summary>
    /// <param name="code">The reply code.</param>
    /// <param name="enhancedCode">The enhanced status code.</param>
    public void Refused(int code, string? enhancedCode) =>
        _refusals.Add(1, new KeyValuePair<string, object?>("code", code), new KeyValuePair<string, object?>("enhanced", enhancedCode ?? ""));

    /// <summary>A layer was made or met.</summary>
    /// <param name="kind">As in the report of <c>message open</c>.</param>
    /// <param name="result">As there, or <c>made</c>.</param>
    public void Layer(string kind, string result) =>
        _layers.Add(1, new KeyValuePair<string, object?>("kind", kind), new KeyValuePair<string, object?>("result", result));

    /// <summary>A session went on in TLS.</summary>
    public void WentBlind() => _blind.Add(1);

    /// <summary>Something about revocation was asked for.</summary>
    /// <param name="kind"><c>list</c> or <c>ocsp</c>.</param>
    /// <param name="result"><c>fetched</c> or <c>failed</c>.</param>
    public void RevocationFetched(string kind, string result) =>
        _revocationFetches.Add(1, new KeyValuePair<string, object?>("kind", kind), new KeyValuePair<string, object?>("result", result));

    /// <summary>Says who knows how long certificates in use will last.</summary>
    /// <param name="remaining">Of whom, and seconds until the first of them ends; negative once it did.</param>
    public void MeasureRemaining(Func<IEnumerable<(string Of, double Seconds)>> remaining) => _meter.CreateObservableGauge(
        "cstp.certificates.remaining",
        () => remaining().Select(one => new Measurement<double>(one.Seconds, new KeyValuePair<string, object?>("of", one.Of))),
        "s",
        "Time until the first certificate in use ends, by whose it is");

    /// <summary>Ends the meter.</summary>
    public void Dispose() => _meter.Dispose();
}
