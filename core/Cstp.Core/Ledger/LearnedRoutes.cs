using System.Collections.Immutable;
using Cstp.Core.Store;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Ledger;

/// <summary>A server that takes no second connection from one source.</summary>
/// <param name="Destination">The server, an address with its port.</param>
/// <param name="Reason">What it said.</param>
/// <param name="Learned">When.</param>
/// <param name="Expires">When it is tried anew.</param>
internal sealed record LearnedRoute(string Destination, string Reason, DateTimeOffset Learned, DateTimeOffset Expires);

/// <summary>What was learned about servers: which of them take no second connection, so that a part of a message goes through the relay at once.</summary>
/// <remarks>Safe for all threads; asking is a look into memory.</remarks>
internal sealed class LearnedRoutes
{
    private readonly SqliteFile _file;
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _writing = new();
    private volatile ImmutableDictionary<string, LearnedRoute> _known = ImmutableDictionary<string, LearnedRoute>.Empty;

    /// <summary>Reads what is known.</summary>
    /// <param name="file">The database, of this build's schema.</param>
    /// <param name="lifetime">How long it is believed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public LearnedRoutes(SqliteFile file, TimeSpan lifetime, TimeProvider time, ILogger logger)
    {
        _file = file;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
        Reload();
    }

    /// <summary>All that is believed now.</summary>
    public IEnumerable<LearnedRoute> All => _known.Values.Where(route => route.Expires > _time.GetUtcNow()).OrderBy(route => route.Destination, StringComparer.Ordinal);

    /// <summary>Whether a server is known to take no second connection.</summary>
    /// <param name="destination">The server.</param>
    public bool RefusesSecond(string destination) => _known.TryGetValue(destination, out LearnedRoute? route) && route.Expires > _time.GetUtcNow();

    /// <summary>A server refused a second connection.</summary>
    /// <param name="destination">The server.</param>
    /// <param name="reason">What it said; printable.</param>
    public Task LearnAsync(string destination, string reason) => Task.Run(() =>
    {
        DateTimeOffset now = _time.GetUtcNow();
        var route = new LearnedRoute(destination, reason, now, now + _lifetime);
        LedgerLog.RouteLearned(_logger, destination, reason, _lifetime);
        Change(known => known.RemoveRange(known.Values.Where(old => old.Expires <= now).Select(old => old.Destination)).SetItem(destination, route), (connection, transaction) =>
        {
            connection.Execute("delete from route where expires <= @now", new { now = now.ToUnixTimeMilliseconds() }, transaction);
            return connection.Execute(
                "insert or replace into route (destination, reason, learned, expires) values (@destination, @reason, @learned, @expires)",
                new { destination, reason, learned = now.ToUnixTimeMilliseconds(), expires = route.Expires.ToUnixTimeMilliseconds() }, transaction);
        });
    });

    /// <summary>A server took a second connection after all.</summary>
    /// <param name="destination">The server.</param>
    public Task ForgetAsync(string destination) => Task.Run(() => Change(
        known => known.Remove(destination),
        (connection, transaction) => connection.Execute("delete from route where destination = @destination", new { destination }, transaction)));

    /// <summary>Forgets everything.</summary>
    /// <returns>How much that was.</returns>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public int Clear()
    {
        lock (_writing)
        {
            _known = _known.Clear();
            return _file.Change((connection, transaction) => connection.Execute("delete from route", null, transaction));
        }
    }

    /// <summary>Reads anew what another process may have changed.</summary>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public void Reload()
    {
        lock (_writing)
        {
            using SqliteConnection connection = _file.Connect();
            _known = SqliteFile.Guarded(_file.File, () => connection.Query<Row>("select destination, reason, learned, expires from route")).ToImmutableDictionary(
                row => row.Destination,
                row => new LearnedRoute(row.Destination, row.Reason, DateTimeOffset.FromUnixTimeMilliseconds(row.Learned), DateTimeOffset.FromUnixTimeMilliseconds(row.Expires)));
        }
    }

    private void Change(Func<ImmutableDictionary<string, LearnedRoute>, ImmutableDictionary<string, LearnedRoute>> inMemory, Func<SqliteConnection, SqliteTransaction, int> onDisk)
    {
        lock (_writing)
        {
            _known = inMemory(_known);
            try
            {
                _file.Change(onDisk);
            }
            catch (StoreException failed)
            {
                // What was learned is known to this process; the next one learns it again.
                LedgerLog.WriteFailed(_logger, failed);
            }
        }
    }

    private sealed record Row(string Destination, string Reason, long Learned, long Expires);
}
