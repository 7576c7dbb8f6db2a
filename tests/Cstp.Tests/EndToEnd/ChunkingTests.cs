using System.Text;
using Cstp.Core.Smtp;
using Cstp.PolicyAllOrNothing;

namespace Cstp.Tests.EndToEnd;

/// <summary>Messages in chunks (RFC 3030) through a running box; towards servers they go by DATA.</summary>
public sealed class ChunkingTests
{
    private const string Content = "From: juro@amd.test\r\nSubject: s\r\n\r\n.\r\n..two\r\nRSET\r\nlast\r\n";

    [Theory]
    [InlineData("x@elsewhere.test")]
    [InlineData("anna@intel.test")]
    public async Task A_message_in_chunks_cut_at_each_octet_arrives_as_it_was(string to)
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        for (int cut = 0; cut <= Content.Length; cut++)
        {
            await client.AddressAsync("juro@amd.test", to);
            Assert.Equal($"250 2.0.0 {cut} octets received", await client.SendChunkAsync(Content[..cut]));
            Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(Content[cut..], isLast: true));
            Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? wire));
            if (to == "x@elsewhere.test")
                Assert.Equal(Content, wire.Text);
            else
                Assert.Equal(Content, Encoding.Latin1.GetString(OctetEqualityTests.WithoutResults((await boxes.OpenAsync(wire.Content, "juro@amd.test", to)).Content)));
        }
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.StartsWith("BDAT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sealed_message_in_chunks_is_held_and_opened()
    {
        await using var boxes = With();
        boxes.IntelServer.Extensions = boxes.Wire.Extensions;
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.ASCII.GetBytes(Content), "juro@amd.test", "anna@intel.test"));
        using RawClient client = await RawClient.GreetedAsync(boxes.Intel.OutsidePort);
        await client.AddressAsync("juro@amd.test", "anna@intel.test");
        foreach (char[] chunk in wire.Text.Chunk(700))
            Assert.StartsWith("250", await client.SendChunkAsync(new string(chunk)), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync("", isLast: true));
        Assert.Equal(Content, Encoding.Latin1.GetString(OctetEqualityTests.WithoutResults(Assert.Single(boxes.IntelServer.Messages).Content)));
    }

    [Fact]
    public async Task A_transaction_may_come_in_one_piece_with_its_chunks()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        string piece = $"MAIL FROM:<juro@amd.test>\r\nRCPT TO:<anna@intel.test>\r\nBDAT 10\r\n{Content[..10]}BDAT {Content.Length - 10}\r\n{Content[10..]}BDAT 0 LAST\r\nNOOP\r\n";
        await client.SendAsync(piece);
        var replies = new List<string?>();
        for (int i = 0; i < 6; i++)
            replies.Add((await client.ReadReplyAsync())?[..3]);
        Assert.Equal(Enumerable.Repeat("250", 6), replies);
        Assert.Single(boxes.Wire.Messages);
    }

    [Fact]
    public async Task A_transaction_that_trickles_octet_by_octet_is_one_message()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        foreach (char octet in $"BDAT 5\r\n{Content[..5]}BDAT {Content.Length - 5} LAST\r\n{Content[5..]}")
            await client.SendAsync(octet.ToString());
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal(Content, Assert.Single(boxes.Wire.Messages).Text);
    }

    [Fact]
    public async Task A_last_line_without_end_gets_one_since_DATA_carries_lines()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        Assert.StartsWith("250", await client.SendChunkAsync("Subject: s\r\n\r\nno end", isLast: true), StringComparison.Ordinal);
        Assert.Equal("Subject: s\r\n\r\nno end\r\n", Assert.Single(boxes.Wire.Messages).Text);
    }

    [Fact]
    public async Task A_large_message_streams_and_the_servers_refusal_is_the_last_chunks_reply()
    {
        await using var boxes = With();
        boxes.Wire.Answer = line => line == "DOT" ? "452 4.3.1 Disk full" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await client.SendChunkAsync("Subject: s\r\n\r\n");
        string lines = string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 1000));
        for (int i = 0; i < 30; i++)
            Assert.StartsWith("250", await client.SendChunkAsync(lines), StringComparison.Ordinal);
        Assert.Equal("452 4.3.1 Disk full", await client.SendChunkAsync("", isLast: true));
        Assert.Empty(boxes.Wire.Messages);
    }

    [Theory]
    [InlineData("BDAT")]
    [InlineData("BDAT -1")]
    [InlineData("BDAT x LAST")]
    [InlineData("BDAT 9223372036854775808")]
    [InlineData("BDAT 5 FIRST")]
    [InlineData("BDAT 5 LAST LAST")]
    public async Task S20_a_size_that_is_none_is_501_and_what_follows_is_never_a_command(string command)
    {
        await using var boxes = With();
        using RawClient first = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await first.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await first.SendAsync(command + "\r\nVRFY smuggled\r\n");
        Assert.StartsWith("501 5.5.4", await first.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await first.ReadReplyAsync());

        using RawClient further = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await further.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await further.SendChunkAsync("Subject: s\r\n");
        await further.SendAsync(command + "\r\nVRFY smuggled\r\n");
        Assert.StartsWith("501 5.5.4", await further.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await further.ReadReplyAsync());
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.Contains("smuggled", StringComparison.Ordinal));
        Assert.Empty(boxes.Wire.Messages);
    }

    [Theory]
    [InlineData("MAIL FROM:<juro@amd.test>")]
    [InlineData("RCPT TO:<y@elsewhere.test>")]
    [InlineData("DATA")]
    public async Task S20_another_command_of_a_transaction_between_chunks_is_503_and_the_message_goes_on(string command)
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await client.SendChunkAsync(Content);
        Assert.StartsWith("503 5.5.1", await client.AskAsync(command), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendChunkAsync("", isLast: true), StringComparison.Ordinal);
        RecordedMessage wire = Assert.Single(boxes.Wire.Messages);
        Assert.Equal(Content, wire.Text);
        Assert.Single(wire.Recipients);
    }

    [Fact]
    public async Task RSET_between_chunks_ends_the_message_and_the_next_one_is_whole()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "anna@intel.test");
        await client.SendChunkAsync(Content);
        Assert.StartsWith("250", await client.AskAsync("RSET"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await client.SendChunkAsync("RSET\r\n", isLast: true), StringComparison.Ordinal);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        Assert.StartsWith("250", await client.SendChunkAsync(Content, isLast: true), StringComparison.Ordinal);
        Assert.Equal(Content, Assert.Single(boxes.Wire.Messages).Text);
    }

    [Fact]
    public async Task RSET_after_the_server_got_content_leaves_no_message_behind()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await client.SendChunkAsync("Subject: s\r\n\r\n" + string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 2000)));
        Assert.StartsWith("421 4.4.2", await client.AskAsync("RSET"), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task A_chunk_that_nobody_wants_is_read_and_thrown_away()
    {
        await using var boxes = With();
        boxes.Wire.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("503 5.5.1", await client.SendChunkAsync("VRFY smuggled\r\n", isLast: true), StringComparison.Ordinal);
        await client.AskAsync("MAIL FROM:<juro@amd.test>");
        await client.AskAsync("RCPT TO:<x@elsewhere.test>");
        Assert.StartsWith("554 5.5.1", await client.SendChunkAsync("VRFY smuggled\r\n", isLast: true), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.Contains("smuggled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_the_policy_refuses_is_refused_at_each_chunk_and_none_is_a_command()
    {
        await using var boxes = new TwoBoxes(policy: new AllOrNothingPolicy());
        boxes.Wire.Extensions = "CHUNKING\nENHANCEDSTATUSCODES";
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "anna@intel.test", "x@elsewhere.test");
        Assert.StartsWith("550 5.7.1", await client.SendChunkAsync("VRFY smuggled\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1", await client.SendChunkAsync("VRFY smuggled\r\n", isLast: true), StringComparison.Ordinal);
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.Contains("smuggled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\rb\r\n")]
    [InlineData("\r\n.\r\r\nMAIL FROM:<evil@amd.test>\r\n")]
    [InlineData("\0\r\n")]
    public async Task What_DATA_cannot_carry_is_554_and_never_reaches_the_server(string body)
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        Assert.StartsWith("554 5.6.3", await client.SendChunkAsync("Subject: s\r\n\r\n" + body), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await client.SendChunkAsync("", isLast: true), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task A_CR_at_the_very_end_is_554()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        Assert.StartsWith("554 5.6.3", await client.SendChunkAsync("Subject: s\r\n\r\nx\r", isLast: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Normalise", "250")]
    [InlineData("Refuse", "554 5.6.3")]
    public async Task A_dot_between_bare_line_feeds_ends_nothing_at_any_server(string setting, string reply)
    {
        await using var boxes = With(new SmtpOptions { BareNewline = Enum.Parse<BareNewline>(setting) });
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        Assert.StartsWith(reply, await client.SendChunkAsync("Subject: s\r\n\r\na\n.\nVRFY smuggled\r\n", isLast: true), StringComparison.Ordinal);
        Assert.Equal(setting == "Normalise" ? ["Subject: s\r\n\r\na\r\n.\r\nVRFY smuggled\r\n"] : [], boxes.Wire.Messages.Select(m => m.Text));
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.Contains("smuggled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("NOOP")]
    [InlineData("BDAT 0")]
    public async Task T11_commands_between_chunks_without_end_close(string command)
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await client.SendChunkAsync(Content);
        for (int i = 0; i < new SmtpOptions().MaxJunkCommands; i++)
            Assert.StartsWith("250", await client.AskAsync(command), StringComparison.Ordinal);
        Assert.StartsWith("421 4.7.0", await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task S21_a_broken_line_between_chunks_closes()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
        await client.SendChunkAsync(Content);
        Assert.StartsWith("500 5.5.2", await client.AskAsync("NOOP\nVRFY smuggled"), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Empty(boxes.Wire.Messages);
        Assert.DoesNotContain(boxes.Wire.Commands, c => c.Contains("smuggled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_goes_inside_a_chunk_leaves_no_message_behind()
    {
        await using var boxes = With();
        using (RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort))
        {
            await client.AddressAsync("juro@amd.test", "x@elsewhere.test");
            await client.SendAsync("BDAT 1000 LAST\r\n" + Content);
            client.HalfClose();
            Assert.Null(await client.ReadReplyAsync());
        }
        Assert.Empty(boxes.Wire.Messages);
    }

    private static TwoBoxes With(SmtpOptions? smtp = null)
    {
        var boxes = new TwoBoxes(smtp: smtp);
        boxes.Wire.Extensions = "PIPELINING\nCHUNKING\nENHANCEDSTATUSCODES";
        return boxes;
    }
}
