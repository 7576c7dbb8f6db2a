using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Dapper;
using DbUp.Engine;
using Microsoft.Data.Sqlite;

namespace Cstp.Core.Store;

/// <summary>The store's tables.</summary>
internal sealed class StoreDatabase : SqliteFile, IDisposable
{
    private const string SaltName = "salt";
    private const string CheckName = "check";
    private static readonly byte[] CheckText = "CSTP store"u8.ToArray();

    private readonly string _connectionString;
    private readonly MasterKey _masterKey;

    private StoreDatabase(string file, string connectionString, MasterKey masterKey)
        : base(file, connectionString)
    {
        _connectionString = connectionString;
        _masterKey = masterKey;
    }

    /// <summary>Opens the database that is there, upgrades it, and proves the passphrase.</summary>
    /// <param name="options">Absolute paths.</param>
    /// <param name="scripts">The schema.</param>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static StoreDatabase Open(StoreOptions options, IReadOnlyList<SqlScript> scripts)
    {
        StoreFile.Check(options.File);
        string passphrase = SecretFile.StorePassphrase.Read(options.PassphraseFile);
        var builder = new SqliteConnectionStringBuilder { DataSource = options.File, Mode = SqliteOpenMode.ReadWrite, DefaultTimeout = 10, Pooling = true };
        return Guarded(options.File, () =>
        {
            using var connection = new SqliteConnection(builder.ToString());
            connection.Open();
            connection.Execute("pragma journal_mode = wal");
            if (connection.ExecuteScalar<string>("pragma quick_check(1)") is not "ok" and var damage)
                throw new StoreException($"{options.File}: store is damaged ({damage}). Restore a backup, or move the file away and make a new one with 'cstp init'.");
            StoreSchema.Upgrade(connection, options.File, scripts);
            return new StoreDatabase(options.File, builder.ToString(), Unlock(connection, options, passphrase));
        });
    }

    /// <summary>Makes an empty file that <see cref="Open"/> fills.</summary>
    /// <param name="file">Must not be there.</param>
    public static void CreateFile(string file) => StoreFile.CreatePrivate(file, []);

    /// <summary>Reads all certificates.</summary>
    /// <param name="known">Certificates whose octets are in memory already, by fingerprint.</param>
    /// <param name="connection">The connection.</param>
    public static List<StoredCertificate> ReadCertificates(SqliteConnection connection, IReadOnlyDictionary<string, EncodedCertificate> known)
    {
        var certificates = new List<StoredCertificate>();
        foreach (CertificateRow row in connection.Query<CertificateRow>(
            "select fingerprint, role, subject, state, first_seen as FirstSeen, source, capabilities, der from certificate order by first_seen, rowid", buffered: false))
        {
            EncodedCertificate certificate = known.TryGetValue(row.Fingerprint, out EncodedCertificate? present) ? present : new(row.Der);
            certificates.Add(new(
                certificate, (CertificateRole)row.Role, row.Subject, (TrustState)row.State,
                DateTimeOffset.FromUnixTimeMilliseconds(row.FirstSeen), row.Source, row.Capabilities.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        }
        return certificates;
    }

    /// <summary>Reads all keys and opens them.</summary>
    /// <param name="connection">The connection.</param>
    /// <exception cref="StoreException">A key cannot be opened.</exception>
    public List<OwnKey> ReadKeys(SqliteConnection connection)
    {
        var keys = new List<OwnKey>();
        foreach (KeyRow row in connection.Query<KeyRow>("select fingerprint, owner, signs, decrypts, created, certificate, sealed from own_key order by created, rowid"))
        {
            byte[] key;
            try
            {
                key = _masterKey.Open(row.Sealed, row.Fingerprint);
            }
            catch (CryptographicException damaged)
            {
                throw new StoreException($"{File}: private key {row.Fingerprint[..16]} is damaged. Restore a backup, or remove the key and import it again.", damaged);
            }
            keys.Add(new(
                new(new(row.Certificate), new Pkcs8PrivateKey(key)), row.Owner is null ? null : Mailbox.Parse(row.Owner),
                row.Signs != 0, row.Decrypts != 0, DateTimeOffset.FromUnixTimeMilliseconds(row.Created)));
        }
        return keys;
    }

    /// <summary>Seals and writes a key; one with the same certificate is replaced.</summary>
    /// <param name="key">The key; as octets, not as a reference.</param>
    public void WriteKey(OwnKey key)
    {
        string fingerprint = key.Identity.Certificate.Fingerprint;
        byte[] @sealed = _masterKey.Seal(((Pkcs8PrivateKey)key.Identity.PrivateKey).Der.Span, fingerprint);
        Change((connection, transaction) => connection.Execute(
            "insert or replace into own_key (fingerprint, owner, signs, decrypts, created, certificate, sealed) values (@fingerprint, @owner, @signs, @decrypts, @created, @certificate, @sealed)",
            new
            {
                fingerprint,
                owner = key.Owner?.ToString(),
                signs = key.Signs,
                decrypts = key.Decrypts,
                created = key.Created.ToUnixTimeMilliseconds(),
                certificate = key.Identity.Certificate.Der.ToArray(),
                @sealed,
            },
            transaction));
    }

    /// <summary>Writes a certificate; the entry of the same role and subject is replaced.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">The transaction.</param>
    /// <param name="stored">The entry.</param>
    public static int WriteCertificate(SqliteConnection connection, SqliteTransaction transaction, StoredCertificate stored) => connection.Execute(
        "insert or replace into certificate (fingerprint, role, subject, state, first_seen, source, capabilities, der) values (@fingerprint, @role, @subject, @state, @firstSeen, @source, @capabilities, @der)",
        new
        {
            fingerprint = stored.Certificate.Fingerprint,
            role = (int)stored.Role,
            subject = stored.Subject,
            state = (int)stored.State,
            firstSeen = stored.FirstSeen.ToUnixTimeMilliseconds(),
            source = stored.Source,
            capabilities = string.Join(' ', stored.Capabilities),
            der = stored.Certificate.Der.ToArray(),
        },
        transaction);

    /// <summary>How often each certificate that was collected came again.</summary>
    /// <param name="connection">The connection.</param>
    public static IReadOnlyDictionary<string, Sighting> ReadSightings(SqliteConnection connection) => connection
        .Query<(string Fingerprint, long Seen, long Last)>("select fingerprint, seen, last_seen from sighting")
        .ToDictionary(row => row.Fingerprint, row => new Sighting(row.Fingerprint, row.Seen, DateTimeOffset.FromUnixTimeMilliseconds(row.Last)));

    /// <summary>Reads all revocation lists; one that cannot be read is left out.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="known">Lists that were read before.</param>
    /// <param name="unreadable">Told of each that is left out: issuer and what is wrong.</param>
    public static List<StoredList> ReadLists(SqliteConnection connection, IReadOnlyList<StoredList> known, Action<string, string> unreadable)
    {
        var lists = new List<StoredList>();
        foreach (ListRow row in connection.Query<ListRow>("select id as Row, issuer, source, fetched from revocation_list order by issuer, source"))
        {
            if (known.FirstOrDefault(list => list.Row == row.Row) is { } same)
            {
                lists.Add(same);
                continue;
            }
            byte[]? der = connection.ExecuteScalar<byte[]?>("select der from revocation_list where id = @Row", row);
            try
            {
                if (der is not null)
                    lists.Add(new(row.Issuer, row.Source, DateTimeOffset.FromUnixTimeMilliseconds(row.Fetched), CrlFile.Read(der)[0], row.Row));
            }
            catch (FormatException broken)
            {
                unreadable(row.Issuer, broken.Message);
            }
        }
        return lists;
    }

    /// <summary>Writes a revocation list; the one of the same authority and source is replaced.</summary>
    /// <param name="stored">The list.</param>
    public void WriteList(StoredList stored) => Change((connection, transaction) => connection.Execute(
        "insert or replace into revocation_list (issuer, source, fetched, der) values (@issuer, @source, @fetched, @der)",
        new { issuer = stored.Issuer, source = stored.Source, fetched = stored.Fetched.ToUnixTimeMilliseconds(), der = stored.List.GetEncoded() },
        transaction));

    /// <inheritdoc/>
    public void Dispose()
    {
        _masterKey.Dispose();
        SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
    }

    private static MasterKey Unlock(SqliteConnection connection, StoreOptions options, string passphrase)
    {
        byte[]? salt = connection.ExecuteScalar<byte[]?>("select value from setting where name = @SaltName", new { SaltName });
        byte[]? check = connection.ExecuteScalar<byte[]?>("select value from setting where name = @CheckName", new { CheckName });
        if (salt is null || check is null)
        {
            salt = RandomNumberGenerator.GetBytes(MasterKey.SaltLength);
            var fresh = new MasterKey(passphrase, salt);
            using SqliteTransaction transaction = connection.BeginTransaction();
            connection.Execute("insert or replace into setting (name, value) values (@SaltName, @salt)", new { SaltName, salt }, transaction);
            connection.Execute("insert or replace into setting (name, value) values (@CheckName, @check)", new { CheckName, check = fresh.Seal(CheckText, CheckName) }, transaction);
            transaction.Commit();
            return fresh;
        }
        var key = new MasterKey(passphrase, salt);
        try
        {
            if (key.Open(check, CheckName).AsSpan().SequenceEqual(CheckText))
                return key;
        }
        catch (CryptographicException)
        {
            // Answered below, as any other passphrase that does not fit.
        }
        key.Dispose();
        throw new StoreException($"{options.PassphraseFile}: this is not the passphrase of {options.File}. Put the right one there, or restore the file that belongs to this store.");
    }

    private sealed record CertificateRow(string Fingerprint, long Role, string Subject, long State, long FirstSeen, string Source, string Capabilities, byte[] Der);

    private sealed record ListRow(long Row, string Issuer, string Source, long Fetched);

    private sealed record KeyRow(string Fingerprint, string? Owner, long Signs, long Decrypts, long Created, byte[] Certificate, byte[] Sealed);
}
