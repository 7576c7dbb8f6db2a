using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Trust;
using Cstp.Core.Trust.Revocation;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Store;

/// <summary>Certificates and keys in a database; what is in force is <see cref="Current"/>, which follows every change within a second.</summary>
/// <remarks>Safe for all threads. The mail path reads <see cref="Current"/> and calls <see cref="Collect"/>; neither waits for the disk.</remarks>
internal sealed class TrustStore : IAsyncDisposable
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(500);

    private readonly StoreDatabase _database;
    private readonly IReadOnlyList<string> _localDomains;
    private readonly TrustOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CertificateCollector _collector;
    private readonly SqliteConnection _watched;
    private readonly Lock _reading = new();
    private readonly Rounds _watching;
    private volatile TrustSnapshot _current = TrustSnapshot.Empty;
    private long _version = -1;
    private long _revision = -1;

    private TrustStore(StoreDatabase database, IReadOnlyList<string> localDomains, TimeProvider time, ILogger logger, RevocationOptions revocation, TrustOptions options)
    {
        _options = options;
        Revocation = new RevocationKnowledge(revocation, time);
        _database = database;
        _localDomains = localDomains;
        _time = time;
        _logger = logger;
        _watched = database.Connect();
        Refresh();
        _collector = new CertificateCollector(database, time, logger);
        _watching = new Rounds(WatchInterval, time, Refresh, failed => StoreLog.StoreFailed(logger, failed));
    }

    /// <summary>The database, for what else is kept there.</summary>
    public SqliteFile Database => _database;

    /// <summary>Something changed in the database, perhaps by another process; raised by any thread, within a second.</summary>
    public event Action? Changed;

    /// <summary>What is in force now. Take it once for each decision.</summary>
    public TrustSnapshot Current => _current;

    /// <summary>What is known of revocations.</summary>
    public RevocationKnowledge Revocation { get; }

    /// <summary>The revocation lists that are kept.</summary>
    public IReadOnlyList<StoredList> Lists { get; private set; } = [];

    /// <summary>Opens a store.</summary>
    /// <param name="options">Where it is, with absolute paths.</param>
    /// <param name="localDomains">The domains of the box.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="revocation">Section <c>[revocation]</c>; its defaults where it is not given.</param>
    /// <param name="trust">Section <c>[trust]</c>; its defaults where it is not given.</param>
    /// <exception cref="StoreException">It cannot be used; the message says why and what to do.</exception>
    public static TrustStore Open(StoreOptions options, IReadOnlyList<string> localDomains, TimeProvider time, ILogger logger, RevocationOptions? revocation = null, TrustOptions? trust = null)
    {
        StoreDatabase database = StoreDatabase.Open(options, StoreSchema.Scripts);
        try
        {
            return new(database, localDomains, time, logger, revocation ?? new(), trust ?? new());
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Makes a new store and opens it.</summary>
    /// <param name="options">Where it shall be; the passphrase file is there already.</param>
    /// <param name="localDomains">The domains of the box.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public static TrustStore Create(StoreOptions options, IReadOnlyList<string> localDomains, TimeProvider time, ILogger logger)
    {
        StoreDatabase.CreateFile(options.File);
        return Open(options, localDomains, time, logger);
    }

    /// <summary>Keeps a certificate that came by mail, untrusted, to be judged by an administrator; or what its owner can read. Never waits.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="source">Whose mail carried it.</param>
    /// <param name="capabilities">Content encryption algorithms that its owner reads; empty where unknown.</param>
    /// <param name="carried">What the message carried besides: possible issuers.</param>
    public void Collect(EncodedCertificate certificate, string source, IReadOnlyList<string> capabilities, IReadOnlyList<EncodedCertificate> carried)
    {
        TrustSnapshot current = _current;
        if (!current.Knows(certificate, capabilities))
            _collector.Collect(certificate, source, capabilities, _options.Harvest && current.IsCertifiedReader(certificate, carried));
        if (current.IsPending(certificate))
            _collector.Saw(certificate);
    }

    /// <summary>How often each certificate that waits for a judgement came again, by fingerprint.</summary>
    public IReadOnlyDictionary<string, Sighting> Sightings() => StoreDatabase.Guarded(_database.File, () =>
    {
        using SqliteConnection connection = _database.Connect();
        return StoreDatabase.ReadSightings(connection);
    });

    /// <summary>Adds certificates as an administrator says; untrusted entries of the same ones, collected from mail, give way.</summary>
    /// <param name="entries">The entries.</param>
    public void Import(IReadOnlyList<StoredCertificate> entries)
    {
        _database.Change((connection, transaction) =>
        {
            foreach (StoredCertificate entry in entries)
            {
                // The plus keeps SQLite from going through all untrusted ones by the index on state.
                connection.Execute(
                    "delete from certificate where fingerprint = @fingerprint and +state = @state",
                    new { fingerprint = entry.Certificate.Fingerprint, state = (int)TrustState.Untrusted }, transaction);
                StoreDatabase.WriteCertificate(connection, transaction, entry);
            }
            return entries.Count;
        });
        Refresh();
    }

    /// <summary>Keeps a revocation list; the earlier one of the same authority and source gives way.</summary>
    /// <param name="list">The list.</param>
    /// <param name="source">The address that it came from, or <c>import</c>.</param>
    public void KeepList(X509Crl list, string source)
    {
        _database.WriteList(new(list.IssuerDN.ToString(), source, _time.GetUtcNow(), list));
        Refresh();
    }

    /// <summary>Trusts or refuses a certificate, in all its roles.</summary>
    /// <param name="fingerprint">The whole fingerprint.</param>
    /// <param name="state">The new state.</param>
    /// <returns>Whether there is such a certificate.</returns>
    public bool SetState(string fingerprint, TrustState state)
    {
        int changed = _database.Change((connection, transaction) => connection.Execute(
            "update certificate set state = @state where fingerprint = @fingerprint", new { fingerprint, state = (int)state }, transaction));
        Refresh();
        return changed > 0;
    }

    /// <summary>Removes a certificate in all its roles.</summary>
    /// <param name="fingerprint">The whole fingerprint.</param>
    /// <returns>Whether there was such a certificate.</returns>
    public bool Remove(string fingerprint)
    {
        int changed = _database.Change((connection, transaction) => connection.Execute(
            "delete from certificate where fingerprint = @fingerprint", new { fingerprint }, transaction));
        Refresh();
        return changed > 0;
    }

    /// <summary>Adds keys of the box or of a local user; one with the same certificate is replaced.</summary>
    /// <param name="keys">The keys, as octets.</param>
    public void AddKeys(IReadOnlyList<OwnKey> keys)
    {
        foreach (OwnKey key in keys)
            _database.WriteKey(key);
        Refresh();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _watching.DisposeAsync();
        await _collector.DisposeAsync();
        await _watched.DisposeAsync();
        _database.Dispose();
    }

    private void Refresh()
    {
        lock (_reading)
        {
            // The version is asked for first: what is committed while we read moves it once more.
            long version = StoreDatabase.Guarded(_database.File, () => _watched.ExecuteScalar<long>("pragma data_version"));
            if (version == _version)
                return;
            Changed?.Invoke();
            long revision = StoreDatabase.Guarded(_database.File, () => _watched.ExecuteScalar<long>("select number from revision"));
            if (revision == _revision)
            {
                _version = version;
                return;
            }
            Dictionary<string, EncodedCertificate> known = _current.Certificates.Select(stored => stored.Certificate).DistinctBy(certificate => certificate.Fingerprint)
                .ToDictionary(certificate => certificate.Fingerprint);
            List<StoredList> lists = StoreDatabase.Guarded(
                _database.File, () => StoreDatabase.ReadLists(_watched, Lists, (issuer, problem) => StoreLog.ListUnreadable(_logger, issuer, problem)));
            if (!lists.SequenceEqual(Lists))
                Revocation.TakeLists([.. lists.Select(list => list.List)]);
            Lists = lists;
            _current = StoreDatabase.Guarded(_database.File, () => new TrustSnapshot(
                StoreDatabase.ReadCertificates(_watched, known), _database.ReadKeys(_watched), _time, _localDomains, _current, Revocation));
            _version = version;
            _revision = revision;
            StoreLog.SnapshotReplaced(_logger, _current.Certificates.Count, _current.Keys.Count);
        }
    }
}
