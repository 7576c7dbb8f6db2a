using System.Text;
using Cstp.Core.Smtp;
using Cstp.Tests.Smtp;

namespace Cstp.Tests.EndToEnd;

/// <summary>Section 6.1 through a running box, on the way that relays untouched and on the one that secures.</summary>
public sealed class SmugglingTests
{
    public static TheoryData<string, string, string?, bool> Rows => DataDecoderTests.Rows;

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Row_holds_for_a_message_that_is_relayed(string row, string wire, string? content, bool nul) => RunAsync(row, wire, content, nul, "x@elsewhere.test");

    [Theory]
    [MemberData(nameof(Rows))]
    public Task Row_holds_for_a_message_that_is_secured(string row, string wire, string? content, bool nul) => RunAsync(row, wire, content, nul, "anna@intel.test");

    private static async Task RunAsync(string row, string wire, string? content, bool nul, string to)
    {
        await using var boxes = new TwoBoxes();
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", to);
        Assert.StartsWith("354", await client.AskAsync("DATA"), StringComparison.Ordinal);
        await client.SendAsync(wire);
        string? reply = await client.ReadReplyAsync();
        if (content is null)
        {
            Assert.StartsWith("550 5.5.2", reply, StringComparison.Ordinal);
            Assert.Null(await client.ReadReplyAsync());
            Assert.Empty(boxes.Wire.Messages);
            Assert.DoesNotContain("MAIL", boxes.Wire.Commands);
            return;
        }
        if (nul)
        {
            Assert.StartsWith("550 5.6.0", reply, StringComparison.Ordinal);
            Assert.Empty(boxes.Wire.Messages);
            return;
        }
        Assert.Equal("250 2.0.0 Ok: queued", reply);
        Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? taken), row);
        Assert.Empty(boxes.Wire.Messages);
        Assert.DoesNotContain("MAIL", boxes.Wire.Commands);
        if (to == "x@elsewhere.test")
            Assert.Equal(content, taken.Text);
        else
            Assert.Equal(content, Encoding.Latin1.GetString(OctetEqualityTests.WithoutResults((await boxes.OpenAsync(taken.Content, "juro@amd.test", to)).Content)));
    }

    [Fact]
    public async Task S16_an_end_of_data_that_trickles_octet_by_octet_ends_one_message_exactly_there()
    {
        await using var boxes = new TwoBoxes();
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "x@elsewhere.test");
        await client.AskAsync("DATA");
        foreach (byte octet in "a\r\n.\r\nNOOP\r\n"u8.ToArray())
        {
            await client.SendAsync(new[] { octet });
            await Task.Delay(10);
        }
        Assert.Equal("250 2.0.0 Ok: queued", await client.ReadReplyAsync());
        Assert.Equal("250 2.0.0 Ok", await client.ReadReplyAsync());
        Assert.Equal("a\r\n", Assert.Single(boxes.Wire.Messages).Text);
    }

    [Fact]
    public async Task S18_commands_in_the_same_segment_as_the_dot_are_the_next_transaction_with_replies_in_order()
    {
        await using var boxes = new TwoBoxes();
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "x@elsewhere.test");
        await client.AskAsync("DATA");
        await client.SendAsync("a\r\n.\r\nMAIL FROM:<b@amd.test>\r\nRCPT TO:<y@elsewhere.test>\r\nDATA\r\n");
        Assert.Equal("250 2.0.0 Ok: queued", await client.ReadReplyAsync());
        Assert.Equal("250 2.1.0 Ok", await client.ReadReplyAsync());
        Assert.Equal("250 2.1.5 Ok", await client.ReadReplyAsync());
        Assert.StartsWith("354", await client.ReadReplyAsync(), StringComparison.Ordinal);
        await client.SendAsync("b\r\n.\r\nQUIT\r\n");
        Assert.Equal("250 2.0.0 Ok: queued", await client.ReadReplyAsync());
        Assert.StartsWith("221", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal(2, boxes.Wire.Messages.Count);
    }

    [Theory]
    [InlineData("NOOP\n")]
    [InlineData("NOOP\rMAIL\r\n")]
    [InlineData("NO\0OP\r\n")]
    [InlineData("NOOP\nMAIL FROM:<a@amd.test>\r\n")]
    [InlineData("RCPT TO:<a@amd.test>\nDATA\r\n")]
    public async Task S21_a_bare_CR_LF_or_NUL_in_a_command_closes_and_is_not_forwarded(string octets)
    {
        await using var boxes = new TwoBoxes();
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.ReadReplyAsync();
        await client.AskAsync("EHLO client.test");
        await client.SendAsync(octets);
        Assert.StartsWith("500 5.5.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Equal("EHLO client.test", Assert.Single(boxes.Wire.Commands));
    }

    [Fact]
    public async Task S1_to_S3_close_where_the_settings_refuse_bare_LF()
    {
        await using var boxes = new TwoBoxes(smtp: new SmtpOptions { BareNewline = BareNewline.Refuse });
        foreach (string wire in new[] { "a\n.\nx\r\n.\r\n", "a\n.\r\nx\r\n.\r\n", "a\r\n.\nx\r\n.\r\n" })
        {
            using var client = new RawClient(boxes.Amd.InsidePort);
            await client.BeginAsync("juro@amd.test", "x@elsewhere.test");
            await client.AskAsync("DATA");
            await client.SendAsync(wire);
            Assert.StartsWith("550 5.5.2", await client.ReadReplyAsync(), StringComparison.Ordinal);
            Assert.Null(await client.ReadReplyAsync());
        }
        Assert.Empty(boxes.Wire.Messages);
    }
}
