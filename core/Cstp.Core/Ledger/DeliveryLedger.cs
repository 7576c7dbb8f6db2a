using System.Collections.Immutable;
using Cstp.Abstractions;
using Cstp.Core.Store;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Ledger;

/// <summary>
/// Who has a message that became several deliveries of which not all were accepted, until its sender knows: so that who has it does
/// not get it once more. Written for such messages only; asked by every transaction, and then it is a look into memory.
/// </summary>
/// <remarks>Safe for all threads. Everything that waits for the disk is asynchronous and leaves the caller's thread.</remarks>
internal sealed class DeliveryLedger
{
    /// <summary>Entries at most: some 20 MB.</summary>
    private const int MaxEntries = 100_000;

    private readonly SqliteFile _file;
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _writing = new();
    private volatile ImmutableDictionary<Key, ImmutableDictionary<string, Entry>> _served = ImmutableDictionary<Key, ImmutableDictionary<string, Entry>>.Empty;

    /// <summary>Reads what is open.</summary>
    /// <param name="file">The database, of this build's schema.</param>
    /// <param name="lifetime">How long an entry stays open at most.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public DeliveryLedger(SqliteFile file, TimeSpan lifetime, TimeProvider time, ILogger logger)
    {
        _file = file;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
        Reload();
    }

    /// <summary>Whether nobody is remembered: the usual case.</summary>
    public bool IsEmpty => _served.IsEmpty;

    /// <summary>Whether a recipient has some message of this sender that others are still waiting for.</summary>
    /// <param name="side">Where the session came in.</param>
    /// <param name="reversePath">The sender; null for the null reverse-path.</param>
    /// <param name="recipient">The recipient.</param>
    public bool IsAhead(Side side, Mailbox? reversePath, Mailbox recipient) => Knows(side, reversePath, recipient, static entry => entry.IsPartial);

    /// <summary>Whether a recipient has some message of this sender that may come again, be it that others wait for it or that its sender never heard that all have it.</summary>
    /// <param name="side">Where the session came in.</param>
    /// <param name="reversePath">The sender; null for the null reverse-path.</param>
    /// <param name="recipient">The recipient.</param>
    public bool IsRemembered(Side side, Mailbox? reversePath, Mailbox recipient) => Knows(side, reversePath, recipient, static _ => true);

    /// <summary>Whether a recipient has this very message.</summary>
    /// <param name="side">Where the session came in.</param>
    /// <param name="reversePath">The sender; null for the null reverse-path.</param>
    /// <param name="recipient">The recipient.</param>
    /// <param name="digest">The message's; null for one that cannot be told from others, and never is.</param>
    public bool IsServed(Side side, Mailbox? reversePath, Mailbox recipient, string? digest) =>
        digest is not null
        && _served.TryGetValue(new(side, reversePath, recipient), out var messages)
        && messages.TryGetValue(digest, out Entry entry)
        && entry.Expires > _time.GetUtcNow();

    /// <summary>Says of how many recipients nobody knows the outcome, since a box fell between its final dot and the reply.</summary>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public void ReportUnknown()
    {
        int unknown = _file.Change((connection, transaction) => connection.Execute("delete from ledger where state = 0", null, transaction));
        if (unknown > 0)
            LedgerLog.OutcomeUnknown(_logger, unknown);
    }

    /// <summary>Begins a message of several deliveries: what is not resolved counts as not known, and is sent again.</summary>
    /// <param name="message">The message.</param>
    /// <param name="recipients">All of them.</param>
    /// <exception cref="LedgerException">It cannot be remembered; nothing may be committed.</exception>
    public Task OpenAsync(LedgerMessage message, IReadOnlyList<Mailbox> recipients) => Task.Run(() =>
    {
        try
        {
            lock (_writing)
            {
                _file.Change((connection, transaction) =>
                {
                    long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
                    if (connection.Execute("delete from ledger where expires <= @now", new { now }, transaction) > 0)
                        ForgetExpired();
                    if (connection.ExecuteScalar<long>("select count(*) from ledger", null, transaction) + recipients.Count > MaxEntries)
                        throw new LedgerException($"{MaxEntries} entries are open");
                    return Write(connection, transaction, message, recipients, State.Unknown);
                });
            }
        }
        catch (StoreException failed)
        {
            throw new LedgerException(failed.Message, failed);
        }
    });

    /// <summary>A delivery was accepted, others are to come: its recipients have the message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="recipients">Of this delivery.</param>
    public Task ServedAsync(LedgerMessage message, IReadOnlyList<Mailbox> recipients) => Task.Run(() => Remember(message, recipients, State.Ahead));

    /// <summary>The last delivery was accepted: all have the message, and only its sender may not know.</summary>
    /// <param name="message">The message.</param>
    /// <param name="recipients">All of them.</param>
    public Task CompletedAsync(LedgerMessage message, IReadOnlyList<Mailbox> recipients) => Task.Run(() => Remember(message, recipients, State.Complete));

    /// <summary>Recipients are forgotten: they did not get the message, or their sender knows that they did.</summary>
    /// <param name="message">The message.</param>
    /// <param name="recipients">Some or all.</param>
    public Task CloseAsync(LedgerMessage message, IReadOnlyList<Mailbox> recipients) => Task.Run(() =>
    {
        lock (_writing)
        {
            var served = _served.ToBuilder();
            foreach (Mailbox recipient in recipients)
            {
                var key = new Key(message.Side, message.ReversePath, recipient);
                if (!served.TryGetValue(key, out var messages))
                    continue;
                messages = messages.Remove(message.Digest);
                if (messages.IsEmpty)
                    served.Remove(key);
                else
                    served[key] = messages;
            }
            _served = served.ToImmutable();
            Attempt((connection, transaction) => connection.Execute(
                "delete from ledger where side = @side and reverse_path = @reversePath and recipient = @recipient and digest = @digest",
                recipients.Select(recipient => new { side = (int)message.Side, reversePath = PathOf(message), recipient = recipient.ToString(), digest = message.Digest }),
                transaction));
        }
    });

    /// <summary>Reads anew what another process may have changed.</summary>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public void Reload()
    {
        lock (_writing)
        {
            var served = ImmutableDictionary.CreateBuilder<Key, ImmutableDictionary<string, Entry>>();
            using SqliteConnection connection = _file.Connect();
            foreach (Row row in SqliteFile.Guarded(_file.File, () => connection.Query<Row>(
                "select side, reverse_path as ReversePath, recipient, digest, state, expires from ledger where state > 0 and expires > @now", new { now = _time.GetUtcNow().ToUnixTimeMilliseconds() })))
            {
                var key = new Key((Side)row.Side, row.ReversePath.Length == 0 ? null : Mailbox.Parse(row.ReversePath), Mailbox.Parse(row.Recipient));
                served[key] = served.GetValueOrDefault(key, ImmutableDictionary<string, Entry>.Empty)
                    .SetItem(row.Digest, new Entry(DateTimeOffset.FromUnixTimeMilliseconds(row.Expires), row.State == (long)State.Ahead));
            }
            _served = served.ToImmutable();
        }
    }

    private void ForgetExpired()
    {
        DateTimeOffset now = _time.GetUtcNow();
        var served = _served.ToBuilder();
        foreach ((Key key, ImmutableDictionary<string, Entry> messages) in _served)
        {
            ImmutableDictionary<string, Entry> left = messages.RemoveRange(messages.Where(message => message.Value.Expires <= now).Select(message => message.Key));
            if (left.IsEmpty)
                served.Remove(key);
            else
                served[key] = left;
        }
        _served = served.ToImmutable();
    }

    private bool Knows(Side side, Mailbox? reversePath, Mailbox recipient, Func<Entry, bool> which) =>
        _served.TryGetValue(new(side, reversePath, recipient), out var messages) && messages.Values.Any(entry => which(entry) && entry.Expires > _time.GetUtcNow());

    private void Remember(LedgerMessage message, IReadOnlyList<Mailbox> recipients, State state)
    {
        lock (_writing)
        {
            // In memory in any case: where the disk fails now, this process at least knows.
            var entry = new Entry(_time.GetUtcNow() + _lifetime, state == State.Ahead);
            var served = _served.ToBuilder();
            foreach (Mailbox recipient in recipients)
            {
                var key = new Key(message.Side, message.ReversePath, recipient);
                served[key] = served.GetValueOrDefault(key, ImmutableDictionary<string, Entry>.Empty).SetItem(message.Digest, entry);
            }
            _served = served.ToImmutable();
            Attempt((connection, transaction) => Write(connection, transaction, message, recipients, state));
        }
    }

    // "or replace": another process that started meanwhile took the entry for one of a box that fell.
    private int Write(SqliteConnection connection, SqliteTransaction transaction, LedgerMessage message, IReadOnlyList<Mailbox> recipients, State state)
    {
        long expires = (_time.GetUtcNow() + _lifetime).ToUnixTimeMilliseconds();
        return connection.Execute(
            "insert or replace into ledger (side, reverse_path, recipient, digest, state, expires) values (@side, @reversePath, @recipient, @digest, @state, @expires)",
            recipients.Select(recipient => new { side = (int)message.Side, reversePath = PathOf(message), recipient = recipient.ToString(), digest = message.Digest, state = (int)state, expires }),
            transaction);
    }

    private static string PathOf(LedgerMessage message) => message.ReversePath?.ToString() ?? "";

    /// <summary>What was delivered is delivered: a disk that fails now costs at most a second copy.</summary>
    private void Attempt(Func<SqliteConnection, SqliteTransaction, int> change)
    {
        try
        {
            _file.Change(change);
        }
        catch (StoreException failed)
        {
            LedgerLog.WriteFailed(_logger, failed);
        }
    }

    /// <summary>As it stands in the table.</summary>
    private enum State
    {
        /// <summary>The server's word is not known.</summary>
        Unknown,

        /// <summary>Has the message; others wait for it.</summary>
        Ahead,

        /// <summary>Has the message like all others.</summary>
        Complete,
    }

    private readonly record struct Entry(DateTimeOffset Expires, bool IsPartial);

    private readonly record struct Key(Side Side, Mailbox? ReversePath, Mailbox Recipient);

    private sealed record Row(long Side, string ReversePath, string Recipient, string Digest, long State, long Expires);
}
