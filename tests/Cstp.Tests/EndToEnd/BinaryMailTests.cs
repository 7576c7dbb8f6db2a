using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.EndToEnd;

/// <summary>Messages with BODY=BINARYMIME (RFC 3030 3) through running boxes.</summary>
public sealed class BinaryMailTests
{
    private const string Juro = MixedBox.Juro, Anna = MixedBox.Anna, Max = MixedBox.Max;
    private const string Offer = "PIPELINING\n8BITMIME\nCHUNKING\nBINARYMIME\nENHANCEDSTATUSCODES";
    private const string Head = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n";

    /// <summary>Everything that lines of text are not: NUL, CR and LF alone, a lone dot, octets over 127, and no end of the last line.</summary>
    private const string Body = ".\r\n..\n\0\r\rMAIL\n.\n\u00ff\u0000\r\n.\r\nno end";

    [Fact]
    public async Task What_nobody_touches_arrives_octet_for_octet_wherever_its_chunks_are_cut()
    {
        await using TwoBoxes boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        string message = Head + Body;
        for (int cut = 0; cut <= message.Length; cut++)
        {
            await AddressAsync(client, "x@elsewhere.test");
            Assert.StartsWith("250", await client.SendChunkAsync(message[..cut]), StringComparison.Ordinal);
            Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(message[cut..], isLast: true));
            Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? wire));
            Assert.Equal(("MAIL FROM:<juro@amd.test> BODY=BINARYMIME", message), (wire.Mail, wire.Text));
        }
        Assert.DoesNotContain("DATA", boxes.Wire.Commands);
    }

    [Theory]
    [InlineData(Body)]
    [InlineData("LF alone\nis no line end here\n")]
    [InlineData("lines\r\nbut for the last")]
    [InlineData("a\r")]
    [InlineData("\0")]
    [InlineData("")]
    public async Task What_is_sealed_is_text_on_the_wire_and_comes_back_octet_for_octet(string body)
    {
        await using TwoBoxes boxes = With();
        RecordedMessage wire = await SealAsync(boxes, Head + body);
        Assert.False(wire.CameInChunks);
        Assert.Equal("MAIL FROM:<juro@amd.test> BODY=8BITMIME", wire.Mail);
        RecordedMessage arrived = await boxes.OpenAsync(wire.Content, Juro, Anna);
        Assert.Equal(Head + body, Encoding.Latin1.GetString(OctetEqualityTests.WithoutResults(arrived.Content)));
        Assert.Equal((body.Length > 0, body.Length > 0 ? "MAIL FROM:<juro@amd.test> BODY=BINARYMIME" : "MAIL FROM:<juro@amd.test> BODY=8BITMIME"), (arrived.CameInChunks, arrived.Mail));
    }

    [Fact]
    public async Task What_was_said_to_be_binary_and_is_lines_needs_no_server_that_takes_binary()
    {
        await using TwoBoxes boxes = With(behindIntel: "8BITMIME\nENHANCEDSTATUSCODES");
        RecordedMessage wire = await SealAsync(boxes, Head + "just lines\r\n\u00ff\r\n");
        RecordedMessage arrived = await boxes.OpenAsync(wire.Content, Juro, Anna);
        Assert.False(arrived.CameInChunks);
        Assert.Equal(Head + "just lines\r\n\u00ff\r\n", Encoding.Latin1.GetString(OctetEqualityTests.WithoutResults(arrived.Content)));
    }

    [Theory]
    [InlineData(Body)]
    [InlineData("LF alone\nis no line end here\n")]
    public async Task E11_what_opens_to_binary_is_554_where_the_server_takes_none(string body)
    {
        await using TwoBoxes boxes = With(behindIntel: "8BITMIME\nCHUNKING\nENHANCEDSTATUSCODES");
        RecordedMessage wire = await SealAsync(boxes, Head + body);
        using RawClient client = await RawClient.GreetedAsync(boxes.Intel.OutsidePort);
        await client.AddressAsync(Juro, Anna);
        Assert.Equal("554 5.6.3 The opened content cannot be transported: it is binary and the mail server does not take that (BINARYMIME)", await client.SendMessageAsync(wire.Content));
        Assert.Empty(boxes.IntelServer.Messages);
    }

    [Theory]
    [InlineData("RSET", "451 4.3.0")]
    [InlineData("BDAT", "452 4.3.1 Disk full")]
    [InlineData("BDAT 0 LAST", "452 4.3.1 Disk full")]
    public async Task What_a_server_refuses_of_an_opened_message_the_client_hears(string command, string reply)
    {
        await using TwoBoxes boxes = With();
        RecordedMessage wire = await SealAsync(boxes, Head + Body);
        boxes.IntelServer.Answer = line => line.StartsWith(command, StringComparison.Ordinal) ? "452 4.3.1 Disk full" : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Intel.OutsidePort);
        await client.AddressAsync(Juro, Anna);
        Assert.StartsWith(reply, await client.SendMessageAsync(wire.Content), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
    }

    [Fact]
    public async Task Binary_CMS_from_outside_is_opened()
    {
        await using TwoBoxes boxes = With();
        CmsIdentity boss = SmimeWorkshop.Identity("boss@amd.test");
        boxes.Intel.TrustUser(boss.Certificate, "boss@amd.test");
        byte[] cms = await SmimeWorkshop.SignAsync("Content-Type: text/plain\r\n\r\nsigned\r\n", boss);
        string message = SmimeWorkshop.Message("boss@amd.test", $"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n{Encoding.Latin1.GetString(cms)}");
        using RawClient client = await RawClient.GreetedAsync(boxes.Intel.OutsidePort);
        await AddressAsync(client, Anna);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(message, isLast: true));
        RecordedMessage arrived = Assert.Single(boxes.IntelServer.Messages);
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nsigned\r\n", arrived.Text, StringComparison.Ordinal);
        Assert.False(arrived.CameInChunks);
    }

    [Fact]
    public async Task What_cannot_be_opened_passes_as_it_came()
    {
        await using TwoBoxes boxes = With();
        string message = SmimeWorkshop.Message(Juro, $"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: binary\r\n\r\n{Body}");
        using RawClient client = await RawClient.GreetedAsync(boxes.Intel.OutsidePort);
        await AddressAsync(client, Anna);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(message, isLast: true));
        RecordedMessage arrived = Assert.Single(boxes.IntelServer.Messages);
        Assert.True(arrived.CameInChunks);
        Assert.EndsWith("\r\n\r\n" + Body, arrived.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_split_message_goes_to_each_part_as_that_needs_it()
    {
        await using var box = new MixedBox();
        box.Server.Extensions = Offer;
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await AddressAsync(client, Anna, Max);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(Head + Body, isLast: true));
        RecordedMessage sealed_ = Assert.Single(box.Server.Messages, m => m.IsFor(Anna)), clear = Assert.Single(box.Server.Messages, m => m.IsFor(Max));
        Assert.Equal((false, "MAIL FROM:<juro@amd.test> BODY=8BITMIME"), (sealed_.CameInChunks, sealed_.Mail));
        Assert.Equal((true, "MAIL FROM:<juro@amd.test> BODY=BINARYMIME", Head + Body), (clear.CameInChunks, clear.Mail, clear.Text));
    }

    [Theory]
    [InlineData(Offer, "250 2.0.0 Ok: queued")]
    [InlineData("8BITMIME\nCHUNKING\nENHANCEDSTATUSCODES", "451 4.4.2")]
    public async Task Through_the_relay_a_binary_part_needs_one_that_takes_it(string offer, string reply)
    {
        await using var box = new MixedBox(relay: true);
        box.RefuseSecond("CONNECT", "421 4.7.0 Too many");
        (box.Server.Extensions, box.Relay.Extensions) = (Offer, offer);
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await AddressAsync(client, Anna, Max);
        Assert.StartsWith(reply, await client.SendChunkAsync(Head + Body, isLast: true), StringComparison.Ordinal);
        Assert.Equal(offer == Offer ? [Head + Body] : [], box.Relay.Messages.Select(m => m.Text));
        Assert.Equal(offer == Offer ? 1 : 0, box.Server.Messages.Count);
    }

    [Fact]
    public async Task A_report_on_a_binary_message_is_text()
    {
        await using var box = new MixedBox(relay: true, new PolicyRestrictive.RestrictivePolicy());
        box.Server.Extensions = Offer;
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await AddressAsync(client, Max, Anna);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(Head + Body, isLast: true));
        RecordedMessage report = Assert.Single(box.Relay.Messages);
        Assert.Equal(("MAIL FROM:<>", false), (report.Mail, report.CameInChunks));
        Assert.True(Assert.Single(box.Server.Messages).IsFor(Anna));
    }

    [Theory]
    [InlineData("Unsigned", true, Body)]
    [InlineData("Opaque", false, Body)]
    [InlineData("Reencode", false, Body)]
    [InlineData("Opaque", false, "LF alone\nand no end")]
    [InlineData("Reencode", false, "LF alone\nand no end")]
    public async Task A_signature_that_anybody_can_read_carries_no_binary(string setting, bool isBinary, string body)
    {
        await using TwoBoxes boxes = With(new SecuringOptions { SignWithoutCertificate = true, EightBit = Enum.Parse<EightBitSigning>(setting) });
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await AddressAsync(client, "x@elsewhere.test");
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(Head + body, isLast: true));
        RecordedMessage wire = Assert.Single(boxes.Wire.Messages);
        Assert.Equal((isBinary, isBinary), (wire.CameInChunks, wire.Text == Head + body));
        if (isBinary)
            return;
        Assert.Contains("smime-type=signed-data", wire.Text, StringComparison.Ordinal);
        RecordedMessage arrived = await boxes.OpenAsync(wire.Content, Juro, Anna);
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + body, arrived.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Offer, "binary", "a\nb", true)]
    [InlineData(Offer, "8bit", "a\r\nb\r\n", false)]
    [InlineData("8BITMIME\nENHANCEDSTATUSCODES", "binary", "a\r\nb\r\n", false)]
    public async Task What_a_strangers_entity_says_to_be_binary_keeps_its_line_feeds_where_the_server_takes_that(string offer, string encoding, string body, bool isBinary)
    {
        await using TwoBoxes boxes = With(behindIntel: offer);
        CmsIdentity boss = SmimeWorkshop.Identity("boss@amd.test");
        boxes.Intel.TrustUser(boss.Certificate, "boss@amd.test");
        string entity = await SmimeWorkshop.OpaqueSignedAsync($"Content-Type: text/plain\r\nContent-Transfer-Encoding: {encoding} (they say)\r\n\r\na\nb", boss);
        RecordedMessage arrived = await boxes.OpenAsync(Encoding.Latin1.GetBytes(SmimeWorkshop.Message("boss@amd.test", entity)), "boss@amd.test", Anna);
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + body, arrived.Text, StringComparison.Ordinal);
        Assert.Equal(isBinary, arrived.CameInChunks);
    }

    [Fact]
    public async Task A_client_that_trickles_does_not_keep_the_server_waiting_for_a_whole_chunk()
    {
        var time = new FakeTimeProvider();
        await using var box = new MixedBox(time: time);
        box.Server.Extensions = Offer;
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        await AddressAsync(client, Max);
        string first = Head + new string('\0', 20_000);
        Assert.StartsWith("250", await client.SendChunkAsync(first), StringComparison.Ordinal);
        Assert.DoesNotContain(box.Server.Commands, c => c.StartsWith("BDAT", StringComparison.Ordinal));
        using var limit = new CancellationTokenSource(RawClient.Patience);
        while (!box.Server.Commands.Any(c => c.StartsWith("BDAT", StringComparison.Ordinal)))
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(20, limit.Token);
        }
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync("the rest", isLast: true));
        Assert.Equal(first + "the rest", Assert.Single(box.Server.Messages).Text);
    }

    [Theory]
    [InlineData("From: juro@amd.test\nTo: x@elsewhere.test\r\n\r\nx")]
    [InlineData("From: juro@amd.test\r\n\n\r\nx")]
    [InlineData("From: juro@amd.test\rTo: x\r\n\r\nx")]
    [InlineData("From: juro@amd.test\r\n\r\r\nx")]
    [InlineData("From: juro\0@amd.test\r\n\r\nx")]
    [InlineData("From: juro@amd.test\r\nTo: x")]
    [InlineData("From: juro@amd.test\r\nTo: x\r")]
    public async Task A_header_section_that_is_not_made_of_lines_is_554_and_never_reaches_the_server(string message)
    {
        await using TwoBoxes boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await AddressAsync(client, "x@elsewhere.test");
        Assert.StartsWith("554 5.6.3", await client.SendChunkAsync(message, isLast: true), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
        await AddressAsync(client, "x@elsewhere.test");
        Assert.StartsWith("250", await client.SendChunkAsync(Head, isLast: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DATA_is_503_and_the_message_may_still_come_in_chunks()
    {
        await using TwoBoxes boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await AddressAsync(client, "x@elsewhere.test");
        Assert.StartsWith("503 5.5.1", await client.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendChunkAsync(Head + Body, isLast: true), StringComparison.Ordinal);
        Assert.Equal(Head + Body, Assert.Single(boxes.Wire.Messages).Text);
    }

    [Theory]
    [InlineData("8BITMIME\nCHUNKING")]
    [InlineData("8BITMIME\nBINARYMIME")]
    [InlineData("CHUNKING\nBINARYMIME")]
    public async Task It_is_offered_only_where_all_that_it_needs_is(string offer)
    {
        await using TwoBoxes boxes = With();
        boxes.Wire.Extensions = offer + "\nENHANCEDSTATUSCODES";
        using RawClient client = new(boxes.Amd.InsidePort);
        await client.ReadReplyAsync();
        Assert.DoesNotContain("BINARYMIME", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("555 5.5.4", await client.AskAsync("MAIL FROM:<juro@amd.test> BODY=BINARYMIME"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_message_streams_in_chunks_of_our_own_size(bool pipelined)
    {
        await using TwoBoxes boxes = With();
        boxes.Wire.Extensions = pipelined ? Offer : Offer.Replace("PIPELINING\n", "", StringComparison.Ordinal);
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await AddressAsync(client, "x@elsewhere.test");
        await client.SendChunkAsync(Head);
        string block = string.Concat(Enumerable.Range(0, 256 * 1024).Select(i => (char)(i * 31 % 256)));
        for (int i = 0; i < 40; i++)
            Assert.StartsWith("250", await client.SendChunkAsync(block), StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync("", isLast: true));
        Assert.Equal(Head + string.Concat(Enumerable.Repeat(block, 40)), Assert.Single(boxes.Wire.Messages).Text);
        Assert.All(boxes.Wire.Commands.Where(c => c.StartsWith("BDAT", StringComparison.Ordinal) && !c.EndsWith("LAST", StringComparison.Ordinal)).SkipLast(1), c => Assert.True(c.Length >= "BDAT 65536".Length, c));
    }

    [Theory]
    [InlineData("552 5.3.4 Too much", "552 5.3.4 Too much")]
    [InlineData("552 5.3.4 Too much" + RecordingServer.Farewell, "552 5.3.4 Too much")]
    [InlineData("CUT", "451 4.4.2")]
    [InlineData("354 Go on", "421 4.5.0")]
    public async Task A_server_that_stops_in_the_middle_gets_no_message_and_the_client_hears_why(string answer, string reply)
    {
        await using TwoBoxes boxes = With();
        int chunks = 0;
        boxes.Wire.Answer = line => line.StartsWith("BDAT", StringComparison.Ordinal) && ++chunks == 5 ? answer : null;
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await AddressAsync(client, "x@elsewhere.test");
        string block = new('\0', 256 * 1024);
        string? heard = await client.SendChunkAsync(Head);
        for (int i = 0; i < 20 && heard?.StartsWith("250", StringComparison.Ordinal) == true; i++)
            heard = await client.SendChunkAsync(block, isLast: i == 19);
        Assert.StartsWith(reply, heard, StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    private static TwoBoxes With(SecuringOptions? securing = null, string behindIntel = Offer)
    {
        var boxes = new TwoBoxes(securing: securing);
        (boxes.Wire.Extensions, boxes.IntelServer.Extensions) = (Offer, behindIntel);
        return boxes;
    }

    private static async Task AddressAsync(RawClient client, params string[] to)
    {
        Assert.StartsWith("250", await client.AskAsync($"MAIL FROM:<{Juro}> BODY=BINARYMIME"), StringComparison.Ordinal);
        foreach (string recipient in to)
            Assert.StartsWith("250", await client.AskAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
    }

    private static async Task<RecordedMessage> SealAsync(TwoBoxes boxes, string message)
    {
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await AddressAsync(client, Anna);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(message, isLast: true));
        Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? wire));
        return wire;
    }
}
