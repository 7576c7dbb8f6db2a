using Cstp.Abstractions;
using Cstp.Core.Ledger;
using Cstp.Tests.EndToEnd;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Ledger;

public sealed class DeliveryLedgerTests : IDisposable
{
    private static readonly Mailbox s_juro = Mailbox.Parse("juro@amd.test"), s_anna = Mailbox.Parse("anna@intel.test"), s_max = Mailbox.Parse("max@elsewhere.test");
    private static readonly LedgerMessage s_message = new(Side.Inside, s_juro, "digest");

    private readonly TestDatabase _database = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 10, 0, 0, TimeSpan.Zero));

    public void Dispose() => _database.Dispose();

    private DeliveryLedger Open(ILogger? logger = null) => new(_database.File, TimeSpan.FromDays(7), _time, logger ?? NullLogger.Instance);

    private static bool Knows(DeliveryLedger ledger, Mailbox recipient) =>
        ledger.IsAhead(s_message.Side, s_juro, recipient) && ledger.IsServed(s_message.Side, s_juro, recipient, s_message.Digest);

    [Fact]
    public async Task Only_who_was_served_counts_also_after_a_restart()
    {
        DeliveryLedger ledger = Open();
        await ledger.OpenAsync(s_message, [s_anna, s_max]);
        Assert.True(ledger.IsEmpty);
        await ledger.ServedAsync(s_message, [s_anna]);
        foreach (DeliveryLedger each in new[] { ledger, Open() })
        {
            Assert.True(Knows(each, s_anna));
            Assert.False(each.IsRemembered(Side.Inside, s_juro, s_max));
            Assert.False(each.IsRemembered(Side.Outside, s_juro, s_anna));
            Assert.False(each.IsRemembered(Side.Inside, null, s_anna));
            Assert.False(each.IsServed(Side.Inside, s_juro, s_anna, "another"));
            Assert.False(each.IsServed(Side.Inside, s_juro, s_anna, null));
        }
    }

    [Fact]
    public async Task Who_has_what_all_have_is_ahead_of_nobody()
    {
        DeliveryLedger ledger = Open();
        await ledger.ServedAsync(s_message, [s_anna]);
        await ledger.CompletedAsync(s_message, [s_anna, s_max]);
        foreach (DeliveryLedger each in new[] { ledger, Open() })
        {
            Assert.False(each.IsAhead(Side.Inside, s_juro, s_anna));
            Assert.True(each.IsRemembered(Side.Inside, s_juro, s_anna));
            Assert.True(each.IsServed(Side.Inside, s_juro, s_max, "digest"));
        }
    }

    [Fact]
    public async Task What_is_closed_is_forgotten_on_disk_too()
    {
        DeliveryLedger ledger = Open();
        await ledger.OpenAsync(s_message, [s_anna, s_max]);
        await ledger.ServedAsync(s_message, [s_anna, s_max]);
        await ledger.CloseAsync(s_message, [s_max]);
        Assert.True(Knows(Open(), s_anna));
        await ledger.CloseAsync(s_message, [s_anna]);
        Assert.True(ledger.IsEmpty);
        Assert.True(Open().IsEmpty);
    }

    [Fact]
    public async Task Entries_expire()
    {
        DeliveryLedger ledger = Open();
        await ledger.ServedAsync(s_message, [s_anna]);
        _time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.True(Knows(ledger, s_anna));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(Knows(ledger, s_anna));
        Assert.True(Open().IsEmpty);
        Assert.False(ledger.IsEmpty);
        await ledger.OpenAsync(s_message with { Digest = "other" }, [s_max]);
        Assert.True(ledger.IsEmpty);   // not in memory for ever either
        using SqliteConnection connection = _database.File.Connect();
        Assert.Equal("other", connection.QuerySingle<string>("select digest from ledger"));
    }

    [Fact]
    public async Task A_message_of_the_null_reverse_path_is_remembered_too()
    {
        var bounce = new LedgerMessage(Side.Inside, null, "digest");
        await Open().ServedAsync(bounce, [s_anna]);
        Assert.True(Open().IsServed(Side.Inside, null, s_anna, "digest"));
    }

    [Fact]
    public async Task What_another_process_wrote_is_known_after_reloading()
    {
        DeliveryLedger ledger = Open();
        await Open().ServedAsync(s_message, [s_anna]);
        Assert.True(ledger.IsEmpty);
        ledger.Reload();
        Assert.True(Knows(ledger, s_anna));
    }

    [Fact]
    public async Task A_start_says_how_many_outcomes_a_fall_left_unknown_and_a_process_that_drains_still_writes_its_own()
    {
        var told = new List<string>();
        DeliveryLedger draining = Open();
        await draining.OpenAsync(s_message, [s_anna, s_max]);
        Open(new Recorder(told)).ReportUnknown();
        Assert.Contains("for 2 recipients", Assert.Single(told), StringComparison.Ordinal);
        await draining.ServedAsync(s_message, [s_anna]);
        Assert.True(Knows(Open(), s_anna));
    }

    [Fact]
    public async Task Where_the_disk_fails_after_the_servers_word_this_process_still_knows()
    {
        DeliveryLedger ledger = Open();
        await ledger.OpenAsync(s_message, [s_anna]);
        _database.Break();
        await ledger.ServedAsync(s_message, [s_anna]);
        Assert.True(Knows(ledger, s_anna));
        await Assert.ThrowsAsync<LedgerException>(() => ledger.OpenAsync(s_message, [s_anna]));
    }

    private sealed class Recorder(List<string> told) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => told.Add(formatter(state, exception));
    }
}
