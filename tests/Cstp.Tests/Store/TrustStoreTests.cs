using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Tests.Trust;
using Dapper;
using DbUp.Engine;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Store;

public sealed class TrustStoreTests : IDisposable
{
    private static readonly Mailbox Juro = Mailbox.Parse("juro@amd.test");
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(TestCertificate.Now);
    private readonly StoreOptions _options;

    public TrustStoreTests() => _options = _folder.NewStore();

    public void Dispose() => _folder.Dispose();

    private TrustStore Open(ILogger? logger = null, TrustOptions? trust = null)
    {
        if (!File.Exists(_options.File))
            StoreDatabase.CreateFile(_options.File);
        return TrustStore.Open(_options, ["amd.test"], _time, logger ?? NullLogger.Instance, trust: trust);
    }

    private static OwnKey Key(Mailbox? owner) => KeyGeneration.Create(KeyKind.P256, owner ?? Mailbox.Parse("box@amd.test"), owner, TestCertificate.Now)[0];

    private async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Delay(5, limit.Token);
        }
    }

    [Fact]
    public async Task Certificates_and_keys_are_there_again_after_reopening()
    {
        OwnKey gateway = Key(null), user = Key(Juro);
        StoredCertificate peer = TestCertificate.Of("mila@usi.test").Stored(CertificateRole.User, "mila@usi.test", TrustState.Trusted, "aes-256-gcm");
        await using (TrustStore store = Open())
        {
            store.AddKeys([gateway, user]);
            store.Import([peer]);
        }
        await using TrustStore again = Open();
        StoredCertificate stored = Assert.Single(again.Current.Certificates);
        Assert.Equal(peer with { Capabilities = stored.Capabilities }, stored);
        Assert.Equal(["aes-256-gcm"], stored.Capabilities);
        Assert.Equal(
            ((Pkcs8PrivateKey)user.Identity.PrivateKey).Der.ToArray(),
            ((Pkcs8PrivateKey)Assert.Single(again.Current.UserDecryptionKeys(Juro)).PrivateKey).Der.ToArray());
        Assert.Equal(gateway.Identity.Certificate, Assert.Single(again.Current.GatewayDecryptionKeys).Certificate);
    }

    [Fact]
    public async Task No_private_key_stands_in_the_file()
    {
        OwnKey key = Key(null);
        await using (TrustStore store = Open())
            store.AddKeys([key]);
        string secret = Encoding.Latin1.GetString(((Pkcs8PrivateKey)key.Identity.PrivateKey).Der.Span[36..68]);
        foreach (string file in Directory.GetFiles(_folder.Root))
            Assert.DoesNotContain(secret, Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_options.File));
    }

    [Fact]
    public async Task A_running_store_follows_what_another_changed()
    {
        await using TrustStore running = Open();
        TrustSnapshot before = running.Current;
        await using TrustStore other = Open();
        TestCertificate peer = TestCertificate.Of("mila@usi.test");
        other.Import([peer.Stored(CertificateRole.Gateway, "usi.test")]);
        await UntilAsync(() => running.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test")).Count == 1);
        Assert.Empty(before.Certificates);
        Assert.True(other.SetState(peer.Encoded.Fingerprint, TrustState.Revoked));
        await UntilAsync(() => running.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test")).Count == 0);
        Assert.True(other.Remove(peer.Encoded.Fingerprint));
        Assert.False(other.Remove(peer.Encoded.Fingerprint));
        await UntilAsync(() => running.Current.Certificates.Count == 0);
    }

    [Fact]
    public async Task X9_a_known_address_with_a_new_key_is_kept_untrusted_and_told()
    {
        var logger = new ListLogger();
        await using TrustStore store = Open(logger);
        TestCertificate known = TestCertificate.Of("mila@usi.test"), fresh = TestCertificate.Of("mila@usi.test");
        store.Import([known.Stored(CertificateRole.User, "mila@usi.test")]);
        store.Collect(fresh.Encoded, "mila@usi.test", ["aes-128-cbc"], []);
        await UntilAsync(() => store.Current.Certificates.Count == 2);
        StoredCertificate collected = store.Current.Certificates.Single(stored => stored.Certificate.Equals(fresh.Encoded));
        Assert.Equal((CertificateRole.User, "mila@usi.test", TrustState.Untrusted), (collected.Role, collected.Subject, collected.State));
        Assert.Equal(known.Encoded, Assert.Single(store.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test"))).Certificate);
        Assert.Contains(logger.Lines, line => line.StartsWith("Warning New untrusted certificate", StringComparison.Ordinal));

        store.Collect(known.Encoded, "mila@usi.test", ["aes-256-gcm"], []);
        await UntilAsync(() => store.Current.ReadsAuthenticatedEncryption(known.Encoded));
        Assert.Equal(TrustState.Trusted, store.Current.Certificates.Single(stored => stored.Certificate.Equals(known.Encoded)).State);
    }

    [Fact]
    public async Task X6_collection_stops_at_its_limit_a_day_and_domain()
    {
        await using TrustStore store = Open();
        TestCertificate shared = new();
        for (int i = 0; i < CertificateCollector.MaxPerDayAndDomain + 20; i++)
            store.Collect((TestCertificate.Of($"user{i}@usi.test") with { Pkcs8 = shared.Pkcs8 }).Encoded, "x@usi.test", [], []);
        TestCertificate other = TestCertificate.Of("a@other.test");
        store.Collect(other.Encoded, "a@other.test", [], []);
        await UntilAsync(() => store.Current.Certificates.Any(stored => stored.Certificate.Equals(other.Encoded)));
        Assert.Equal(CertificateCollector.MaxPerDayAndDomain + 1, store.Current.Certificates.Count);
    }

    [Fact]
    public async Task Certificates_that_nobody_has_judged_are_counted_each_time_they_come()
    {
        TestCertificate peer = TestCertificate.Of("mila@usi.test");
        await using (TrustStore store = Open())
        {
            store.Collect(peer.Encoded, "mila@usi.test", [], []);
            await UntilAsync(() => store.Current.Certificates.Count == 1);
            for (int i = 0; i < 3; i++)
                store.Collect(peer.Encoded, "mila@usi.test", [], []);
        }
        await using TrustStore again = Open();
        Sighting sighting = Assert.Single(again.Sightings()).Value;
        Assert.Equal((peer.Encoded.Fingerprint, 3), (sighting.Fingerprint, sighting.Times));
        again.SetState(peer.Encoded.Fingerprint, TrustState.Trusted);
        Assert.False(again.Current.IsPending(peer.Encoded));
    }

    [Fact]
    public async Task Harvest_takes_what_chains_to_an_authority_and_uses_the_newest()
    {
        await using TrustStore store = Open(trust: new TrustOptions { Harvest = true });
        TestCertificate root = TestCertificate.Authority("root"), middle = TestCertificate.Authority("middle") with { Issuer = root };
        TestCertificate older = TestCertificate.Of("mila@usi.test") with { Issuer = middle }, newer = TestCertificate.Of("mila@usi.test") with { Issuer = middle };
        TestCertificate stranger = TestCertificate.Of("mila@usi.test");
        store.Import([root.Stored(CertificateRole.Authority, "")]);
        store.Collect(older.Encoded, "mila@usi.test", [], [middle.Encoded]);
        await UntilAsync(() => store.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test")).Count == 1);
        store.Collect(stranger.Encoded, "mila@usi.test", [], [middle.Encoded]);
        store.Collect(newer.Encoded, "mila@usi.test", [], [middle.Encoded]);
        await UntilAsync(() => store.Current.Certificates.Count == 4);
        Assert.Equal(newer.Encoded, Assert.Single(store.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test"))).Certificate);
        Assert.True(store.Current.IsPending(stranger.Encoded));
    }

    [Fact]
    public async Task Revocation_lists_are_there_again_after_reopening()
    {
        TestCertificate root = TestCertificate.Authority("root"), peer = TestCertificate.Of("mila@usi.test") with { Issuer = root };
        await using (TrustStore store = Open())
        {
            store.Import([root.Stored(CertificateRole.Authority, ""), peer.Stored(CertificateRole.User, "mila@usi.test")]);
            Assert.Single(store.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test")));
            store.KeepList(new TestCrl(root, TestCertificate.Now.AddDays(-2)).Issue(), "import");
            store.KeepList(new TestCrl(root, TestCertificate.Now.AddDays(-1)) { Revoked = [peer] }.Issue(), "import");
            Assert.Empty(store.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test")));
        }
        await using TrustStore again = Open();
        Assert.Equal("import", Assert.Single(again.Lists).Source);
        Assert.Empty(again.Current.FindRecipientCertificates(Mailbox.Parse("mila@usi.test")));
    }

    [Fact]
    public async Task The_end_of_certificates_in_use_is_told_a_month_ahead()
    {
        var logger = new ListLogger();
        OwnKey gateway = Key(null);
        TestCertificate old = TestCertificate.Of("mila@usi.test"), renewed = TestCertificate.Of("tom@usi.test") with { NotAfter = old.NotAfter.AddYears(5) };
        var trust = new TrustSnapshot(
            [
                old.Stored(CertificateRole.User, "mila@usi.test"), TestCertificate.Of("tom@usi.test").Stored(CertificateRole.User, "tom@usi.test"),
                renewed.Stored(CertificateRole.User, "tom@usi.test"),
            ],
            [gateway], _time);
        using var metrics = new Core.Diagnostics.CstpMetrics();
        await using var watch = new ExpiryWatch(() => trust, new TrustOptions(), metrics, _time, logger);
        await UntilAsync(() => true);
        Assert.Empty(logger.Lines);
        _time.Advance(old.NotAfter - TimeSpan.FromDays(29) - _time.GetUtcNow());
        await UntilAsync(() => logger.Lines.Count > 0);
        Assert.All(logger.Lines, line => Assert.StartsWith("Warning The certificate of partner mila@usi.test ends at", line, StringComparison.Ordinal));
        _time.Advance(TimeSpan.FromDays(30));
        await UntilAsync(() => logger.Lines.Any(line => line.StartsWith("Error The certificate of partner mila@usi.test ended at", StringComparison.Ordinal)));
        Assert.DoesNotContain(logger.Lines, line => line.Contains("tom@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_import_takes_the_place_of_the_untrusted_entry()
    {
        await using TrustStore store = Open();
        TestCertificate peer = TestCertificate.Of("box@usi.test");
        store.Collect(peer.Encoded, "mila@usi.test", [], []);
        await UntilAsync(() => store.Current.Certificates.Count == 1);
        store.Import([peer.Stored(CertificateRole.Gateway, "usi.test")]);
        Assert.Equal(CertificateRole.Gateway, Assert.Single(store.Current.Certificates).Role);
    }

    [Fact]
    public async Task A_wrong_passphrase_names_both_files()
    {
        await Open().DisposeAsync();
        File.WriteAllText(_options.PassphraseFile, "wrong");
        StoreException refused = Assert.Throws<StoreException>(() => Open());
        Assert.StartsWith($"{_options.PassphraseFile}: this is not the passphrase of {_options.File}.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_passphrase_may_be_a_credential_of_systemd_and_never_a_path_beside_it()
    {
        string? before = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        try
        {
            Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", null);
            Assert.Contains("LoadCredential=store", Assert.Throws<StoreException>(() => SecretFile.StorePassphrase.Read("credential:store")).Message, StringComparison.Ordinal);
            Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", _folder.Root);
            Assert.Equal("correct horse battery staple", SecretFile.StorePassphrase.Read("credential:store.key"));
            Assert.Throws<StoreException>(() => SecretFile.StorePassphrase.Read("credential:../store.key"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("CREDENTIALS_DIRECTORY", before);
        }
    }

    [Fact]
    public async Task Files_that_others_may_read_are_refused_with_the_command_that_mends_it()
    {
        await Open().DisposeAsync();
        foreach (string file in new[] { _options.File, _options.PassphraseFile })
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Contains($"chmod 600 '{file}'", Assert.Throws<StoreException>(() => Open()).Message, StringComparison.Ordinal);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task What_is_no_store_or_a_damaged_one_is_named()
    {
        Assert.Contains("store not found", Assert.Throws<StoreException>(() => TrustStore.Open(_options, [], _time, NullLogger.Instance)).Message, StringComparison.Ordinal);
        StoreFile.CreatePrivate(_options.File, "hello, this is no database at all"u8);
        Assert.Contains("no SQLite database", Assert.Throws<StoreException>(() => Open()).Message, StringComparison.Ordinal);
        File.Delete(_options.File);
        await Open().DisposeAsync();
        byte[] octets = File.ReadAllBytes(_options.File);
        octets.AsSpan(100, octets.Length - 100).Fill(0x5A);
        File.WriteAllBytes(_options.File, octets);
        string message = Assert.Throws<StoreException>(() => Open()).Message;
        Assert.StartsWith(_options.File, message, StringComparison.Ordinal);
        Assert.Contains("damaged", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_of_somebody_else_is_not_touched()
    {
        StoreFile.CreatePrivate(_options.File, []);
        using (var foreign = new SqliteConnection($"Data Source={_options.File};Pooling=false"))
            foreign.Execute("create table t (x)");
        Assert.Contains("is no store of CSTP", Assert.Throws<StoreException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await Open().DisposeAsync();
        using (var newer = new SqliteConnection($"Data Source={_options.File};Pooling=false"))
            newer.Execute("pragma user_version = 999");
        Assert.Contains("schema 999", Assert.Throws<StoreException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_schema_is_copied_then_upgraded_and_keeps_its_certificates()
    {
        IReadOnlyList<SqlScript> older = [.. StoreSchema.Scripts.Take(1)];
        StoreDatabase.CreateFile(_options.File);
        StoredCertificate peer = TestCertificate.Of("mila@usi.test").Stored(CertificateRole.User, "mila@usi.test");
        using (StoreDatabase database = StoreDatabase.Open(_options, older))
            database.Change((connection, transaction) => StoreDatabase.WriteCertificate(connection, transaction, peer));
        await using TrustStore store = Open();
        Assert.Equal(peer.Certificate, Assert.Single(store.Current.Certificates).Certificate);
        store.AddKeys([Key(null)]);
        string copy = _options.File + ".bak-1";
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        using var kept = new SqliteConnection($"Data Source={copy};Pooling=false");
        Assert.Equal(1, kept.ExecuteScalar<long>("select count(*) from certificate"));
        Assert.Equal(1, kept.ExecuteScalar<long>("pragma user_version"));
    }

    [Fact]
    public async Task X6_look_ups_are_as_fast_with_ten_thousand_untrusted_certificates()
    {
        StoredCertificate[] many = [.. Renumbered(TestCertificate.Of("user@usi.test").Encoded, CertificateCollector.MaxUntrusted)
            .Select((certificate, i) => new StoredCertificate(certificate, CertificateRole.User, $"user{i}@usi.test", TrustState.Untrusted, TestCertificate.Now, "mail", []))];
        await using TrustStore store = Open();
        store.Import([TestCertificate.Of("box@usi.test").Stored(CertificateRole.Gateway, "usi.test"), .. many]);
        Mailbox mila = Mailbox.Parse("mila@usi.test");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < 10_000; i++)
            Assert.Single(store.Current.FindRecipientCertificates(mila));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        TestCertificate late = TestCertificate.Of("late@late.test");
        store.Collect(late.Encoded, "late@late.test", [], []);
        store.Collect(many[0].Certificate, "user0@usi.test", ["aes-256-gcm"], []);
        await UntilAsync(() => store.Current.ReadsAuthenticatedEncryption(many[0].Certificate));
        Assert.DoesNotContain(store.Current.Certificates, stored => stored.Certificate.Equals(late.Encoded));
    }

    /// <summary>The same certificate with other octets in its serial number; a store looks at no signature.</summary>
    private static IEnumerable<EncodedCertificate> Renumbered(EncodedCertificate original, int count)
    {
        byte[] der = original.Der.ToArray();
        byte[] serial = Org.BouncyCastle.Asn1.X509.X509CertificateStructure.GetInstance(der).SerialNumber.Value.ToByteArray();
        int at = der.AsSpan().IndexOf(serial) + serial.Length - sizeof(int);
        for (int i = 0; i < count; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(der.AsSpan(at), i);
            yield return new(der);
        }
    }

    private sealed class ListLogger : ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel} {formatter(state, exception)}");
    }
}
