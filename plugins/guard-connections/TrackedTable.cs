namespace Cstp.GuardConnections;

/// <summary>Clients or networks by their key, up to a fixed number; the one that was not used for longest is forgotten first.</summary>
/// <param name="capacity">The number.</param>
/// <param name="limits">Their limits.</param>
internal sealed class TrackedTable(int capacity, ClientLimits limits)
{
    /// <summary>Looked at before a newcomer finds no room: the time a lock is held stays bounded.</summary>
    private const int Tries = 32;

    private readonly Dictionary<ClientKey, LinkedListNode<TrackedClient>> _byKey = [];
    private readonly LinkedList<TrackedClient> _byUse = [];   // the one not used for longest first
    private readonly TrackedClient _rest = new(default);

    /// <summary>How many there are.</summary>
    public int Count => _byKey.Count;

    /// <summary>Their limits.</summary>
    public ClientLimits Limits => limits;

    /// <summary>Finds a client, or begins to remember it.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="now">The time.</param>
    /// <returns>
    /// The client; where all that might make room are limited right now or have sessions, one that all newcomers share, and with it
    /// one client's limits: so they cannot push out those that are limited.
    /// </returns>
    public TrackedClient Get(ClientKey key, TimeSpan now)
    {
        if (_byKey.TryGetValue(key, out LinkedListNode<TrackedClient>? known))
        {
            Renew(known);
            return known.Value;
        }
        if (_byKey.Count >= capacity && !ForgetOne(now))
            return _rest;
        var fresh = new TrackedClient(key);
        _byKey.Add(key, _byUse.AddLast(fresh));
        return fresh;
    }

    /// <summary>Suspicion costs a client one command, so it holds a place only while others are to be had.</summary>
    private bool ForgetOne(TimeSpan now)
    {
        LinkedListNode<TrackedClient>? suspect = null;
        for (int i = 0; i < Tries && _byUse.First is { } oldest; i++)
        {
            bool isHeld = oldest.Value.IsHeld(limits, now);
            if (!isHeld && !oldest.Value.IsSuspect(now))
            {
                Forget(oldest);
                return true;
            }
            if (!isHeld)
                suspect ??= oldest;
            Renew(oldest);
        }
        if (suspect is null)
            return false;
        Forget(suspect);
        return true;
    }

    private void Forget(LinkedListNode<TrackedClient> client)
    {
        _byUse.Remove(client);
        _byKey.Remove(client.Value.Key);
    }

    private void Renew(LinkedListNode<TrackedClient> client)
    {
        _byUse.Remove(client);
        _byUse.AddLast(client);
    }
}
