using System.Net;
using System.Net.Sockets;
using Cstp.Core.Smtp;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.2: what a server may do to replies, connections and time, through a running box.</summary>
public sealed class ServerRowTests
{
    private const string Message = "From: juro@amd.test\r\nSubject: s\r\n\r\nx\r\n";

    [Theory]
    [InlineData("NOOP", "250 2.0.0 Ok\r\n250 2.0.0 one too many")]
    [InlineData("NOOP", "354 go ahead")]
    [InlineData("MAIL FROM:<juro@amd.test>", "334 abc")]
    [InlineData("NOOP", "250-first\r\n251 other")]
    [InlineData("NOOP", "999 no code")]
    [InlineData("NOOP", "hello")]
    [InlineData("NOOP", "250x")]
    public async Task T6_a_reply_that_breaks_the_protocol_closes(string command, string answer)
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line == command ? answer : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        string? reply = await client.AskAsync(command);
        if (reply?.StartsWith("250 2.0.0", StringComparison.Ordinal) == true)
            reply = await client.ReadReplyAsync();
        Assert.StartsWith("421 4.5.0", reply, StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
    }

    [Theory]
    [InlineData("x@elsewhere.test")]
    [InlineData("anna@intel.test")]
    public async Task T6_a_2xx_before_the_final_dot_is_never_acceptance(string to)
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line == "DATA" ? "354 go\r\n250 2.0.0 taken already" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", to);
        string? reply = await client.SendMessageAsync(Message);
        if (reply?.StartsWith("354", StringComparison.Ordinal) == true)
            reply = await client.ReadReplyAsync();
        Assert.True(reply is null || reply.StartsWith("421 4.5.0", StringComparison.Ordinal), reply);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task T6_an_unasked_421_passes()
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line == "NOOP" ? "250 2.0.0 Ok\r\n421 4.3.2 going down" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.Equal("250 2.0.0 Ok", await client.AskAsync("NOOP"));
        Assert.Equal("421 4.3.2 going down", await client.ReadReplyAsync());
        Assert.Null(await client.ReadReplyAsync());
    }

    [Theory]
    [InlineData("long")]
    [InlineData("endless")]
    [InlineData("250 a\u0007b")]
    [InlineData("250 a\rb")]
    public async Task T7_a_reply_that_is_too_long_or_holds_controls_closes(string answer)
    {
        if (answer == "long")
            answer = "250 " + new string('x', 3000);
        if (answer == "endless")
            answer = string.Concat(Enumerable.Repeat("250-more\r\n", 500)) + "250 end";
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line == "NOOP" ? answer : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("421 4.5.0", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
    }

    [Theory]
    [InlineData("x@elsewhere.test")]
    [InlineData("anna@intel.test")]
    public async Task T8_a_refusal_while_content_flows_is_the_answer_to_the_clients_dot(string to)
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line == "DATA" ? "354 go\r\n452 4.3.1 disk full" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", to);
        Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
        await client.SendAsync(Message);
        await Task.Delay(100);
        await client.SendAsync(".\r\n");
        Assert.Equal("452 4.3.1 disk full", await client.ReadReplyAsync());
        Assert.Empty(boxes.Wire.Messages);
    }

    [Theory]
    [InlineData("x@elsewhere.test")]
    [InlineData("anna@intel.test")]
    public async Task T8_a_refusal_by_a_server_that_reads_no_more_is_the_answer_to_the_clients_dot(string to)
    {
        await using var boxes = new TwoBoxes();
        var refusal = new TaskCompletionSource<string>();
        boxes.Wire.AnswersUnread = refusal.Task;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", to);
        Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
        // More than the buffers of all sockets on the way.
        Task sending = client.SendAsync("Subject: large\r\n\r\n" + string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 40_000)) + ".\r\n");
        await Task.Delay(1000);
        Assert.False(sending.IsCompleted, "nothing held the client back");
        refusal.SetResult("552 5.3.4 too large");
        Assert.Equal("552 5.3.4 too large", await client.ReadReplyAsync());
        await sending;
        Assert.Empty(boxes.Wire.Messages);
    }

    [Theory]
    [InlineData("MAIL", "x@elsewhere.test")]
    [InlineData("RCPT", "x@elsewhere.test")]
    [InlineData("DATA", "x@elsewhere.test")]
    [InlineData("DOT", "x@elsewhere.test")]
    [InlineData("DATA", "anna@intel.test")]
    [InlineData("DOT", "anna@intel.test")]
    public async Task T9_a_server_that_resets_in_any_state_makes_an_honest_4xx(string state, string to)
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line.StartsWith(state, StringComparison.Ordinal) ? "CUT" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        string? reply = await client.AskAsync("MAIL FROM:<juro@amd.test>");
        if (reply?.StartsWith("250", StringComparison.Ordinal) == true)
            reply = await client.AskAsync($"RCPT TO:<{to}>");
        if (reply?.StartsWith("250", StringComparison.Ordinal) == true)
            reply = await client.SendMessageAsync(Message);
        Assert.Matches("^4(51|21) 4\\.4\\.2", reply);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task T9_a_server_that_cannot_be_reached_is_a_421_banner()
    {
        await using var boxes = new TwoBoxes();
        var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        boxes.Amd.Network.InsideUpstream = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        using var client = new RawClient(boxes.Amd.InsidePort);
        Assert.StartsWith("421 ", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
    }

    [Theory]
    [InlineData("MAIL", "x@elsewhere.test")]
    [InlineData("DATA", "anna@intel.test")]
    [InlineData("DOT", "anna@intel.test")]
    public async Task T9_a_server_that_stays_silent_is_a_timeout(string state, string to)
    {
        var brief = new SmtpOptions { ReplyTimeout = TimeSpan.FromSeconds(1), FinalReplyTimeout = TimeSpan.FromSeconds(1), PreparationTimeout = TimeSpan.FromSeconds(1) };
        await using var boxes = new TwoBoxes(smtp: brief);
        boxes.Wire.Answer = line => line.StartsWith(state, StringComparison.Ordinal) ? "250-" : null;   // a reply that never ends
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        string? reply = await client.AskAsync("MAIL FROM:<juro@amd.test>");
        if (reply?.StartsWith("250", StringComparison.Ordinal) == true)
            reply = await client.AskAsync($"RCPT TO:<{to}>");
        if (reply?.StartsWith("250", StringComparison.Ordinal) == true)
            reply = await client.SendMessageAsync(Message);
        Assert.Matches("^4(51|21) 4\\.4\\.2", reply);
    }

    [Fact]
    public async Task EHLO_keywords_follow_the_table()
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Extensions = "PIPELINING\nSIZE 1000000\nSTARTTLS\nAUTH PLAIN LOGIN GSSAPI\nCHUNKING\nBINARYMIME\nSMTPUTF8\n8BITMIME\nDSN\nXCLIENT NAME\nENHANCEDSTATUSCODES\nLIMITS RCPTMAX=5000\nX-UNKNOWN";
        using var inside = new RawClient(boxes.Amd.InsidePort);
        await inside.ReadReplyAsync();
        string[] offer = (await inside.AskAsync("EHLO client.test"))!.Split('\n');
        Assert.Equal(
            ["250-recorder.test", "250-PIPELINING", $"250-SIZE {EhloResponse.Lowered(1000000)}", "250-AUTH PLAIN LOGIN", "250-CHUNKING", "250-8BITMIME", "250-DSN", "250-ENHANCEDSTATUSCODES", "250-LIMITS RCPTMAX=1000", "250-SMTPUTF8", "250 BINARYMIME"],
            offer);
        boxes.Amd.Network.OutsideUpstream = boxes.Wire.Port;
        using var outside = new RawClient(boxes.Amd.OutsidePort);
        await outside.ReadReplyAsync();
        Assert.Contains("250-SIZE 1000000", await outside.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("250", await outside.AskAsync("MAIL FROM:<a@b.test> BODY=7BIT SIZE=100"), StringComparison.Ordinal);
        Assert.Contains("MAIL FROM:<a@b.test> SIZE=100 BODY=8BITMIME", boxes.Wire.Commands);
    }

    [Fact]
    public async Task Our_own_replies_have_enhanced_codes_only_where_the_server_offers_them()
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Extensions = "PIPELINING";
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.Equal("500 Command not recognized", await client.AskAsync("FOO"));
    }
}
