using System.Collections.Concurrent;
using System.Threading.Channels;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Trust;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Store;

/// <summary>Writes certificates that came by mail, in the background and within limits, so that no mail waits and no flood fills the store.</summary>
internal sealed class CertificateCollector : IAsyncDisposable
{
    /// <summary>Untrusted entries in all.</summary>
    public const int MaxUntrusted = 10_000;

    /// <summary>New entries a day and domain.</summary>
    public const int MaxPerDayAndDomain = 100;

    private const int QueueLength = 1_024;

    private readonly StoreDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<Collected> _queue = Channel.CreateBounded<Collected>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly ConcurrentDictionary<string, (int Times, DateTimeOffset Last)> _sightings = [];
    private readonly Task _writer;
    private readonly Rounds _counting;

    /// <summary>Starts the background writer.</summary>
    /// <param name="database">Where to write.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public CertificateCollector(StoreDatabase database, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _writer = Task.Run(WriteAllAsync);
        _counting = new Rounds(TimeSpan.FromMinutes(1), time, WriteSightings, failed => StoreLog.StoreFailed(logger, failed));
    }

    /// <summary>Takes a certificate; never waits. While the queue is full nothing is collected.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="source">Whose mail carried it.</param>
    /// <param name="capabilities">What its owner reads; empty where unknown.</param>
    /// <param name="isHarvested">Whether it is trusted for its addresses at once.</param>
    public void Collect(EncodedCertificate certificate, string source, IReadOnlyList<string> capabilities, bool isHarvested)
    {
        if (!_queue.Writer.TryWrite(new(certificate, source, capabilities, isHarvested)))
            StoreLog.CollectionLimitReached(_logger, certificate.Fingerprint, Printable(source), "too many at once");
    }

    /// <summary>Counts that a certificate which waits for a judgement came again. Written once a minute: a commit makes everybody read the store anew.</summary>
    /// <param name="certificate">The certificate.</param>
    public void Saw(EncodedCertificate certificate)
    {
        if (_sightings.Count < MaxUntrusted || _sightings.ContainsKey(certificate.Fingerprint))
            _sightings.AddOrUpdate(certificate.Fingerprint, (1, _time.GetUtcNow()), (_, before) => (before.Times + 1, _time.GetUtcNow()));
    }

    /// <summary>Writes what is queued, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer;
        await _counting.DisposeAsync();
        WriteSightings();
    }

    private void WriteSightings()
    {
        var seen = new List<(string Fingerprint, int Times, DateTimeOffset Last)>();
        foreach (string fingerprint in _sightings.Keys)
        {
            if (_sightings.TryRemove(fingerprint, out (int Times, DateTimeOffset Last) sighting))
                seen.Add((fingerprint, sighting.Times, sighting.Last));
        }
        if (seen.Count == 0)
            return;
        try
        {
            _database.Change((connection, transaction) => connection.Execute(
                """
                insert into sighting (fingerprint, seen, last_seen) values (@fingerprint, @times, @last)
                on conflict (fingerprint) do update set seen = seen + excluded.seen, last_seen = excluded.last_seen
                """,
                seen.Select(one => new { fingerprint = one.Fingerprint, times = one.Times, last = one.Last.ToUnixTimeMilliseconds() }),
                transaction));
        }
        catch (StoreException failed)
        {
            // They only help a person to judge; the next mail is counted again.
            StoreLog.StoreFailed(_logger, failed);
        }
    }

    private async Task WriteAllAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var batch = new List<Collected>();
            while (batch.Count < 100 && _queue.Reader.TryRead(out Collected? next))
                batch.Add(next);
            try
            {
                _database.Change((connection, transaction) =>
                {
                    foreach (Collected collected in batch)
                        Write(connection, transaction, collected);
                    return batch.Count;
                });
            }
            catch (Exception failed)
            {
                // Mail goes on without what it would have taught; the next mail brings it again.
                StoreLog.StoreFailed(_logger, failed);
            }
        }
    }

    private void Write(SqliteConnection connection, SqliteTransaction transaction, Collected collected)
    {
        string fingerprint = collected.Certificate.Fingerprint;
        string capabilities = string.Join(' ', collected.Capabilities);
        if (connection.ExecuteScalar<long>("select count(*) from certificate where fingerprint = @fingerprint", new { fingerprint }, transaction) > 0)
        {
            if (capabilities.Length > 0)
                connection.Execute("update certificate set capabilities = @capabilities where fingerprint = @fingerprint and capabilities <> @capabilities", new { fingerprint, capabilities }, transaction);
            return;
        }
        if (connection.ExecuteScalar<long>("select count(*) from own_key where fingerprint = @fingerprint", new { fingerprint }, transaction) > 0)
            return;
        CertificateFacts facts = CertificateFacts.Read(collected.Certificate);
        if (collected.IsHarvested)
        {
            WriteHarvested(connection, transaction, collected, facts);
            return;
        }
        string address = facts.Addresses.Mailboxes.FirstOrDefault()?.ToString() ?? "";
        if (WhyFull(connection, transaction, address) is { } limit)
        {
            StoreLog.CollectionLimitReached(_logger, fingerprint, Printable(collected.Source), limit);
            return;
        }
        bool isKnown = address.Length > 0
            && connection.ExecuteScalar<long>("select count(*) from certificate where subject = @address and role = @role", new { address, role = (int)CertificateRole.User }, transaction) > 0;
        StoreDatabase.WriteCertificate(connection, transaction, new(
            collected.Certificate, CertificateRole.User, address, TrustState.Untrusted, _time.GetUtcNow(), collected.Source, collected.Capabilities));
        if (isKnown)
            StoreLog.KnownAddressWithNewKey(_logger, fingerprint, address, Printable(collected.Source));
        else
            StoreLog.CertificateCollected(_logger, fingerprint, address, Printable(collected.Source));
    }

    private void WriteHarvested(SqliteConnection connection, SqliteTransaction transaction, Collected collected, CertificateFacts facts)
    {
        const int MaxAddresses = 8;
        foreach (Mailbox mailbox in facts.Addresses.Mailboxes.Take(MaxAddresses))
        {
            StoreDatabase.WriteCertificate(connection, transaction, new(
                collected.Certificate, CertificateRole.User, mailbox.ToString(), TrustState.Trusted, _time.GetUtcNow(), StoredCertificate.Harvest, collected.Capabilities));
            StoreLog.CertificateHarvested(_logger, collected.Certificate.Fingerprint, mailbox.ToString(), Printable(collected.Source));
        }
    }

    private string? WhyFull(SqliteConnection connection, SqliteTransaction transaction, string address)
    {
        object untrusted = new { state = (int)TrustState.Untrusted, role = (int)CertificateRole.User };
        if (connection.ExecuteScalar<long>("select count(*) from certificate where state = @state and role = @role", untrusted, transaction) >= MaxUntrusted)
            return $"the store holds {MaxUntrusted} untrusted certificates; remove some with 'cstp certs remove'";
        DateTimeOffset now = _time.GetUtcNow();
        var today = new
        {
            state = (int)TrustState.Untrusted,
            role = (int)CertificateRole.User,
            since = (now - now.TimeOfDay).ToUnixTimeMilliseconds(),
            domain = address[(address.LastIndexOf('@') + 1)..],
        };
        long ofDomain = connection.ExecuteScalar<long>(
            "select count(*) from certificate where state = @state and role = @role and first_seen >= @since and lower(substr(subject, instr(subject, '@') + 1)) = lower(@domain)", today, transaction);
        return ofDomain >= MaxPerDayAndDomain ? $"{MaxPerDayAndDomain} of one domain came today" : null;
    }

    private static string Printable(string text) => string.Concat(text.Take(320).Select(c => c is >= ' ' and <= '~' ? c : '?'));

    private sealed record Collected(EncodedCertificate Certificate, string Source, IReadOnlyList<string> Capabilities, bool IsHarvested);
}
