using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Trust;

/// <summary>Tells once a day of certificates that are in use and about to end, and of those that did.</summary>
internal sealed class ExpiryWatch : IAsyncDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromDays(1);

    private readonly Func<TrustSnapshot> _trust;
    private readonly TimeSpan _warning;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Rounds _watching;

    /// <summary>Starts it.</summary>
    /// <param name="trust">The store as it stands.</param>
    /// <param name="options">Section <c>[trust]</c>.</param>
    /// <param name="metrics">Gets a gauge of the time that is left.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public ExpiryWatch(Func<TrustSnapshot> trust, TrustOptions options, CstpMetrics metrics, TimeProvider time, ILogger logger)
    {
        _trust = trust;
        _warning = options.ExpiryWarning;
        _time = time;
        _logger = logger;
        metrics.MeasureRemaining(Remaining);
        _watching = new Rounds(Round, time, Tell, failed => TrustLog.WatchFailed(logger, failed));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _watching.DisposeAsync();

    /// <summary>Seconds until the last certificate in use ends, of the gateway and of the partner whose ends first.</summary>
    private IEnumerable<(string Of, double Seconds)> Remaining()
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (IGrouping<string, Used> group in InUse(_trust()).GroupBy(used => used.Of))
            yield return (group.Key, (group.Min(used => used.Last.NotAfter) - now).TotalSeconds);
    }

    private void Tell()
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (Used used in InUse(_trust()))
        {
            string fingerprint = used.Last.Certificate.Fingerprint[..16];
            if (used.Last.NotAfter < now)
                TrustLog.Ended(_logger, used.Of, LogText.Escape(used.Name), fingerprint, used.Last.NotAfter, used.Mend);
            else if (used.Last.NotAfter < now + _warning)
                TrustLog.Ending(_logger, used.Of, LogText.Escape(used.Name), fingerprint, used.Last.NotAfter, used.Mend);
        }
    }

    /// <summary>Of everybody the certificate that lasts longest: an older one beside a newer one troubles nobody.</summary>
    private static IEnumerable<Used> InUse(TrustSnapshot trust)
    {
        foreach (IGrouping<string, OwnKey> keys in trust.Keys.Where(key => key.Signs).GroupBy(key => key.Owner?.ToString() ?? "the gateway"))
        {
            string mend = keys.First().Owner is null ? "Make a new one with 'cstp keys new --gateway' and give it to your partners." : "Import a new one with 'cstp keys import'.";
            yield return new(keys.First().Owner is null ? "gateway" : "user", keys.Key, Last(trust, keys.Select(key => key.Identity.Certificate)), mend);
        }
        foreach (IGrouping<string, StoredCertificate> entries in trust.Certificates
            .Where(stored => stored.State == TrustState.Trusted && stored.Role != CertificateRole.Authority)
            .GroupBy(stored => stored.Subject, StringComparer.OrdinalIgnoreCase))
        {
            yield return new("partner", entries.Key, Last(trust, entries.Select(stored => stored.Certificate)), "Ask for the new one and import it; without one, mail there is not encrypted.");
        }
        foreach (CertificateFacts authority in trust.Authorities)
            yield return new("authority", authority.SubjectText ?? "", authority, "Ask it for its new certificate and import it with --ca.");
    }

    private static CertificateFacts Last(TrustSnapshot trust, IEnumerable<EncodedCertificate> certificates) => certificates.Select(trust.FactsOf).MaxBy(facts => facts.NotAfter)!;

    /// <summary>A certificate in use.</summary>
    /// <param name="Of">Of whom: gateway, user, partner or authority.</param>
    /// <param name="Name">Who that is.</param>
    /// <param name="Last">The certificate that lasts longest.</param>
    /// <param name="Mend">What to do.</param>
    private sealed record Used(string Of, string Name, CertificateFacts Last, string Mend);
}
