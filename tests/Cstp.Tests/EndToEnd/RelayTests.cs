using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.EndToEnd;

/// <summary>Parts of a message that cannot go to the client's own server.</summary>
public sealed class RelayTests
{
    private const string Anna = MixedBox.Anna, Max = MixedBox.Max;

    [Theory]
    [InlineData("CONNECT", "421 4.7.0 Too many connections from you")]
    [InlineData("CONNECT", "554 5.7.1 One is enough")]
    [InlineData("MAIL", "451 4.7.1 Busy with your other one")]
    [InlineData("RCPT", "450 4.7.1 Busy with your other one")]
    public async Task What_a_server_refuses_on_a_second_connection_goes_through_the_relay_and_next_time_at_once(string when, string reply)
    {
        await using var box = new MixedBox(relay: true);
        box.RefuseSecond(when, reply);
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            (_, string? end) = await box.SendAsync(MixedBox.Message(), Anna, Max);
            Assert.Equal("250 2.0.0 Ok: queued", end);
            Assert.Equal([$"RCPT TO:<{Anna}>"], box.Server.Messages.Last().Recipients);
            RecordedMessage relayed = box.Relay.Messages.Last();
            Assert.Equal([$"RCPT TO:<{Max}>"], relayed.Recipients);
            Assert.Equal(MixedBox.Message(), relayed.Text);
            Assert.Equal(attempt, box.Relay.Messages.Count);
            Assert.Equal(attempt, box.Server.Messages.Count);
            await box.UntilForgottenAsync();
        }
        Assert.Equal(3, box.Connections);
        Assert.Contains("EHLO cstp.amd.test", box.Relay.Commands);
        Assert.Equal($"127.0.0.1:{box.Server.Port}", Assert.Single(box.Box.Box.Routes.All).Destination);
    }

    [Fact]
    public async Task What_was_learned_is_known_after_a_restart_and_forgotten_where_there_is_no_relay_and_the_server_takes_it()
    {
        await using var box = new MixedBox();
        box.RefuseSecond("CONNECT", "421 4.7.0 Too many");
        Assert.StartsWith("451 4.4.2", (await box.SendAsync(MixedBox.Message(), Anna, Max)).End, StringComparison.Ordinal);
        await box.RestartAsync();
        Assert.Contains("Too many", Assert.Single(box.Box.Box.Routes.All).Reason, StringComparison.Ordinal);
        box.Server.Answer = _ => null;
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message(), Anna, Max)).End);
        Assert.Empty(box.Box.Box.Routes.All);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_authenticated_session_is_never_split_onto_a_second_connection(bool relay)
    {
        await using var box = new MixedBox(relay);
        box.Server.Extensions = "AUTH PLAIN\nENHANCEDSTATUSCODES";
        box.Server.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? "235 2.7.0 Welcome" : null;
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        Assert.StartsWith("235", await client.AskAsync("AUTH PLAIN AGEAYg=="), StringComparison.Ordinal);
        await client.AddressAsync(MixedBox.Juro, Anna, Max);
        Assert.StartsWith(relay ? "250" : "451 4.7.5", await client.SendMessageAsync(MixedBox.Message()), StringComparison.Ordinal);
        Assert.Equal(1, box.Connections);
        Assert.Equal(relay ? 1 : 0, box.Relay.Messages.Count);
        Assert.Equal(relay ? 1 : 0, box.Server.Messages.Count);
    }

    [Fact]
    public async Task T16_nothing_that_came_from_outside_goes_through_the_relay()
    {
        await using var box = new MixedBox(relay: true);
        box.RefuseSecond("CONNECT", "421 4.7.0 Too many");
        using RawClient client = await RawClient.GreetedAsync(box.Box.OutsidePort);
        await client.AddressAsync("eve@evil.test", "juro@amd.test", "victim@elsewhere.test");
        // A forged field makes the message two: it is taken out for the local user alone.
        Assert.StartsWith("451 4.4.2", await client.SendMessageAsync($"Authentication-Results: cstp.amd.test; smime=pass\r\n{MixedBox.Message()}"), StringComparison.Ordinal);
        Assert.Empty(box.Relay.Commands);
        Assert.Empty(box.Server.Messages);
    }

    [Fact]
    public async Task What_the_sender_asked_for_and_the_relay_does_not_offer_is_not_dropped_in_silence()
    {
        await using var box = new MixedBox(relay: true);
        box.Relay.Extensions = "PIPELINING";
        box.RefuseSecond("CONNECT", "421 4.7.0 Too many");
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await client.AskAsync($"MAIL FROM:<{MixedBox.Juro}> RET=HDRS");
        await client.AskAsync($"RCPT TO:<{Anna}>");
        await client.AskAsync($"RCPT TO:<{Max}> NOTIFY=SUCCESS");
        Assert.StartsWith("451 4.4.2", await client.SendMessageAsync(MixedBox.Message()), StringComparison.Ordinal);
        Assert.Empty(box.Server.Messages);
        Assert.Empty(box.Relay.Messages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_plan_may_send_everything_through_the_relay(bool relay)
    {
        await using var box = new MixedBox(relay, new AllRelayed());
        (_, string? end) = await box.SendAsync(MixedBox.Message(), Anna, Max);
        Assert.StartsWith(relay ? "250" : "451 4.3.5", end, StringComparison.Ordinal);
        Assert.Equal(relay ? 2 : 0, box.Relay.Messages.Count);
        Assert.Empty(box.Server.Messages);
    }

    [Theory]
    [InlineData("250 2.0.0 Ok: queued", Anna)]
    [InlineData("451 4.4.2", Anna, Max)]
    public async Task What_became_base64_needs_no_relay_that_takes_8_bit(string reply, params string[] to)
    {
        await using var box = new MixedBox(relay: true, new AllRelayed());
        box.Relay.Extensions = "ENHANCEDSTATUSCODES";
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await client.AskAsync($"MAIL FROM:<{MixedBox.Juro}> BODY=8BITMIME");
        foreach (string recipient in to)
            await client.AskAsync($"RCPT TO:<{recipient}>");
        Assert.StartsWith(reply, await client.SendMessageAsync(MixedBox.Message("\u00fc")), StringComparison.Ordinal);
        Assert.All(box.Relay.Messages, relayed => Assert.Equal($"MAIL FROM:<{MixedBox.Juro}>", relayed.Mail));
        Assert.Equal(to.Contains(Max) ? 0 : 1, box.Relay.Messages.Count);
    }

    [Fact]
    public async Task The_log_tells_in_one_line_who_got_what_by_which_way_and_why()
    {
        using var lines = new LogLines();
        using ILoggerFactory loggers = LoggerFactory.Create(builder => builder.AddProvider(lines));
        await using var box = new MixedBox(relay: true, loggers: loggers);
        box.RefuseSecond("CONNECT", "421 4.7.0 Too many");
        await box.SendAsync(MixedBox.Message(), Anna, Max, "bert@amd.test");
        await box.SendAsync(MixedBox.Message(), "bert@amd.test");
        string[] told = [.. lines.All.Where(line => line.Contains(": message inside", StringComparison.Ordinal))];
        Assert.Equal(2, told.Length);
        Assert.EndsWith(
            $"message inside from <{MixedBox.Juro}> to <{Anna}> (signed and encrypted: gateway certificate; same connection), "
            + $"to <bert@amd.test> <{Max}> (as it came: local, or no certificate to use; relay 127.0.0.1:{box.Relay.Port}): 250 2.0.0 Ok: queued",
            told[0],
            StringComparison.Ordinal);
        Assert.EndsWith($"message inside from <{MixedBox.Juro}> to <bert@amd.test> (as it came): 250 2.0.0 Ok: queued", told[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_tells_a_rule_from_a_missing_certificate()
    {
        using var lines = new LogLines();
        using ILoggerFactory loggers = LoggerFactory.Create(builder => builder.AddProvider(lines));
        await using var box = new MixedBox(loggers: loggers, securing: new SecuringOptions { SignWithoutCertificate = true, Rules = [new() { Remote = [Anna], Encrypt = Demand.Never }] });
        await box.SendAsync(MixedBox.Message(), Anna);
        await box.SendAsync(MixedBox.Message(), Anna, Max);
        string[] told = [.. lines.All.Where(line => line.Contains(": message inside", StringComparison.Ordinal))];
        Assert.Contains("(signed: a rule against encryption; same connection)", told[0], StringComparison.Ordinal);
        Assert.Contains("(signed: a rule against encryption, or no certificate to use; same connection)", told[1], StringComparison.Ordinal);
    }

    private sealed class AllRelayed : IRecipientPolicy
    {
        public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) =>
            [.. transaction.Recipients.Select(r => new Delivery([r], r.HasCertificate ? Protection.SignedEncrypted : Protection.None, DeliveryRoute.Relay))];
    }
}
