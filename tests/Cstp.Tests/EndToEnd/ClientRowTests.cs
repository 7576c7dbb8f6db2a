using System.Text;
using Cstp.Core.Smtp;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.2: what a client may do to commands, limits, time and roles, through a running box.</summary>
public sealed class ClientRowTests
{
    private const string Message = "From: juro@amd.test\r\nSubject: s\r\n\r\nx\r\n";

    [Fact]
    public async Task T1_an_overlong_command_is_refused_and_the_third_closes()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith(reply, await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Single(boxes.Wire.Commands);
    }

    [Fact]
    public async Task T5_an_overlong_path_is_refused()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("501 5.1.7", await client.AskAsync($"MAIL FROM:<a@{string.Join('.', Enumerable.Repeat("abcdefghij", 30))}>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task T5_a_source_route_is_accepted_and_ignored_for_look_ups()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith(reply, await client.AskAsync(command), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Equal(2, boxes.Wire.Commands.Count);
    }

    [Fact]
    public async Task BDAT_is_refused_and_the_session_closed_since_its_octets_would_be_read_as_commands()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.SendAsync("BDAT 6 LAST\r\nRSET\r\n");
        Assert.StartsWith("502 5.5.1", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Single(boxes.Wire.Commands);
    }

    [Fact]
    public async Task T10_a_client_that_trickles_a_command_is_closed_by_the_clock_of_whole_commands()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { CommandTimeout = TimeSpan.FromSeconds(1) });
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        string? reply = null;
        for (int i = 0; i <= 100; i++)
            reply = await client.AskAsync(command);
        Assert.StartsWith("421 4.7.0", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T12_an_endless_header_is_552_in_constant_memory()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using (RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort))
        {
            await client.AddressAsync("juro@amd.test", to);
            Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
            await client.SendAsync(Message);
            client.Reset();
        }
        using var other = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("250", await other.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task T14_a_message_that_went_in_a_circle_is_refused()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
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
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.SendAsync("NOOP\r\nNOOP\r\nQUIT\r\n");
        client.HalfClose();
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("221", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
    }
}
