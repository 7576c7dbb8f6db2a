using System.Diagnostics.Metrics;
using System.Net;
using Cstp.Abstractions;
using Cstp.GuardConnections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Guard;

/// <summary>What the guard decides, event by event, on a clock that stands.</summary>
public sealed class ConnectionGuardTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<ConnectionGuard> _guards = [];

    public void Dispose() => _guards.ForEach(guard => guard.Dispose());

    private ConnectionGuard Guard(GuardSettings settings)
    {
        var guard = new ConnectionGuard(settings, NullLogger<ConnectionGuard>.Instance, _time);
        _guards.Add(guard);
        return guard;
    }

    private static async Task<string> Decide(ConnectionGuard guard, Session session, SmtpEvent about)
    {
        InterceptorVerdict verdict = await guard.DecideAsync(session, about, CancellationToken.None);
        if (verdict is InterceptorVerdict.Passed or InterceptorVerdict.Delay)
            guard.Observe(session, verdict is InterceptorVerdict.Delay ? new SmtpEvent.Replied("", 250, false) : about);
        return verdict switch
        {
            InterceptorVerdict.Refuse refuse => refuse.Reply.ToString(),
            InterceptorVerdict.Delay delay => $"delay {delay.Duration.TotalSeconds}",
            InterceptorVerdict.Drop => "drop",
            _ => "pass",
        };
    }

    private static Task<string> Connect(ConnectionGuard guard, Session session) => Decide(guard, session, new SmtpEvent.Connected());

    private static Task<string> Hello(ConnectionGuard guard, Session session, string name = "mail.intel.test") => Decide(guard, session, new SmtpEvent.Hello(name));

    private static Task<string> Mail(ConnectionGuard guard, Session session) => Decide(guard, session, new SmtpEvent.Mail(null, ""));

    private static Task<string> Recipient(ConnectionGuard guard, Session session) => Decide(guard, session, new SmtpEvent.Recipient(Mailbox.Parse("anna@amd.test"), ""));

    private static void Reply(ConnectionGuard guard, Session session, string verb, int code, bool isFromServer = true) => guard.Observe(session, new SmtpEvent.Replied(verb, code, isFromServer));

    [Theory]
    [InlineData("198.51.100.1", "pass")]
    [InlineData("::ffff:198.51.100.1", "pass")]
    [InlineData("198.51.100.2", "554 5.7.1 Mail from 198.51.100.2 is not accepted here; ask the administrator of this domain")]
    [InlineData("::ffff:198.51.100.2", "554 5.7.1 Mail from 198.51.100.2 is not accepted here; ask the administrator of this domain")]
    [InlineData("2001:db8:5::1", "554 5.7.1 Mail from 2001:db8:5::1 is not accepted here; ask the administrator of this domain")]
    [InlineData("2001:db8:6::1", "pass")]
    public async Task The_deny_list_turns_away_and_the_allow_list_goes_before_it(string address, string verdict) =>
        Assert.Equal(verdict, await Connect(Guard(new() { Allow = ["198.51.100.1"], Deny = ["198.51.100.0/24", "2001:db8:5::/48"] }), new(address)));

    [Fact]
    public async Task The_denied_may_be_dropped_without_a_word() =>
        Assert.Equal("drop", await Connect(Guard(new() { Deny = ["198.51.100.0/24"], Denied = DeniedAnswer.Drop }), new("198.51.100.2")));

    [Theory]
    [InlineData(Side.Inside, false, "pass")]
    [InlineData(Side.Outside, false, "554")]
    [InlineData(Side.Inside, true, "554")]
    public async Task Only_the_outside_is_guarded_unless_the_settings_say_more(Side side, bool both, string verdict)
    {
        var settings = new GuardSettings { Deny = ["0.0.0.0/0"] };
        if (both)
            settings.Guard.Add(Side.Inside);
        Assert.StartsWith(verdict, await Connect(Guard(settings), new("198.51.100.2") { Side = side }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Allowed_clients_have_no_limits_at_all()
    {
        ConnectionGuard guard = Guard(new() { Allow = ["198.51.100.0/24"], Client = new() { Sessions = 1, MessagesPerMinute = 1 }, HelloInvalid = SignAction.Refuse });
        for (int i = 0; i < 10; i++)
        {
            var session = new Session("198.51.100.1");
            Assert.Equal(["pass", "pass", "pass"], [await Connect(guard, session), await Hello(guard, session, "x"), await Mail(guard, session)]);
        }
        Assert.Equal(0, guard.Ledger.Clients);
    }

    [Fact]
    public async Task Sessions_at_once_are_limited_and_counted_down_when_they_close()
    {
        ConnectionGuard guard = Guard(new() { Client = new() { Sessions = 2 } });
        Session one = new("198.51.100.1"), two = new("198.51.100.1"), three = new("198.51.100.1");
        Assert.Equal(["pass", "pass"], [await Connect(guard, one), await Connect(guard, two)]);
        Assert.Equal("421 4.7.0 Too many sessions at once from 198.51.100.1; slow down and try again later", await Connect(guard, three));
        guard.Observe(three, new SmtpEvent.Closed());
        Assert.StartsWith("421", await Connect(guard, new("198.51.100.1")), StringComparison.Ordinal);
        guard.Observe(one, new SmtpEvent.Closed());
        guard.Observe(one, new SmtpEvent.Closed());
        Assert.Equal("pass", await Connect(guard, new("198.51.100.1")));
        Assert.StartsWith("421", await Connect(guard, new("198.51.100.1")), StringComparison.Ordinal);
        Assert.Equal(2, guard.Sessions);
    }

    [Fact]
    public async Task Messages_and_recipients_are_limited_over_all_sessions_of_a_client_and_come_back_with_time()
    {
        ConnectionGuard guard = Guard(new() { Client = new() { MessagesPerMinute = 2, RecipientsPerMinute = 3 } });
        Session one = new("198.51.100.1"), two = new("198.51.100.1"), other = new("198.51.100.2");
        await Connect(guard, one);
        await Connect(guard, two);
        await Connect(guard, other);
        Assert.Equal(["pass", "pass"], [await Mail(guard, one), await Mail(guard, two)]);
        Assert.Equal("450 4.7.0 Too many messages a minute from 198.51.100.1; slow down and try again later", await Mail(guard, one));
        Assert.Equal(["pass", "pass", "pass"], [await Recipient(guard, one), await Recipient(guard, two), await Recipient(guard, two)]);
        Assert.Equal("450 4.7.0 Too many recipients a minute from 198.51.100.1; slow down and try again later", await Recipient(guard, one));
        Assert.Equal(["pass", "pass"], [await Mail(guard, other), await Recipient(guard, other)]);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(["pass", "pass"], [await Mail(guard, one), await Recipient(guard, one)]);
    }

    [Fact]
    public async Task Too_many_errors_end_the_session_and_turn_away_the_next_until_they_are_forgotten()
    {
        ConnectionGuard guard = Guard(new() { Client = new() { ErrorsPerMinute = 3 } });
        var session = new Session("198.51.100.1");
        await Connect(guard, session);
        Reply(guard, session, "AUTH", 535);
        Reply(guard, session, "NONSENSE", 500, isFromServer: false);
        Reply(guard, session, "RCPT", 550);
        Reply(guard, session, "MAIL", 451);
        Assert.Equal("pass", await Mail(guard, session));
        Reply(guard, session, "AUTH", 535);
        Assert.Equal("421 4.7.0 Too many errors a minute from 198.51.100.1; slow down and try again later", await Mail(guard, session));
        Assert.StartsWith("421", await Connect(guard, new("198.51.100.1")), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal("pass", await Connect(guard, new("198.51.100.1")));
    }

    [Theory]
    [InlineData(SignAction.Off, "pass", "pass")]
    [InlineData(SignAction.Log, "pass", "pass")]
    [InlineData(SignAction.Slow, "delay 10", "delay 10")]
    [InlineData(SignAction.Refuse, "554 5.5.1 You spoke before the greeting; wait for it (RFC 5321 3.1)", "pass")]
    public async Task An_early_talker_is_met_as_the_settings_say(SignAction action, string connected, string next)
    {
        ConnectionGuard guard = Guard(new() { EarlyTalker = action });
        var session = new Session("198.51.100.1") { SpokeBeforeGreeting = true };
        Assert.Equal(connected, await Connect(guard, session));
        Assert.Equal(next, await Connect(guard, new("198.51.100.1")));
        Assert.Equal("pass", await Connect(guard, new("198.51.100.2")));
    }

    [Fact]
    public async Task Who_talks_early_while_the_server_is_connected_to_is_met_at_its_hello()
    {
        ConnectionGuard guard = Guard(new() { EarlyTalker = SignAction.Refuse });
        var session = new Session("198.51.100.1");
        Assert.Equal("pass", await Connect(guard, session));
        session.SpokeBeforeGreeting = true;
        Assert.StartsWith("554", await Hello(guard, session), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "pass")]
    [InlineData(true, "554")]
    public async Task The_greeting_waits_and_who_does_not_wait_for_it_is_found(bool speaks, string verdict)
    {
        ConnectionGuard guard = Guard(new() { GreetDelay = TimeSpan.FromSeconds(5), EarlyTalker = SignAction.Refuse });
        var session = new Session("198.51.100.1");
        Task<string> connecting = Connect(guard, session);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(connecting.IsCompleted);
        session.SpokeBeforeGreeting = speaks;
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.StartsWith(verdict, await connecting.WaitAsync(TimeSpan.FromSeconds(20)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_delivered_before_is_greeted_at_once()
    {
        ConnectionGuard guard = Guard(new() { GreetDelay = TimeSpan.FromSeconds(5) });
        var session = new Session("198.51.100.1");
        Task<string> connecting = Connect(guard, session);
        _time.Advance(TimeSpan.FromSeconds(5));
        await connecting;
        guard.Observe(session, new SmtpEvent.Answered(550));
        Assert.False(Connect(guard, new("198.51.100.1")).IsCompleted);
        guard.Observe(session, new SmtpEvent.Answered(250));
        Assert.True(Connect(guard, new("198.51.100.1")).IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData("mail.amd.test", SignAction.Slow, "delay 10")]
    [InlineData("[203.0.113.9]", SignAction.Slow, "delay 10")]
    [InlineData("mail.amd.test", SignAction.Refuse, "550 5.7.1")]
    [InlineData("mail.amd.test", SignAction.Log, "pass")]
    [InlineData("mail.intel.test", SignAction.Refuse, "pass")]
    [InlineData("localhost", SignAction.Refuse, "pass")]
    [InlineData("mail.xn--mller-kva.test", SignAction.Refuse, "550 5.7.1")]
    public async Task A_forged_hello_is_met_as_the_settings_say(string name, SignAction action, string verdict)
    {
        ConnectionGuard guard = Guard(new() { OwnNames = ["amd.test", "m\u00fcller.test"], HelloForged = action });
        var session = new Session("198.51.100.1");
        await Connect(guard, session);
        Assert.StartsWith(verdict, await Hello(guard, session, name), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SignAction.Slow, "delay 10")]
    [InlineData(SignAction.Refuse, "550 5.7.1")]
    [InlineData(SignAction.Log, "pass")]
    public async Task So_is_an_invalid_one(SignAction action, string verdict)
    {
        ConnectionGuard guard = Guard(new() { HelloInvalid = action });
        var session = new Session("198.51.100.1");
        await Connect(guard, session);
        Assert.StartsWith(verdict, await Hello(guard, session, "PC-7"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SignAction.Slow, "delay 10", "delay 10")]
    [InlineData(SignAction.Refuse, "450 4.7.1", "pass")]
    [InlineData(SignAction.Off, "pass", "pass")]
    public async Task A_harvest_is_met_as_the_settings_say_and_forgotten_in_time(SignAction action, string recipient, string connected)
    {
        ConnectionGuard guard = Guard(new() { Harvest = action, HarvestRecipients = 5 });
        var session = new Session("198.51.100.1");
        await Connect(guard, session);
        for (int i = 0; i < 4; i++)
            Reply(guard, session, "RCPT", 550);
        for (int i = 0; i < 20; i++)
            Reply(guard, session, "RCPT", 550, isFromServer: false);
        Reply(guard, session, "RCPT", 450);
        Assert.Equal("pass", await Recipient(guard, session));
        Reply(guard, session, "RCPT", 550);
        Assert.StartsWith(recipient, await Recipient(guard, session), StringComparison.Ordinal);
        Assert.Equal(connected, await Connect(guard, new("198.51.100.1")));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("pass", await Recipient(guard, session));
    }

    [Fact]
    public async Task A_suspect_is_slowed_at_each_command_and_the_content_is_left_alone()
    {
        ConnectionGuard guard = Guard(new() { SlowDelay = TimeSpan.FromSeconds(30) });
        var session = new Session("198.51.100.1") { SpokeBeforeGreeting = true };
        Assert.Equal("delay 30", await Connect(guard, session));
        Assert.Equal(["delay 30", "delay 30", "delay 30"], [await Hello(guard, session), await Mail(guard, session), await Recipient(guard, session)]);
        Assert.Equal("delay 30", await Decide(guard, session, new SmtpEvent.Data([])));
        Assert.Equal("pass", await Decide(guard, session, new SmtpEvent.Message(default)));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("pass", await Mail(guard, session));
    }

    [Fact]
    public async Task Above_the_greatest_number_of_slowed_clients_one_more_is_turned_away_until_a_place_is_free()
    {
        ConnectionGuard guard = Guard(new() { MaxSlowed = 2 });
        List<Session> sessions = [];
        for (int i = 0; i < 3; i++)
        {
            sessions.Add(new($"198.51.100.{i}") { SpokeBeforeGreeting = true });
            InterceptorVerdict verdict = await guard.DecideAsync(sessions[i], new SmtpEvent.Connected(), CancellationToken.None);
            Assert.Equal(i < 2 ? typeof(InterceptorVerdict.Delay) : typeof(InterceptorVerdict.Refuse), verdict.GetType());
            if (verdict is InterceptorVerdict.Refuse refuse)
                Assert.Equal("421 4.7.0 Your network is slowed for what it did, and too many are slowed now; try again later", refuse.Reply.ToString());
        }
        Assert.Equal(2, guard.TarPit.Taken);
        guard.Observe(sessions[0], new SmtpEvent.Connected());
        Assert.Equal(1, guard.TarPit.Taken);
        Assert.Equal("delay 10", await Connect(guard, new("198.51.100.2")));
        guard.Observe(sessions[1], new SmtpEvent.Closed());
        Assert.Equal(0, guard.TarPit.Taken);
    }

    [Fact]
    public async Task Refusals_signs_and_what_is_remembered_are_counted()
    {
        var counted = new Dictionary<string, long>();
        using var listener = new MeterListener();
        ConnectionGuard guard = Guard(new() { Client = new() { MessagesPerMinute = 1 } });
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == GuardMetrics.MeterName)
                l.EnableMeasurementEvents(instrument);
        };
        void Count(string name, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string key = $"{name} {(tags.Length > 0 ? tags[0].Value : "")}";
            lock (counted)
                counted[key] = counted.GetValueOrDefault(key) + value;
        }
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.Start();
        var session = new Session("198.51.100.1") { SpokeBeforeGreeting = true };
        await guard.DecideAsync(session, new SmtpEvent.Connected(), CancellationToken.None);
        listener.RecordObservableInstruments();
        await Mail(guard, session);
        await Mail(guard, session);
        lock (counted)
        {
            // Other tests' guards may count into the same meter: no fewer than these.
            foreach (string key in new[] { "cstp.guard.signs early-talker", "cstp.guard.refusals messages", "cstp.guard.slowed ", "cstp.guard.tracked client", "cstp.guard.tracked network" })
                Assert.InRange(counted.GetValueOrDefault(key), 1, long.MaxValue);
        }
    }

    private sealed class Session(string address) : ISmtpSessionInfo
    {
        public string Id => "s1";

        public Side Side { get; init; } = Side.Outside;

        public EndPoint Client { get; } = new IPEndPoint(IPAddress.Parse(address), 4711);

        public EndPoint Server { get; } = new IPEndPoint(IPAddress.Parse("203.0.113.1"), 25);

        public bool SpokeBeforeGreeting { get; set; }

        public IDictionary<string, string> Notes { get; } = new Dictionary<string, string>();
    }
}
