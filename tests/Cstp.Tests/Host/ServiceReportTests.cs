using Cstp.Host;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Host;

public sealed class ServiceReportTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Recorder _systemd = new();
    private readonly Life _life = new();

    [Fact]
    public async Task It_says_ready_then_alive_at_half_of_the_watchdogs_patience_then_stopping()
    {
        await using (ServiceReport report = Begin(TimeSpan.FromSeconds(6)))
        {
            Assert.Equal(TimeSpan.FromSeconds(3), report.Interval);
            Assert.Equal("READY=1\nSTATUS=0 sessions in progress", await _systemd.NextAsync());
            _life.Sessions = 7;
            _time.Advance(TimeSpan.FromSeconds(3));
            Assert.Equal("WATCHDOG=1\nSTATUS=7 sessions in progress", await _systemd.NextAsync());
            report.Stopping(TimeSpan.FromSeconds(30));
            Assert.Equal("STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000\nSTATUS=7 sessions in progress", await _systemd.NextAsync());
            _time.Advance(TimeSpan.FromSeconds(3));
            Assert.StartsWith("WATCHDOG=1", await _systemd.NextAsync(), StringComparison.Ordinal);
        }
        Assert.True(_systemd.IsEmpty);
    }

    [Fact]
    public async Task No_sign_of_life_while_something_does_not_work_and_one_again_when_it_does()
    {
        await using ServiceReport report = Begin(TimeSpan.FromSeconds(60));
        Assert.Equal(TimeSpan.FromSeconds(10), report.Interval);
        await _systemd.NextAsync();
        _life.Fault = "a listener is served no more";
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("STATUS=0 sessions in progress", await _systemd.NextAsync());
        _life.Fault = null;
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("WATCHDOG=1\nSTATUS=0 sessions in progress", await _systemd.NextAsync());
    }

    [Fact]
    public async Task Without_watchdog_there_are_no_signs_of_life()
    {
        await using ServiceReport report = Begin(null);
        await _systemd.NextAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("STATUS=0 sessions in progress", await _systemd.NextAsync());
    }

    [Fact]
    public async Task The_probes_octet_arrives_each_time_and_not_without_time()
    {
        using var probe = new LoopbackProbe();
        for (int i = 0; i < 3; i++)
            Assert.True(await probe.AnswersAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.False(await probe.AnswersAsync(TimeSpan.Zero, TestContext.Current.CancellationToken));
        Assert.True(await probe.AnswersAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("8:4711", "socket:[4711]", true)]
    [InlineData("8:4711", "socket:[4712]", false)]
    [InlineData("8:4711", "/var/log/cstp", false)]
    [InlineData("8:", "socket:[]", false)]
    [InlineData("", "socket:[4711]", false)]
    [InlineData(null, "socket:[4711]", false)]
    [InlineData("8:4711", null, false)]
    public void The_journal_is_known_by_the_socket_that_systemd_names(string? variable, string? target, bool isJournal) => Assert.Equal(isJournal, JournalStream.Names(variable, target));

    private ServiceReport Begin(TimeSpan? watchdog) => new(_systemd, _life, watchdog, _time, NullLogger.Instance);

    private sealed class Life : IServiceLife
    {
        public int Sessions { get; set; }

        public string? Fault { get; set; }

        public ValueTask<string?> FaultAsync(TimeSpan limit) => ValueTask.FromResult(Fault);
    }

    /// <summary>What systemd was told, in order.</summary>
    private sealed class Recorder : ISystemdNotifier
    {
        private readonly System.Threading.Channels.Channel<string> _told = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public bool IsEnabled => true;

        public bool IsEmpty => _told.Reader.Count == 0;

        public void Notify(ServiceState state) => Assert.True(_told.Writer.TryWrite(state.ToString()));

        public async Task<string> NextAsync() => await _told.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
