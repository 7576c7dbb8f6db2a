using System.Diagnostics;
using Cstp.GuardConnections;
using Cstp.Tests.EndToEnd;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Tests.Guard;

/// <summary>The guard in a box, as client and server see it.</summary>
public sealed class GuardInSessionTests
{
    private const string Message = "From: bob@intel.test\r\nTo: anna@amd.test\r\n\r\nHello\r\n";

    [Fact]
    public async Task With_the_defaults_mail_passes_as_ever()
    {
        await using var net = new Net(new());
        using var client = new RawClient(net.Box.OutsidePort);
        await client.BeginAsync("bob@intel.test", "anna@amd.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(Message, Assert.Single(net.Server.Messages).Text);
    }

    [Fact]
    public async Task The_server_is_not_connected_to_for_those_that_are_turned_away()
    {
        await using var net = new Net(new() { Deny = ["127.0.0.0/8"] });
        using var client = new RawClient(net.Box.OutsidePort);
        Assert.Equal("554 Mail from 127.0.0.1 is not accepted here; ask the administrator of this domain", await client.ReadReplyAsync());
        Assert.Null(await client.ReadReplyAsync());
        Assert.Equal(0, net.Box.Network.Connections);
        using var inside = new RawClient(net.Box.InsidePort);
        Assert.StartsWith("220", await inside.ReadReplyAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_session_more_than_allowed_waits_until_another_is_over()
    {
        await using var net = new Net(new() { Client = new() { Sessions = 1 } });
        using (var one = new RawClient(net.Box.OutsidePort))
        {
            Assert.StartsWith("220", await one.ReadReplyAsync(), StringComparison.Ordinal);
            using var two = new RawClient(net.Box.OutsidePort);
            Assert.Equal("421 Too many sessions at once from 127.0.0.1; slow down and try again later", await two.ReadReplyAsync());
            Assert.StartsWith("221", await one.AskAsync("QUIT"), StringComparison.Ordinal);
        }
        await UntilAsync(() => net.Guard.Sessions == 0);
        using var three = new RawClient(net.Box.OutsidePort);
        Assert.StartsWith("220", await three.ReadReplyAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_above_the_rate_is_refused_and_the_session_goes_on()
    {
        await using var net = new Net(new() { Client = new() { MessagesPerMinute = 1 } });
        using var client = new RawClient(net.Box.OutsidePort);
        await client.BeginAsync("bob@intel.test", "anna@amd.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal("450 4.7.0 Too many messages a minute from 127.0.0.1; slow down and try again later", await client.AskAsync("MAIL FROM:<bob@intel.test>"));
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Single(net.Server.Messages);
    }

    [Fact]
    public async Task Guessing_passwords_ends_the_session()
    {
        await using var net = new Net(new() { Client = new() { ErrorsPerMinute = 2 } });
        net.Server.Extensions += "\nAUTH PLAIN";
        net.Server.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? "535 5.7.8 Authentication failed" : null;
        using var client = new RawClient(net.Box.OutsidePort);
        await client.ReadReplyAsync();
        await client.AskAsync("EHLO client.test");
        Assert.StartsWith("535", await client.AskAsync("AUTH PLAIN AGEAYQ=="), StringComparison.Ordinal);
        Assert.StartsWith("535", await client.AskAsync("AUTH PLAIN AGEAYg=="), StringComparison.Ordinal);
        Assert.Equal("421 4.7.0 Too many errors a minute from 127.0.0.1; slow down and try again later", await client.AskAsync("MAIL FROM:<bob@intel.test>"));
        Assert.Null(await client.ReadReplyAsync());
    }

    [Fact]
    public async Task An_early_talker_is_refused_before_the_server_is_connected_to()
    {
        await using var net = new Net(new() { GreetDelay = TimeSpan.FromMilliseconds(400), EarlyTalker = SignAction.Refuse });
        using (var early = new RawClient(net.Box.OutsidePort))
        {
            await early.SendAsync("EHLO client.test\r\nMAIL FROM:<bob@intel.test>\r\n");
            Assert.Equal("554 You spoke before the greeting; wait for it (RFC 5321 3.1)", await early.ReadReplyAsync());
            Assert.Null(await early.ReadReplyAsync());
        }
        Assert.Equal(0, net.Box.Network.Connections);
        using var polite = new RawClient(net.Box.OutsidePort);
        await polite.BeginAsync("bob@intel.test", "anna@amd.test");
        Assert.StartsWith("250", await polite.SendMessageAsync(Message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_harvest_of_pipelined_recipients_is_found_by_what_the_server_says()
    {
        await using var net = new Net(new() { Harvest = SignAction.Refuse, HarvestRecipients = 5 });
        net.Server.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 Nobody" : null;
        using var client = new RawClient(net.Box.OutsidePort);
        await client.BeginAsync("bob@intel.test");
        for (int i = 0; i < 5; i++)
            Assert.Equal("550 5.1.1 Nobody", await client.AskAsync($"RCPT TO:<a{i}@amd.test>"));
        Assert.Equal("450 4.7.1 Too many of your recipients are unknown here; clean your list and try again later", await client.AskAsync("RCPT TO:<anna@amd.test>"));
    }

    [Fact]
    public async Task A_suspect_is_slowed_and_its_mail_arrives_all_the_same()
    {
        await using var net = new Net(new() { OwnNames = ["amd.test"], SlowDelay = TimeSpan.FromMilliseconds(300) });
        using var client = new RawClient(net.Box.OutsidePort);
        Assert.StartsWith("220", await client.ReadReplyAsync(), StringComparison.Ordinal);
        var clock = Stopwatch.StartNew();
        Assert.StartsWith("250", await client.AskAsync("EHLO mail.amd.test"), StringComparison.Ordinal);
        await client.AddressAsync("bob@intel.test", "anna@amd.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.InRange(clock.ElapsedMilliseconds, 4 * 290, 60_000);
        Assert.Equal(Message, Assert.Single(net.Server.Messages).Text);
        Assert.Equal(0, net.Guard.TarPit.Taken);
    }

    [Fact]
    public async Task Those_that_give_up_leave_the_tar_pit()
    {
        await using var net = new Net(new() { HelloInvalid = SignAction.Slow, SlowDelay = TimeSpan.FromSeconds(1), MaxSlowed = 3 });
        for (int i = 0; i < 3; i++)
        {
            using var client = new RawClient(net.Box.OutsidePort);
            await client.ReadReplyAsync();
            await client.SendAsync("EHLO localhost\r\n");
            await UntilAsync(() => net.Guard.TarPit.Taken > 0);
            client.Reset();
        }
        await UntilAsync(() => net.Guard is { Sessions: 0, TarPit.Taken: 0 });
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RawClient.Patience);
        while (!condition())
            await Task.Delay(5, patience.Token);
    }

    private sealed class Net : IAsyncDisposable
    {
        public Net(GuardSettings settings)
        {
            Guard = new ConnectionGuard(settings, NullLogger<ConnectionGuard>.Instance, TimeProvider.System);
            Box = new TestBox("amd.test", Server.Port, Server.Port, interceptors: [Guard]);
        }

        public ConnectionGuard Guard { get; }

        public RecordingServer Server { get; } = new();

        public TestBox Box { get; }

        public async ValueTask DisposeAsync()
        {
            await Box.DisposeAsync();
            await Server.DisposeAsync();
            Guard.Dispose();
        }
    }
}
