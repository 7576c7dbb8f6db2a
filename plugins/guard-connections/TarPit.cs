namespace Cstp.GuardConnections;

/// <summary>The places for clients that are slowed. Safe for all threads.</summary>
/// <param name="places">How many there are.</param>
internal sealed class TarPit(int places)
{
    private int _taken;

    /// <summary>Places that are taken.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Takes a place.</summary>
    /// <returns>Whether there was one; it is to be left once.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _taken) <= places)
            return true;
        Interlocked.Decrement(ref _taken);
        return false;
    }

    /// <summary>Leaves a place.</summary>
    public void Leave() => Interlocked.Decrement(ref _taken);
}
