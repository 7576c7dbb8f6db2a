using System.Collections.Concurrent;
using System.Diagnostics;
using Cstp.Abstractions;
using Cstp.Core.Smtp;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Interceptors;

/// <summary>Pass, refuse, delay, drop and throw, at each event, as client and server see it.</summary>
public sealed class InterceptorTests
{
    private const string Message = "From: bob@intel.test\r\nTo: anna@amd.test\r\n\r\nHello\r\n";

    public static TheoryData<string> Events => ["Connected", "Hello", "Mail", "Recipient", "Data", "Message"];

    [Fact]
    public async Task What_passes_is_observed_in_order_with_one_session_and_its_notes()
    {
        var seen = new ConcurrentQueue<string>();
        var first = new Interceptor
        {
            Decision = (session, _) =>
            {
                session.Notes["fixture.count"] = (int.Parse(session.Notes.TryGetValue("fixture.count", out string? count) ? count : "0", null) + 1).ToString(null as IFormatProvider);
                return InterceptorVerdict.Pass;
            },
        };
        var second = new Interceptor { Observer = (session, happened) => seen.Enqueue($"{happened.GetType().Name} {session.Side} {session.Notes["fixture.count"]}") };
        await using var net = new Net(first, second);
        Assert.StartsWith("250", await net.SendAsync(), StringComparison.Ordinal);
        await UntilAsync(() => seen.Any(s => s.StartsWith("Closed", StringComparison.Ordinal)));
        Assert.Equal(
            [
                "Connected Outside 1", "Hello Outside 2", "Replied Outside 2", "Mail Outside 3", "Replied Outside 3", "Recipient Outside 4", "Replied Outside 4",
                "Data Outside 5", "Message Outside 6", "Answered Outside 6", "Replied Outside 6", "Closed Outside 6",
            ],
            seen);
        Assert.Equal(Message, Assert.Single(net.Server.Messages).Text);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task A_refusal_is_the_answer_and_the_server_never_sees_a_message(string at)
    {
        await using var net = new Net(Interceptor.At(at, () => new InterceptorVerdict.Refuse(new Reply(550, "5.7.1", "Not today"))));
        Assert.Equal(at switch { "Connected" => "554 Not today", "Hello" => "550 Not today", _ => "550 5.7.1 Not today" }, await net.SendAsync());
        Assert.Empty(net.Server.Messages);
    }

    /// <summary>A banner is 220, 421 or 554 (RFC 5321 3.1, 4.3.2), and before EHLO there are no enhanced codes (RFC 2034 4).</summary>
    private static string Failed(string at) => at switch { "Connected" => "421 A check", "Hello" => "451 A check", _ => "451 4.7.5 A check" };

    [Theory]
    [MemberData(nameof(Events))]
    public async Task One_that_throws_fails_the_transaction_and_nothing_passes_unseen(string at)
    {
        await using var net = new Net(Interceptor.At(at, () => throw new InvalidOperationException("broken")));
        Assert.StartsWith(Failed(at), await net.SendAsync(), StringComparison.Ordinal);
        Assert.Empty(net.Server.Messages);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task One_that_answers_nothing_or_refuses_with_a_positive_reply_is_broken_too(string at)
    {
        foreach (InterceptorVerdict? verdict in new InterceptorVerdict?[] { null, new InterceptorVerdict.Refuse(new Reply(250, null, "Ok")) })
        {
            await using var net = new Net(Interceptor.At(at, () => verdict!));
            Assert.StartsWith(Failed(at), await net.SendAsync(), StringComparison.Ordinal);
            Assert.Empty(net.Server.Messages);
        }
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task A_drop_closes_without_a_word_and_without_end_of_data(string at)
    {
        await using var net = new Net(Interceptor.At(at, () => new InterceptorVerdict.Drop()));
        Assert.Null(await net.SendAsync());
        Assert.Empty(net.Server.Messages);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task A_delay_waits_and_goes_on(string at)
    {
        await using var net = new Net(Interceptor.At(at, () => new InterceptorVerdict.Delay(TimeSpan.FromMilliseconds(120))));
        var clock = Stopwatch.StartNew();
        Assert.StartsWith("250", await net.SendAsync(), StringComparison.Ordinal);
        Assert.InRange(clock.ElapsedMilliseconds, 110, 20_000);
        Assert.Single(net.Server.Messages);
    }

    [Fact]
    public async Task The_first_verdict_in_the_configured_order_holds()
    {
        await using var net = new Net(
            Interceptor.At("Mail", () => new InterceptorVerdict.Delay(TimeSpan.FromMilliseconds(1))),
            Interceptor.At("Mail", () => new InterceptorVerdict.Refuse(new Reply(450, "4.7.1", "Second"))),
            Interceptor.At("Mail", () => new InterceptorVerdict.Refuse(new Reply(550, "5.7.1", "Third"))));
        Assert.Equal("450 4.7.1 Second", await net.SendAsync());
    }

    [Fact]
    public async Task One_that_throws_while_observing_changes_nothing()
    {
        await using var net = new Net(new Interceptor { Observer = (_, _) => throw new InvalidOperationException("broken") });
        Assert.StartsWith("250", await net.SendAsync(), StringComparison.Ordinal);
        Assert.Equal(Message, Assert.Single(net.Server.Messages).Text);
    }

    [Fact]
    public async Task After_a_refused_recipient_the_others_get_the_message()
    {
        await using var net = new Net(new Interceptor
        {
            Decision = (_, about) => about is SmtpEvent.Recipient { ForwardPath.LocalPart: "max" } ? new InterceptorVerdict.Refuse(new Reply(550, "5.1.1", "Nobody")) : InterceptorVerdict.Pass,
        });
        using var client = new RawClient(net.Box.OutsidePort);
        await client.BeginAsync("bob@intel.test", "anna@amd.test");
        Assert.Equal("550 5.1.1 Nobody", await client.AskAsync("RCPT TO:<max@amd.test>"));
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(["RCPT TO:<anna@amd.test>"], Assert.Single(net.Server.Messages).Recipients);
    }

    [Fact]
    public async Task Every_reply_to_a_command_is_observed_in_order_with_whose_word_it_is()
    {
        var seen = new ConcurrentQueue<SmtpEvent>();
        await using var net = new Net(new Interceptor
        {
            Decision = (_, about) => about is SmtpEvent.Recipient { ForwardPath.LocalPart: "max" } ? new InterceptorVerdict.Refuse(new Reply(450, "4.7.1", "Later")) : InterceptorVerdict.Pass,
            Observer = (_, happened) =>
            {
                if (happened is SmtpEvent.Replied or SmtpEvent.Answered)
                    seen.Enqueue(happened);
            },
        });
        net.Server.Answer = line => line.Contains("nobody", StringComparison.Ordinal) ? "550 5.1.1 Nobody" : line.StartsWith("AUTH", StringComparison.Ordinal) ? "535 5.7.8 No" : null;
        net.Server.Extensions += "\nAUTH PLAIN";
        using var client = new RawClient(net.Box.OutsidePort);
        await client.ReadReplyAsync();
        await client.AskAsync("EHLO client.test");
        await client.AskAsync("AUTH PLAIN AGEAYg==");
        await client.SendAsync("NONSENSE\r\nMAIL FROM:<bob@intel.test>\r\nRCPT TO:<nobody@amd.test>\r\nRCPT TO:<max@amd.test>\r\nRCPT TO:<anna@amd.test>\r\n");
        for (int i = 0; i < 5; i++)
            await client.ReadReplyAsync();
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        await client.AskAsync("QUIT");
        Assert.Equal(
            [
                new SmtpEvent.Replied("EHLO", 250, true), new SmtpEvent.Replied("AUTH", 535, true), new SmtpEvent.Replied("NONSENSE", 500, false),
                new SmtpEvent.Replied("MAIL", 250, true), new SmtpEvent.Replied("RCPT", 550, true), new SmtpEvent.Replied("RCPT", 450, false),
                new SmtpEvent.Replied("RCPT", 250, true), new SmtpEvent.Answered(250), new SmtpEvent.Replied("QUIT", 221, true),
            ],
            seen);
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task After_a_refusal_with_421_the_session_ends(string at)
    {
        await using var net = new Net(Interceptor.At(at, () => new InterceptorVerdict.Refuse(new Reply(421, "4.7.0", "Enough"))));
        using var client = new RawClient(net.Box.OutsidePort);
        string? reply = await client.ReadReplyAsync();
        foreach (string command in new[] { "EHLO client.test", "MAIL FROM:<bob@intel.test>", "RCPT TO:<anna@amd.test>" })
        {
            if (!reply!.StartsWith("421", StringComparison.Ordinal))
                reply = await client.AskAsync(command);
        }
        if (!reply!.StartsWith("421", StringComparison.Ordinal))
            reply = await client.SendMessageAsync(Message);
        Assert.StartsWith("421 ", reply, StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Empty(net.Server.Messages);
    }

    [Fact]
    public async Task Who_speaks_before_the_greeting_is_known_before_and_after_it()
    {
        var seen = new ConcurrentQueue<string>();
        var spoke = new TaskCompletionSource();
        await using var net = new Net(new Interceptor
        {
            Waiting = async (session, about) =>
            {
                if (about is SmtpEvent.Connected)
                {
                    seen.Enqueue($"connected {session.SpokeBeforeGreeting}");
                    await spoke.Task;
                    await UntilAsync(() => session.SpokeBeforeGreeting);
                    seen.Enqueue($"later {session.SpokeBeforeGreeting}");
                }
                else if (about is SmtpEvent.Hello)
                {
                    seen.Enqueue($"hello {session.SpokeBeforeGreeting}");
                }
            },
        });
        using var client = new RawClient(net.Box.OutsidePort);
        await UntilAsync(() => !seen.IsEmpty);
        await client.SendAsync("EHLO client.test\r\n");
        spoke.SetResult();
        Assert.StartsWith("220", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal(["connected False", "later True", "hello True"], seen);
    }

    [Fact]
    public async Task Who_waits_for_the_greeting_never_counts_as_early()
    {
        var seen = new ConcurrentQueue<bool>();
        await using var net = new Net(new Interceptor { Observer = (session, _) => seen.Enqueue(session.SpokeBeforeGreeting) });
        Assert.StartsWith("250", await net.SendAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(true, seen);
    }

    [Fact]
    public async Task The_time_of_an_interceptor_is_not_the_clients_and_not_the_servers()
    {
        var impatient = new SmtpOptions { ConnectTimeout = TimeSpan.FromMilliseconds(400), CommandTimeout = TimeSpan.FromMilliseconds(400) };
        await using var net = new Net(impatient, new Interceptor
        {
            Decision = (_, about) => about is SmtpEvent.Connected or SmtpEvent.Mail ? new InterceptorVerdict.Delay(TimeSpan.FromMilliseconds(600)) : InterceptorVerdict.Pass,
        });
        Assert.StartsWith("250", await net.SendAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replies_of_a_pipelined_group_do_not_wait_until_all_of_it_was_decided()
    {
        var held = new TaskCompletionSource();
        await using var net = new Net(new Interceptor
        {
            Waiting = async (_, about) =>
            {
                if (about is SmtpEvent.Recipient { ForwardPath.LocalPart: "anna" })
                    await Task.Delay(1100);
                if (about is SmtpEvent.Recipient { ForwardPath.LocalPart: "max" })
                    await held.Task;
            },
        });
        using var client = new RawClient(net.Box.OutsidePort);
        await client.BeginAsync("bob@intel.test");
        await client.SendAsync("RCPT TO:<anna@amd.test>\r\nRCPT TO:<max@amd.test>\r\n");
        await UntilAsync(() => net.Server.Commands.Contains("RCPT TO:<anna@amd.test>"));
        held.SetResult();
        Assert.Equal("250 2.1.5 Ok", await client.ReadReplyAsync());
        Assert.Equal("250 2.1.5 Ok", await client.ReadReplyAsync());
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task A_box_that_stops_waits_for_no_interceptor(string at)
    {
        var reached = new TaskCompletionSource();
        var net = new Net(Interceptor.At(at, () =>
        {
            reached.TrySetResult();
            return new InterceptorVerdict.Delay(TimeSpan.FromMinutes(1));
        }));
        Task<string?> sending = net.SendAsync();
        await reached.Task.WaitAsync(RawClient.Patience);
        await net.DisposeAsync().AsTask().WaitAsync(RawClient.Patience);
        Assert.Null(await sending);
        Assert.Empty(net.Server.Messages);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RawClient.Patience);
        while (!condition())
            await Task.Delay(5, patience.Token);
    }

    private sealed class Interceptor : ISmtpInterceptor
    {
        public Func<ISmtpSessionInfo, SmtpEvent, InterceptorVerdict> Decision { get; init; } = (_, _) => InterceptorVerdict.Pass;

        public Func<ISmtpSessionInfo, SmtpEvent, Task> Waiting { get; init; } = (_, _) => Task.CompletedTask;

        public Action<ISmtpSessionInfo, SmtpEvent> Observer { get; init; } = (_, _) => { };

        public static Interceptor At(string name, Func<InterceptorVerdict> verdict) => new() { Decision = (_, about) => about.GetType().Name == name ? verdict() : InterceptorVerdict.Pass };

        public void Observe(ISmtpSessionInfo session, SmtpEvent happened) => Observer(session, happened);

        public async ValueTask<InterceptorVerdict> DecideAsync(ISmtpSessionInfo session, SmtpEvent about, CancellationToken cancel)
        {
            await Waiting(session, about);
            return Decision(session, about);
        }
    }

    private sealed class Net : IAsyncDisposable
    {
        public Net(params ISmtpInterceptor[] interceptors)
            : this(new SmtpOptions(), interceptors)
        {
        }

        public Net(SmtpOptions smtp, params ISmtpInterceptor[] interceptors) => Box = new TestBox("amd.test", Server.Port, Server.Port, smtp: smtp, interceptors: interceptors);

        public RecordingServer Server { get; } = new();

        public TestBox Box { get; }

        /// <summary>A whole session; gives the first reply that is not positive, null where the connection ended, or the last one.</summary>
        public async Task<string?> SendAsync()
        {
            using var client = new RawClient(Box.OutsidePort);
            string? reply = await client.ReadReplyAsync();
            foreach (string command in new[] { "EHLO client.test", "MAIL FROM:<bob@intel.test>", "RCPT TO:<anna@amd.test>" })
            {
                if (reply is null || reply[0] > '3')
                    return reply;
                reply = await client.AskAsync(command);
            }
            if (reply is null || reply[0] > '3')
                return reply;
            reply = await client.SendMessageAsync(Message);
            if (reply is not null)
                await client.AskAsync("QUIT");
            return reply;
        }

        public async ValueTask DisposeAsync()
        {
            await Box.DisposeAsync();
            await Server.DisposeAsync();
        }
    }
}
