using System.Runtime.CompilerServices;

namespace Cstp.GuardConnections;

/// <summary>What is known of a client, or of a network. Used under its ledger's lock.</summary>
/// <param name="key">Whose it is.</param>
internal sealed class TrackedClient(ClientKey key)
{
    private static readonly TimeSpan s_logEvery = TimeSpan.FromMinutes(1);

    /// <summary>How long it takes until a recipient counts half.</summary>
    private static readonly TimeSpan s_halfLife = TimeSpan.FromMinutes(5);

    private Buckets _buckets;
    private double _accepted;
    private double _refused;
    private TimeSpan _recipientsAsOf;
    private TimeSpan? _logged;

    /// <summary>Whose it is.</summary>
    public ClientKey Key { get; } = key;

    /// <summary>Sessions in progress.</summary>
    public int Sessions { get; set; }

    /// <summary>Until when it is slowed.</summary>
    public TimeSpan SuspectUntil { get; set; } = TimeSpan.MinValue;

    /// <summary>Until when its recipients are refused.</summary>
    public TimeSpan HarvesterUntil { get; set; } = TimeSpan.MinValue;

    /// <summary>Whether the server took a message from it.</summary>
    public bool HasDelivered { get; set; }

    /// <summary>Whether it may once more.</summary>
    /// <param name="measure">What.</param>
    /// <param name="limits">Its limits.</param>
    /// <param name="now">The time.</param>
    public bool May(Measure measure, ClientLimits limits, TimeSpan now) => measure == Measure.Sessions
        ? limits.Sessions == 0 || Sessions < limits.Sessions
        : _buckets[(int)measure].HasToken(limits.PerMinute(measure), now);

    /// <summary>Counts it.</summary>
    /// <param name="measure">A rate.</param>
    /// <param name="limits">Its limits.</param>
    /// <param name="now">The time.</param>
    public void Count(Measure measure, ClientLimits limits, TimeSpan now) => _buckets[(int)measure].Take(limits.PerMinute(measure), now);

    /// <summary>Counts a recipient that the server answered.</summary>
    /// <param name="isAccepted">What it said.</param>
    /// <param name="now">The time.</param>
    public void CountRecipient(bool isAccepted, TimeSpan now)
    {
        double left = Math.Pow(0.5, (now - _recipientsAsOf) / s_halfLife);
        _recipientsAsOf = now;
        _accepted = _accepted * left + (isAccepted ? 1 : 0);
        _refused = _refused * left + (isAccepted ? 0 : 1);
    }

    /// <summary>Whether its recipients are a harvest; then they are counted anew.</summary>
    /// <param name="settings">What one is.</param>
    public bool TakeHarvest(GuardSettings settings)
    {
        // Rounded up: the eleventh within a minute still finds ten before it, a little decayed.
        if (Math.Ceiling(_refused) < settings.HarvestRecipients || _refused * 100 < settings.HarvestPercent * (_refused + _accepted))
            return false;
        _accepted = _refused = 0;
        return true;
    }

    /// <summary>Whether it is limited right now, or has sessions: forgetting it would set it free.</summary>
    /// <param name="limits">Its limits.</param>
    /// <param name="now">The time.</param>
    public bool IsHeld(ClientLimits limits, TimeSpan now)
    {
        if (Sessions > 0)
            return true;
        for (Measure measure = Measure.Connections; measure <= Measure.Errors; measure++)
        {
            if (!May(measure, limits, now))
                return true;
        }
        return false;
    }

    /// <summary>Whether a sign was seen of it lately.</summary>
    /// <param name="now">The time.</param>
    public bool IsSuspect(TimeSpan now) => now < SuspectUntil || now < HarvesterUntil;

    /// <summary>Whether the log may have a line about it: one a minute.</summary>
    /// <param name="now">The time.</param>
    public bool TakeNews(TimeSpan now)
    {
        if (now - _logged < s_logEvery)
            return false;
        _logged = now;
        return true;
    }

    [InlineArray((int)Measure.Sessions)]
    private struct Buckets
    {
        private TokenBucket _first;
    }
}
