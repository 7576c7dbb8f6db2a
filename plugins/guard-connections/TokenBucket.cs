namespace Cstp.GuardConnections;

/// <summary>
/// A rate with bursts: holds at most a minute's worth and fills up evenly. The default is full.
/// </summary>
/// <remarks>
/// Sixteen octets without a timer, on any clock; System.Threading.RateLimiting takes an object with a queue each, keeps time by
/// the system's clock alone, and its partitions have no greatest number.
/// </remarks>
internal struct TokenBucket
{
    private double _missing;
    private TimeSpan _asOf;

    /// <summary>Whether a token is there.</summary>
    /// <param name="perMinute">The rate; 0 for no limit.</param>
    /// <param name="now">The time since any fixed point; never goes back.</param>
    public bool HasToken(int perMinute, TimeSpan now)
    {
        if (perMinute == 0)
            return true;
        _missing = Math.Max(0, _missing - (now - _asOf).TotalMinutes * perMinute);
        _asOf = now;
        // What a division left over must not cost a client its whole token.
        return _missing <= perMinute - 1 + 1e-6;
    }

    /// <summary>Takes a token; from an empty bucket none.</summary>
    /// <param name="perMinute">The rate; 0 for no limit.</param>
    /// <param name="now">The time.</param>
    public void Take(int perMinute, TimeSpan now)
    {
        if (perMinute > 0 && HasToken(perMinute, now))
            _missing++;
    }
}
