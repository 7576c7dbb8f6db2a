using System.Net;

namespace Cstp.GuardConnections;

/// <summary>The accounts of all clients and networks. Safe for all threads; each call takes a lock for less than a microsecond or two.</summary>
/// <param name="settings">The limits.</param>
/// <param name="time">The clock.</param>
internal sealed class ClientLedger(GuardSettings settings, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _origin = time.GetTimestamp();
    private readonly TrackedTable _clients = new(settings.MaxTracked, settings.Client);
    private readonly TrackedTable _networks = new(settings.MaxTracked, settings.Network);

    /// <summary>Clients that are remembered.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
                return _clients.Count;
        }
    }

    /// <summary>Networks that are remembered.</summary>
    public int Networks
    {
        get
        {
            lock (_lock)
                return _networks.Count;
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>Counts a connection and opens a session.</summary>
    /// <param name="address">The client; no mapped IPv4.</param>
    /// <param name="breach">The limit that forbids it, or null.</param>
    /// <returns>The client's account; to be closed once. Null where a limit forbids it.</returns>
    public ClientAccount? Open(IPAddress address, out Breach? breach)
    {
        ClientKey client = ClientKey.Of(address, settings.Ipv4ClientPrefix, settings.Ipv6ClientPrefix);
        ClientKey network = ClientKey.Of(address, settings.Ipv4NetworkPrefix, settings.Ipv6NetworkPrefix);
        lock (_lock)
        {
            TimeSpan now = Now;
            var account = new ClientAccount(_clients.Get(client, now), _networks.Get(network, now));
            breach = FindBreach(account, Measure.Sessions, now) ?? FindBreach(account, Measure.Errors, now) ?? TryCount(account, Measure.Connections, now);
            if (breach is not null)
                return null;
            account.Client.Sessions++;
            account.Network.Sessions++;
            return account;
        }
    }

    /// <summary>A session is over.</summary>
    /// <param name="account">The client.</param>
    public void Close(ClientAccount account)
    {
        lock (_lock)
        {
            account.Client.Sessions--;
            account.Network.Sessions--;
        }
    }

    /// <summary>Counts a message or a recipient, where no limit forbids it.</summary>
    /// <param name="account">The client.</param>
    /// <param name="measure">What it does.</param>
    /// <returns>The limit that forbids it; then nothing is counted.</returns>
    public Breach? TryCount(ClientAccount account, Measure measure)
    {
        lock (_lock)
            return TryCount(account, measure, Now);
    }

    /// <summary>Whether there were too many errors.</summary>
    /// <param name="account">The client.</param>
    /// <returns>The limit, or null.</returns>
    public Breach? TooManyErrors(ClientAccount account)
    {
        lock (_lock)
            return FindBreach(account, Measure.Errors, Now);
    }

    /// <summary>Counts an error.</summary>
    /// <param name="account">The client.</param>
    public void CountError(ClientAccount account)
    {
        lock (_lock)
            Count(account, Measure.Errors, Now);
    }

    /// <summary>Counts what the server said to a recipient.</summary>
    /// <param name="account">The client.</param>
    /// <param name="isAccepted">What it said.</param>
    /// <returns>Whether the client tries out recipients; told once, then they are counted anew.</returns>
    public bool CountRecipient(ClientAccount account, bool isAccepted)
    {
        lock (_lock)
        {
            account.Client.CountRecipient(isAccepted, Now);
            return account.Client.TakeHarvest(settings);
        }
    }

    /// <summary>The server took a message.</summary>
    /// <param name="account">The client.</param>
    public void Deliver(ClientAccount account)
    {
        lock (_lock)
            account.Client.HasDelivered = true;
    }

    /// <summary>Whether the server ever took a message of this client, as far as is remembered.</summary>
    /// <param name="account">The client.</param>
    public bool HasDelivered(ClientAccount account)
    {
        lock (_lock)
            return account.Client.HasDelivered;
    }

    /// <summary>Slows the client from now on.</summary>
    /// <param name="account">The client.</param>
    public void Suspect(ClientAccount account)
    {
        lock (_lock)
            account.Client.SuspectUntil = Now + settings.SuspectFor;
    }

    /// <summary>Whether the client is slowed.</summary>
    /// <param name="account">The client.</param>
    public bool IsSuspect(ClientAccount account)
    {
        lock (_lock)
            return Now < account.Client.SuspectUntil;
    }

    /// <summary>Refuses the client's recipients from now on.</summary>
    /// <param name="account">The client.</param>
    public void RefuseRecipients(ClientAccount account)
    {
        lock (_lock)
            account.Client.HarvesterUntil = Now + settings.SuspectFor;
    }

    /// <summary>Whether the client's recipients are refused.</summary>
    /// <param name="account">The client.</param>
    public bool RefusesRecipients(ClientAccount account)
    {
        lock (_lock)
            return Now < account.Client.HarvesterUntil;
    }

    /// <summary>Whether the log may have a line about a client: one a minute.</summary>
    /// <param name="account">The client.</param>
    public bool TakeNews(ClientAccount account)
    {
        lock (_lock)
            return account.Client.TakeNews(Now);
    }

    private Breach? TryCount(ClientAccount account, Measure measure, TimeSpan now)
    {
        if (FindBreach(account, measure, now) is { } breach)
            return breach;
        Count(account, measure, now);
        return null;
    }

    private void Count(ClientAccount account, Measure measure, TimeSpan now)
    {
        account.Client.Count(measure, _clients.Limits, now);
        account.Network.Count(measure, _networks.Limits, now);
    }

    private Breach? FindBreach(ClientAccount account, Measure measure, TimeSpan now) =>
        FindBreach(account.Client, _clients.Limits, measure, now) ?? FindBreach(account.Network, _networks.Limits, measure, now);

    private static Breach? FindBreach(TrackedClient client, ClientLimits limits, Measure measure, TimeSpan now) => client.May(measure, limits, now)
        ? null
        : new(measure, client.Key, measure == Measure.Sessions ? limits.Sessions : limits.PerMinute(measure), client.TakeNews(now));
}

/// <summary>A client with the network that it belongs to.</summary>
/// <param name="Client">The client.</param>
/// <param name="Network">Its network.</param>
internal sealed record ClientAccount(TrackedClient Client, TrackedClient Network);
