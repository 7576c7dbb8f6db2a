using Cstp.Abstractions;
using Cstp.Core.Smtp;
using Cstp.Core.Trust;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.EndToEnd;

/// <summary>A message of two deliveries of which one was accepted, and what becomes of it when it comes again.</summary>
public sealed class PartialDeliveryTests
{
    private const string Anna = MixedBox.Anna, Max = MixedBox.Max;

    private static async Task<MixedBox> HalfAsync(string? file = null, string? message = null)
    {
        var box = new MixedBox(file: file);
        box.RefuseDot(2, "452 4.3.1 Disk full");
        (_, string? end) = await box.SendAsync(message ?? MixedBox.Message(), Anna, Max);
        Assert.StartsWith("451 4.4.2", end, StringComparison.Ordinal);
        Assert.Equal($"RCPT TO:<{Anna}>", Assert.Single(Assert.Single(box.Server.Messages).Recipients));
        return box;
    }

    [Fact]
    public async Task Who_has_the_message_does_not_get_it_once_more_and_the_others_do()
    {
        await using MixedBox box = await HalfAsync();
        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message(), Anna, Max);
        Assert.StartsWith("250", replies[0], StringComparison.Ordinal);
        Assert.StartsWith("452 4.5.3", replies[1], StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", end, StringComparison.Ordinal);
        Assert.Single(box.Server.Messages);

        (replies, end) = await box.SendAsync(MixedBox.Message(), Max);
        Assert.Equal(["250 2.1.5 Ok"], replies);
        Assert.Equal("250 2.0.0 Ok: queued", end);
        Assert.Equal(MixedBox.Message(), Assert.Single(box.Server.Messages, m => m.Recipients[0].Contains(Max, StringComparison.Ordinal)).Text);
        Assert.Equal(2, box.Server.Messages.Count);
        await box.UntilForgottenAsync();
    }

    [Fact]
    public async Task Where_one_without_the_message_comes_first_those_with_it_are_asked_to_wait()
    {
        await using MixedBox box = await HalfAsync();
        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message(), Max, Anna);
        Assert.StartsWith("452 4.5.3", replies[1], StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", end);
        Assert.Equal([$"RCPT TO:<{Max}>"], box.Server.Messages.Last().Recipients);
        Assert.Equal(2, box.Server.Messages.Count);
    }

    [Fact]
    public async Task Another_message_of_the_same_sender_is_delivered_and_secured()
    {
        await using MixedBox box = await HalfAsync();
        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message("Another", "Message-ID: <2@amd.test>\r\n"), Anna);
        Assert.Equal(["250 2.1.5 Ok"], replies);
        Assert.Equal("250 2.0.0 Ok: queued", end);
        Assert.DoesNotContain("Another", box.Server.Messages.Last().Text, StringComparison.Ordinal);
        Assert.Equal(2, box.Server.Messages.Count);
        Assert.False(box.Box.Box.Ledger.IsEmpty);
    }

    [Fact]
    public async Task Trace_fields_make_no_other_message_of_it()
    {
        await using MixedBox box = await HalfAsync();
        (_, string? end) = await box.SendAsync($"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0000\r\n{MixedBox.Message()}", Anna);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", end, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_cannot_be_told_from_others_is_sent_twice_rather_than_not_at_all()
    {
        await using MixedBox box = await HalfAsync(message: MixedBox.Message(head: ""));
        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message(head: ""), Anna, Max);
        Assert.Equal(["250 2.1.5 Ok", "250 2.1.5 Ok"], replies);
        Assert.Equal("250 2.0.0 Ok: queued", end);
        Assert.Equal(3, box.Server.Messages.Count);
    }

    [Fact]
    public async Task It_is_remembered_over_a_restart()
    {
        string file = Path.GetTempFileName();
        File.Delete(file);
        await using MixedBox box = await HalfAsync(file);
        await box.RestartAsync();
        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message(), Anna, Max);
        Assert.StartsWith("452 4.5.3", replies[1], StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", end, StringComparison.Ordinal);
        await box.UntilForgottenAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task A_certificate_that_came_meanwhile_protects_those_who_wait_and_changes_nothing_for_the_others()
    {
        await using MixedBox box = await HalfAsync();
        box.Box.Add(SmimeWorkshop.Identity("cstpbox@elsewhere.test").Certificate, CertificateRole.Gateway, "elsewhere.test");
        (_, string? end) = await box.SendAsync(MixedBox.Message(), Max, Anna);
        Assert.Equal("250 2.0.0 Ok: queued", end);
        Assert.DoesNotContain("Hello", box.Server.Messages.Last().Text, StringComparison.Ordinal);
        (_, end) = await box.SendAsync(MixedBox.Message(), Anna);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", end, StringComparison.Ordinal);
        Assert.Equal(2, box.Server.Messages.Count);
    }

    [Fact]
    public async Task Where_all_were_accepted_and_the_client_was_gone_before_it_heard_nobody_gets_it_once_more()
    {
        await using var box = new MixedBox();
        using (RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort))
        {
            await client.AddressAsync(MixedBox.Juro, Anna, Max);
            Assert.Equal("250 2.0.0 Ok: queued", await client.SendMessageAsync(MixedBox.Message()));
        }
        // Nobody waits for it any more: it parts no other message.
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message("Another", "Message-ID: <2@amd.test>\r\n"), Anna, "mona@elsewhere.test")).End);
        Assert.Equal(4, box.Server.Messages.Count);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", (await box.SendAsync(MixedBox.Message(), Max)).End, StringComparison.Ordinal);
        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message(), Anna);
        Assert.Equal(["250 2.1.5 Ok"], replies);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", end, StringComparison.Ordinal);
        Assert.Equal(4, box.Server.Messages.Count);
        await box.UntilForgottenAsync();
    }

    [Fact]
    public async Task Once_the_client_heard_that_all_is_delivered_nothing_is_remembered()
    {
        await using var box = new MixedBox();
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message(), Anna, Max)).End);
        await box.UntilForgottenAsync();
    }

    [Fact]
    public async Task Where_the_first_refuses_its_word_is_the_answer_and_nothing_is_remembered()
    {
        await using var box = new MixedBox();
        box.RefuseDot(1, "554 5.7.1 Spam");
        Assert.Equal("554 5.7.1 Spam", (await box.SendAsync(MixedBox.Message(), Anna, Max)).End);
        Assert.Empty(box.Server.Messages);
        Assert.True(box.Box.Box.Ledger.IsEmpty);
    }

    [Fact]
    public async Task Where_it_cannot_be_written_down_nothing_is_committed()
    {
        await using var box = new MixedBox();
        box.Database.Break();
        Assert.StartsWith("451 4.7.5", (await box.SendAsync(MixedBox.Message(), Anna, Max)).End, StringComparison.Ordinal);
        Assert.Empty(box.Server.Messages);
    }

    [Fact]
    public async Task A_message_that_is_not_split_needs_no_store()
    {
        await using var box = new MixedBox();
        box.Database.Break();
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message(), Anna)).End);
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message(), Max)).End);
    }

    [Fact]
    public async Task A_server_lost_after_the_second_dot_is_asked_again_for_those_alone_whose_outcome_is_not_known()
    {
        await using var box = new MixedBox();
        box.RefuseDot(2, "CUT");
        Assert.StartsWith("451 4.4.2", (await box.SendAsync(MixedBox.Message(), Anna, Max)).End, StringComparison.Ordinal);
        (string[] replies, _) = await box.SendAsync(MixedBox.Message(), Anna, Max);
        Assert.StartsWith("452 4.5.3", replies[1], StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message(), Max)).End);
        Assert.Equal(2, box.Server.Messages.Count);
    }

    [Fact]
    public async Task All_final_replies_must_come_within_one_and_the_same_time()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var box = new MixedBox(time: time);
        int dots = 0;
        box.Server.Answer = line =>
        {
            // The first takes most of the 610 s, the second little, and too much.
            if (line == "DOT")
                time.Advance(TimeSpan.FromSeconds(++dots == 1 ? 600 : 20));
            return null;
        };
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await client.AddressAsync(MixedBox.Juro, Anna, Max);
        Assert.StartsWith("451 4.4.2", await client.SendMessageAsync(MixedBox.Message()), StringComparison.Ordinal);
        Assert.Equal(2, dots);
    }

    [Fact]
    public async Task A_server_hears_NOOP_while_a_message_that_is_refused_already_is_read_to_its_end()
    {
        await using var box = new MixedBox(smtp: new SmtpOptions { KeepAlive = TimeSpan.FromMilliseconds(50) });
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await client.AddressAsync(MixedBox.Juro, Anna);
        Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
        await client.SendAsync(string.Concat(Enumerable.Repeat("Received: from a by b\r\n", 100)) + "\r\n");
        using var limit = new CancellationTokenSource(RawClient.Patience);
        while (box.Server.Commands.Count(c => c == "NOOP") < 5)
            await Task.Delay(10, limit.Token);
        await client.SendAsync(".\r\n");
        Assert.StartsWith("554 5.4.6", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAgainAsync(client));

        static async Task<string?> SendAgainAsync(RawClient client)
        {
            await client.AddressAsync(MixedBox.Juro, Anna);
            return await client.SendMessageAsync(MixedBox.Message());
        }
    }

    [Fact]
    public async Task Each_RCPT_costs_the_same_however_many_came_before()
    {
        var policy = new Counting();
        await using var box = new MixedBox(policy: policy);
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await client.AskAsync($"MAIL FROM:<{MixedBox.Juro}>");
        for (int i = 0; i < 3; i++)
            Assert.StartsWith("250", await client.AskAsync($"RCPT TO:<user{i}@elsewhere.test>"), StringComparison.Ordinal);
        Assert.Equal([0, 1, 2], policy.Seen.Select(seen => seen.Count));
        Assert.Same(policy.Seen[1][0], policy.Seen[2][0]);
    }

    private sealed class Counting : IRecipientPolicy
    {
        public List<IReadOnlyList<PolicyRecipient>> Seen { get; } = [];

        public Reply? DecideRecipient(PolicyTransaction transaction, PolicyRecipient candidate)
        {
            Seen.Add([.. transaction.Recipients]);
            return null;
        }

        public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) => [new Delivery(transaction.Recipients, Protection.None)];
    }
}
