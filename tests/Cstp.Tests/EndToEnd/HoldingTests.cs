using System.Diagnostics;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Smtp;
using Cstp.Tests.Conformance;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 1.2: while content is held, and when it goes on, neither end may run out of patience unnoticed.</summary>
public sealed class HoldingTests
{
    private const string Bob = "bob@amd.test";

    private static readonly CmsIdentity s_bob = Identity(Bob);

    private static async Task<string> SignedAsync() =>
        Message(Bob, await ClearSignedAsync($"Content-Type: text/plain\r\n\r\n{new string('x', 500)}\r\n", s_bob));

    private static async Task<RawClient> BeginDataAsync(TwoBoxes boxes)
    {
        boxes.Intel.TrustUser(s_bob.Certificate, Bob);
        var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync(Bob, "anna@intel.test");
        Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
        return client;
    }

    private static async Task UntilAsync(TwoBoxes boxes, string command)
    {
        var patience = Stopwatch.StartNew();
        while (!boxes.IntelServer.Commands.Contains(command) && patience.Elapsed < RawClient.Patience)
            await Task.Delay(20);
        Assert.Contains(command, boxes.IntelServer.Commands);
    }

    [Fact]
    public async Task The_server_hears_NOOP_and_nothing_of_the_message_before_the_clients_dot()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { KeepAlive = TimeSpan.FromMilliseconds(50) });
        using RawClient client = await BeginDataAsync(boxes);
        string message = await SignedAsync();
        await client.SendAsync(message[..300]);
        await UntilAsync(boxes, "NOOP");
        Assert.DoesNotContain("DATA", boxes.IntelServer.Commands);
        await client.SendAsync(message[300..] + ".\r\n");
        Assert.Equal("250 2.0.0 Ok: queued", await client.ReadReplyAsync());
        Assert.EndsWith(message, Assert.Single(boxes.IntelServer.Messages).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(60, 1)]
    public async Task A_server_that_owes_the_reply_to_a_NOOP_gets_no_message_since_that_reply_would_pass_for_another(int replySeconds, int transferSeconds)
    {
        var options = new SmtpOptions
        {
            KeepAlive = TimeSpan.FromMilliseconds(50),
            ReplyTimeout = TimeSpan.FromSeconds(replySeconds),
            TransferTimeout = TimeSpan.FromSeconds(transferSeconds),
        };
        await using var boxes = new TwoBoxes(smtp: options);
        boxes.IntelServer.Answer = line => line == "NOOP" ? "250-" : null;   // a reply that never ends
        using RawClient client = await BeginDataAsync(boxes);
        string message = await SignedAsync();
        await client.SendAsync(message[..300]);
        await UntilAsync(boxes, "NOOP");
        await client.SendAsync(message[300..] + ".\r\n");
        Assert.StartsWith("451 4.4.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("DATA", boxes.IntelServer.Commands);
    }

    [Fact]
    public async Task A_server_that_answers_NOOP_otherwise_than_in_SMTP_is_asked_no_second_time_and_gets_no_message()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { KeepAlive = TimeSpan.FromMilliseconds(50) });
        boxes.IntelServer.Answer = line => line == "NOOP" ? "hello" : null;
        using RawClient client = await BeginDataAsync(boxes);
        string message = await SignedAsync();
        await client.SendAsync(message[..300]);
        await UntilAsync(boxes, "NOOP");
        await Task.Delay(300);   // time for five more
        await client.SendAsync(message[300..] + ".\r\n");
        Assert.StartsWith("421 4.5.0", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Single(boxes.IntelServer.Commands, "NOOP");
        Assert.DoesNotContain("DATA", boxes.IntelServer.Commands);
    }

    [Fact]
    public async Task A_server_that_takes_too_long_for_DATA_is_451_within_the_clients_patience()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { TransferTimeout = TimeSpan.FromSeconds(1) });
        boxes.IntelServer.Answer = line => line == "DATA" ? "354-" : null;
        using RawClient client = await BeginDataAsync(boxes);
        await client.SendAsync(await SignedAsync() + ".\r\n");
        Assert.StartsWith("451 4.4.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
    }

    [Fact]
    public async Task A_server_that_takes_the_content_too_slowly_is_451_and_never_sees_the_final_dot()
    {
        var reads = new TaskCompletionSource();
        // Enough for 24 MiB to be opened on a busy machine: only then the server is what is too slow.
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { TransferTimeout = TimeSpan.FromSeconds(6) });
        boxes.IntelServer.ReadsContent = reads.Task;
        using RawClient client = await BeginDataAsync(boxes);
        string[] parts = (await SignedAsync()).Split("xx\r\n");
        string line = new string('x', 998) + "\r\n";
        await client.SendAsync(parts[0] + "xx\r\n");
        for (int sent = 0; sent < 24 * 1024 * 1024; sent += 64 * line.Length)   // more than the sockets' buffers take
            await client.SendAsync(string.Concat(Enumerable.Repeat(line, 64)));
        await client.SendAsync(parts[1] + ".\r\n");
        Assert.StartsWith("451 4.4.2 The message could not be checked and passed on in time", await client.ReadReplyAsync(), StringComparison.Ordinal);
        reads.SetResult();
        Assert.StartsWith("421 4.4.2", await client.AskAsync("NOOP"), StringComparison.Ordinal);   // what is in its buffers must not be followed by anything
        Assert.Empty(boxes.IntelServer.Messages);
    }

    [Fact]
    public async Task A_check_that_takes_too_long_is_451_and_the_server_gets_nothing()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { TransferTimeout = TimeSpan.FromSeconds(1) }, intelCrypto: new SlowModule());
        using RawClient client = await BeginDataAsync(boxes);
        await client.SendAsync(await SignedAsync() + ".\r\n");
        Assert.StartsWith("451 4.4.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("DATA", boxes.IntelServer.Commands);
    }

    private sealed class SlowModule : BrokenModule
    {
        public override async ValueTask<VerificationResult> VerifyDetachedAsync(
            PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            throw new UnreachableException();
        }
    }
}
