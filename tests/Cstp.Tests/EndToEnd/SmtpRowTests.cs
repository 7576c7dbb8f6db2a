using System.Net;
using System.Net.Sockets;
using System.Text;
using Cstp.Core.Smtp;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.2: commands, replies, time and roles, through a running box.</summary>
public sealed class SmtpRowTests
{
    private const string Message = "From: juro@amd.test\r\nSubject: s\r\n\r\nx\r\n";

    private static async Task<RawClient> GreetedAsync(TwoBoxes boxes)
    {
        var client = new RawClient(boxes.Amd.InsidePort);
        Assert.StartsWith("220", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        return client;
    }

    [Fact]
    public async Task T1_an_overlong_command_is_refused_and_the_third_closes()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        string longLine = "NOOP " + new string('x', 5000);
        Assert.StartsWith("500 5.5.2", await client.AskAsync(longLine), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("500 5.5.2", await client.AskAsync(longLine), StringComparison.Ordinal);
        Assert.StartsWith("421 4.7.0", await client.AskAsync(longLine), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.Contains("xxx", StringComparison.Ordinal));
    }

    [Fact]
    public async Task T1_a_command_without_end_closes_in_constant_memory()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        string? reply = null;
        try
        {
            for (int i = 0; i < 100; i++)
                await client.SendAsync(new string('x', 10_000));
        }
        catch (IOException)
        {
            // Closed while we were still sending: as it must be.
        }
        reply = await client.ReadReplyAsync();
        Assert.True(reply is null || reply.StartsWith("421 4.7.0", StringComparison.Ordinal), reply);
    }

    [Fact]
    public async Task T4_content_without_354_after_all_recipients_failed_is_refused_line_by_line()
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null;
        using RawClient client = await GreetedAsync(boxes);
        await client.SendAsync("MAIL FROM:<juro@amd.test>\r\nRCPT TO:<x@elsewhere.test>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nNOOP\r\n");
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("550 5.1.1 no such user", await client.ReadReplyAsync());
        Assert.StartsWith("554 5.5.1", await client.ReadReplyAsync(), StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
            Assert.StartsWith("500 5.5.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("DATA", boxes.Wire.Commands);
    }

    [Theory]
    [InlineData("MAIL FROM:<a@b@c>", "501 5.1.7")]
    [InlineData("MAIL FROM:<a@amd.test", "501 5.1.7")]
    [InlineData("MAIL FROM:a@amd.test", "501 5.1.7")]
    [InlineData("MAIL FROM:<\"a\"b\"@amd.test>", "501 5.1.7")]
    [InlineData("MAIL FROM:<j\u00fcrg@amd.test>", "553 5.6.7")]
    [InlineData("MAIL FROM:<a@amd.test> SMTPUTF8", "555 5.6.7")]
    [InlineData("MAIL FROM:<a@amd.test> XYZ=1", "555 5.5.4")]
    [InlineData("MAIL FROM:<a@amd.test> BODY=BINARYMIME", "555 5.5.4")]
    [InlineData("MAIL FROM:<a@amd.test>junk", "501 5.1.7")]
    [InlineData("RCPT TO:<>", "501 5.1.3")]
    [InlineData("RCPT TO:<@a,@b:x>", "501 5.1.3")]
    [InlineData("RCPT TO:<x@y.test>>", "501 5.1.3")]
    [InlineData("RCPT TO:<x\u0001@y.test>", "501 5.1.3")]
    public async Task T5_what_does_not_fit_the_grammar_is_answered_by_us_and_never_forwarded(string command, string reply)
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        Assert.StartsWith(reply, await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Single(boxes.Wire.Commands);
    }

    [Fact]
    public async Task T5_an_overlong_path_is_refused()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        Assert.StartsWith("501 5.1.7", await client.AskAsync($"MAIL FROM:<a@{string.Join('.', Enumerable.Repeat("abcdefghij", 30))}>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task T5_a_source_route_is_accepted_and_ignored_for_look_ups()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        Assert.StartsWith("250", await client.AskAsync("MAIL FROM:<juro@amd.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("RCPT TO:<@hop.test:anna@intel.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.DoesNotContain("Subject: s", Assert.Single(boxes.Wire.Messages).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BURL", "502 5.5.1")]
    [InlineData("XCLIENT ADDR=1.2.3.4", "502 5.5.1")]
    [InlineData("STARTTLS", "502 5.5.1")]
    [InlineData("TURN", "502 5.5.1")]
    [InlineData("FOO", "500 5.5.2")]
    [InlineData("", "500 5.5.2")]
    [InlineData("GET / HTTP/1.1", "500 5.5.2")]
    public async Task Unknown_and_dropped_verbs_are_answered_by_us_and_never_forwarded(string command, string reply)
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        Assert.StartsWith(reply, await client.AskAsync(command), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Equal(2, boxes.Wire.Commands.Count);
    }

    [Fact]
    public async Task BDAT_is_refused_and_the_session_closed_since_its_octets_would_be_read_as_commands()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        await client.SendAsync("BDAT 6 LAST\r\nRSET\r\n");
        Assert.StartsWith("502 5.5.1", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Single(boxes.Wire.Commands);
    }

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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
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
        using RawClient client = await GreetedAsync(boxes);
        string? reply = await client.AskAsync("MAIL FROM:<juro@amd.test>");
        if (reply?.StartsWith("250", StringComparison.Ordinal) == true)
            reply = await client.AskAsync($"RCPT TO:<{to}>");
        if (reply?.StartsWith("250", StringComparison.Ordinal) == true)
            reply = await client.SendMessageAsync(Message);
        Assert.Matches("^4(51|21) 4\\.4\\.2", reply);
    }

    [Fact]
    public async Task T10_a_client_that_trickles_a_command_is_closed_by_the_clock_of_whole_commands()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { CommandTimeout = TimeSpan.FromSeconds(1) });
        using RawClient client = await GreetedAsync(boxes);
        for (int i = 0; i < 15; i++)
        {
            try
            {
                await client.SendAsync("N");
            }
            catch (IOException)
            {
                break;
            }
            await Task.Delay(100);
        }
        Assert.StartsWith("421 4.4.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task T10_a_client_that_stops_in_the_middle_of_content_is_closed()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { DataTimeout = TimeSpan.FromSeconds(1) });
        using RawClient client = await GreetedAsync(boxes);
        await client.AddressAsync("juro@amd.test", "anna@intel.test");
        Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
        await client.SendAsync("Subject: x\r\n");
        Assert.StartsWith("421 4.4.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task T11_recipients_over_the_limit_are_452_and_without_end_close()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { MaxRecipients = 100 });
        using RawClient client = await GreetedAsync(boxes);
        await client.AskAsync("MAIL FROM:<juro@amd.test>");
        for (int i = 0; i < 100; i++)
            Assert.StartsWith("250", await client.AskAsync($"RCPT TO:<u{i}@elsewhere.test>"), StringComparison.Ordinal);
        for (int i = 0; i < 100; i++)
            Assert.StartsWith("452 4.5.3", await client.AskAsync($"RCPT TO:<v{i}@elsewhere.test>"), StringComparison.Ordinal);
        Assert.StartsWith("421 4.7.0", await client.AskAsync("RCPT TO:<w@elsewhere.test>"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOOP")]
    [InlineData("RSET")]
    [InlineData("VRFY x")]
    public async Task T11_commands_without_mail_and_without_end_close(string command)
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        string? reply = null;
        for (int i = 0; i <= 100; i++)
            reply = await client.AskAsync(command);
        Assert.StartsWith("421 4.7.0", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T12_an_endless_header_is_552_in_constant_memory()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        await client.AddressAsync("juro@amd.test", "anna@intel.test");
        string endless = string.Concat(Enumerable.Repeat("X-Filler: " + new string('x', 500) + "\r\n", 2000));
        Assert.StartsWith("552 5.3.4", await client.SendMessageAsync(endless + "\r\nbody\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task T12_an_endless_body_line_streams()
    {
        await using var boxes = new TwoBoxes();
        byte[] message = Encoding.ASCII.GetBytes("Subject: x\r\n\r\n" + new string('y', 3_000_000) + "\r\n");
        (_, RecordedMessage arrived) = await boxes.PassAsync(message);
        Assert.True(message.AsSpan().SequenceEqual(OctetEqualityTests.WithoutResults(arrived.Content)));
    }

    [Theory]
    [InlineData("x@elsewhere.test")]
    [InlineData("anna@intel.test")]
    public async Task T13_a_client_that_goes_before_the_dot_leaves_no_message_behind(string to)
    {
        await using var boxes = new TwoBoxes();
        using (RawClient client = await GreetedAsync(boxes))
        {
            await client.AddressAsync("juro@amd.test", to);
            Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
            await client.SendAsync(Message);
            client.Reset();
        }
        using var other = await GreetedAsync(boxes);
        Assert.StartsWith("250", await other.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task T14_a_message_that_went_in_a_circle_is_refused()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        await client.AddressAsync("juro@amd.test", "anna@intel.test");
        string looped = string.Concat(Enumerable.Repeat("Received: from a by b; now\r\n", 100)) + Message;
        Assert.StartsWith("554 5.4.6", await client.SendMessageAsync(looped), StringComparison.Ordinal);
    }

    [Fact]
    public async Task T15_an_outside_client_with_a_local_sender_address_gets_no_signature()
    {
        await using var boxes = new TwoBoxes();
        boxes.Amd.AddUserKey("juro@amd.test");
        boxes.Amd.Network.OutsideUpstream = boxes.Wire.Port;
        using var client = new RawClient(boxes.Amd.OutsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(Message, Assert.Single(boxes.Wire.Messages).Text);
    }

    [Fact]
    public async Task T16_an_outside_client_with_remote_recipients_reaches_only_the_original_destination()
    {
        await using var boxes = new TwoBoxes();
        using var client = new RawClient(boxes.Amd.OutsidePort);
        await client.BeginAsync("spammer@evil.test", "x@elsewhere.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(Message, Assert.Single(boxes.AmdServer.Messages).Text);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task Pipelined_commands_stay_pipelined()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        await client.SendAsync("MAIL FROM:<juro@amd.test>\r\nRCPT TO:<x@elsewhere.test>\r\nRCPT TO:<anna@intel.test>\r\nDATA\r\n");
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("354", await client.ReadReplyAsync(), StringComparison.Ordinal);
        await client.SendAsync(Message + ".\r\nQUIT\r\n");
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("221", await client.ReadReplyAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_half_closes_after_QUIT_still_gets_every_reply()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await GreetedAsync(boxes);
        await client.SendAsync("NOOP\r\nNOOP\r\nQUIT\r\n");
        client.HalfClose();
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("221", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
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
            ["250-recorder.test", "250-PIPELINING", $"250-SIZE {EhloResponse.Lowered(1000000)}", "250-AUTH PLAIN LOGIN", "250-8BITMIME", "250-DSN", "250-ENHANCEDSTATUSCODES", "250 LIMITS RCPTMAX=1000"],
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
        using RawClient client = await GreetedAsync(boxes);
        Assert.Equal("500 Command not recognized", await client.AskAsync("FOO"));
    }
}
