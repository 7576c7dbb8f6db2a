using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Trust;

namespace Cstp.Tests.EndToEnd;

/// <summary>Addresses and header sections beyond ASCII (RFC 6531, RFC 6532) through running boxes.</summary>
public sealed class InternationalMailTests
{
    private const string Sender = "j\u00fcrg@amd.test";
    private const string Recipient = "\u4f8b@intel.test";
    private const string Message = $"From: J\u00fcrg <{Sender}>\r\nTo: {Recipient}\r\nSubject: Gr\u00fc\u00dfe\r\nMessage-ID: <1@amd.test>\r\n\r\nx\r\n";

    [Fact]
    public async Task SMTPUTF8_is_offered_where_the_server_offers_it_with_8BITMIME()
    {
        await using var boxes = With("SMTPUTF8\n8BITMIME");
        Assert.Contains("SMTPUTF8", await OfferAsync(boxes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SMTPUTF8")]
    [InlineData("8BITMIME")]
    public async Task SMTPUTF8_is_not_offered_without_the_servers_SMTPUTF8_and_8BITMIME(string offered)
    {
        await using var boxes = With(offered);
        Assert.DoesNotContain("SMTPUTF8", await OfferAsync(boxes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_international_message_crosses_the_wire_sealed_and_comes_out_as_it_was()
    {
        await using var boxes = With();
        RecordedMessage wire = Assert.Single(await SendAsync(boxes.Amd.InsidePort, boxes.Wire, Recipient));
        Assert.Equal(Octets($"MAIL FROM:<{Sender}> SMTPUTF8"), wire.Mail);
        Assert.Equal(Octets($"RCPT TO:<{Recipient}>"), Assert.Single(wire.Recipients));
        Assert.DoesNotContain(Octets("Gr\u00fc\u00dfe"), wire.Text, StringComparison.Ordinal);
        RecordedMessage arrived = Assert.Single(await SendAsync(boxes.Intel.OutsidePort, boxes.IntelServer, Recipient, wire.Content));
        Assert.Equal(Octets($"MAIL FROM:<{Sender}> SMTPUTF8 BODY=8BITMIME"), arrived.Mail);
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.Equal(Octets(Message), Encoding.Latin1.GetString(OctetEqualityTests.WithoutResults(arrived.Content)));
    }

    [Fact]
    public async Task A_header_section_beyond_ASCII_gets_SMTPUTF8_again_where_a_server_on_the_way_did_without()
    {
        await using var boxes = With();
        byte[] sealed_ = await SealedSubjectAsync(boxes);
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.StartsWith("250", await client.SendMessageAsync(sealed_), StringComparison.Ordinal);
        RecordedMessage arrived = Assert.Single(boxes.IntelServer.Messages);
        Assert.Equal("MAIL FROM:<juro@amd.test> BODY=8BITMIME SMTPUTF8", arrived.Mail);
        Assert.Contains(Octets("Subject: Gr\u00fc\u00dfe\r\n"), arrived.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_section_beyond_ASCII_is_refused_where_the_server_has_no_SMTPUTF8()
    {
        await using var boxes = With();
        byte[] sealed_ = await SealedSubjectAsync(boxes);
        boxes.IntelServer.Extensions = "8BITMIME\nENHANCEDSTATUSCODES";
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.StartsWith("550 5.6.7", await client.SendMessageAsync(sealed_), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
    }

    [Fact]
    public async Task A_header_section_beyond_ASCII_that_came_without_SMTPUTF8_leaves_without_it()
    {
        await using var boxes = With();
        byte[] message = Encoding.UTF8.GetBytes("From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: Gr\u00fc\u00dfe\r\n\r\nx\r\n");
        boxes.IntelServer.Extensions = "8BITMIME\nENHANCEDSTATUSCODES";
        (_, RecordedMessage arrived) = await boxes.PassAsync(message);
        Assert.Equal("MAIL FROM:<juro@amd.test> BODY=8BITMIME", arrived.Mail);
        Assert.Equal(message, OctetEqualityTests.WithoutResults(arrived.Content));
    }

    [Fact]
    public async Task A_split_message_says_SMTPUTF8_on_both_connections()
    {
        await using var boxes = With();
        IReadOnlyList<RecordedMessage> wire = await SendAsync(boxes.Amd.InsidePort, boxes.Wire, [Recipient, "bob@elsewhere.test"]);
        Assert.Equal(2, wire.Count);
        Assert.All(wire, w => Assert.Equal(Octets($"MAIL FROM:<{Sender}> SMTPUTF8"), w.Mail));
    }

    [Theory]
    [InlineData("m\u00fcller.test")]
    [InlineData("M\u00dcLLER.test")]
    [InlineData("xn--mller-kva.test")]
    public async Task Each_spelling_of_a_domain_finds_its_gateway(string domain)
    {
        await using var boxes = With();
        boxes.Amd.Add(boxes.Intel.GatewayCertificate, CertificateRole.Gateway, "xn--mller-kva.test");
        RecordedMessage wire = Assert.Single(await SendAsync(boxes.Amd.InsidePort, boxes.Wire, $"anna@{domain}"));
        Assert.Contains("enveloped-data", wire.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Octets($"RCPT TO:<anna@{domain}>"), Assert.Single(wire.Recipients));
    }

    [Theory]
    [InlineData("\u4f8b@elsewhere.test", true)]
    [InlineData("\u4f8c@elsewhere.test", false)]
    public async Task A_certificate_is_found_by_the_octets_of_the_local_part(string address, bool isEncrypted)
    {
        await using var boxes = With();
        IReadOnlyList<OwnKey> keys = KeyGeneration.Create(KeyKind.P256, Mailbox.Parse("\u4f8b@elsewhere.test"), null, DateTimeOffset.UtcNow.AddMinutes(-1));
        boxes.Amd.TrustUser(keys[0].Identity.Certificate, "\u4f8b@elsewhere.test");
        RecordedMessage wire = Assert.Single(await SendAsync(boxes.Amd.InsidePort, boxes.Wire, address));
        Assert.Equal(isEncrypted, wire.Text.Contains("enveloped-data", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("j\u00fcrg@amd.test", "pass")]
    [InlineData("J\u00dcRG@amd.test", "policy")]
    [InlineData("ju\u0308rg@amd.test", "policy")]
    public async Task A_users_signature_is_good_for_the_octets_of_his_address_alone(string from, string result)
    {
        await using var boxes = With();
        OwnKey key = KeyGeneration.Create(KeyKind.P256, Mailbox.Parse(Sender), Mailbox.Parse(Sender), DateTimeOffset.UtcNow.AddMinutes(-1))[0];
        boxes.Intel.TrustUser(key.Identity.Certificate, Sender);
        string message = SmimeWorkshop.Message(Octets(from), await SmimeWorkshop.OpaqueSignedAsync("Content-Type: text/plain\r\n\r\nx\r\n", key.Identity));
        RecordedMessage arrived = Assert.Single(await SendAsync(boxes.Intel.OutsidePort, boxes.IntelServer, Recipient, Encoding.Latin1.GetBytes(message)));
        Assert.Contains($"smime={result}", arrived.Text, StringComparison.Ordinal);
        if (result == "pass")
            Assert.Contains("body.smime-identifier=\"j\\\\x{FC}rg@amd.test\"", arrived.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MAIL FROM:<j\u00fcrg@amd.test>", "553 5.6.7")]
    [InlineData("MAIL FROM:<juro@m\u00fcller.test>", "553 5.6.7")]
    [InlineData("MAIL FROM:<juro@amd.test> SMTPUTF8=1", "555 5.6.7")]
    [InlineData("MAIL FROM:<j\u00fcrg@amd.test> SMTPUTF8 ENVID=\u00fc", "501 5.5.4")]
    [InlineData("MAIL FROM:<j\u0085rg@amd.test> SMTPUTF8", "501 5.1.7")]
    [InlineData("MAIL FROM:<j\u202erg@amd.test> SMTPUTF8", "501 5.1.7")]
    [InlineData("MAIL FROM:<juro@\uff41md.test> SMTPUTF8", "501 5.1.7")]
    [InlineData("RCPT TO:<\u4f8b@intel.test>", "553 5.6.7")]
    public async Task What_SMTPUTF8_does_not_allow_is_answered_by_us_and_never_forwarded(string command, string reply)
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith(reply, await client.AskAsync(Octets(command)), StringComparison.Ordinal);
        Assert.Single(boxes.Wire.Commands);
    }

    [Fact]
    public async Task An_address_that_is_no_UTF8_is_refused()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("553 5.6.7", await client.AskAsync("MAIL FROM:<j\u00fcrg@amd.test> SMTPUTF8"), StringComparison.Ordinal);
        Assert.Single(boxes.Wire.Commands);
    }

    [Fact]
    public async Task A_recipient_beyond_ASCII_is_refused_in_a_transaction_without_SMTPUTF8_also_pipelined()
    {
        await using var boxes = With();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.SendAsync(Octets($"MAIL FROM:<juro@amd.test>\r\nRCPT TO:<{Recipient}>\r\nRSET\r\nMAIL FROM:<juro@amd.test> SMTPUTF8\r\nRCPT TO:<{Recipient}>\r\n"));
        string?[] replies = [await client.ReadReplyAsync(), await client.ReadReplyAsync(), await client.ReadReplyAsync(), await client.ReadReplyAsync(), await client.ReadReplyAsync()];
        Assert.Equal(["250", "553", "250", "250", "250"], replies.Select(r => r![..3]));
        Assert.Single(boxes.Wire.Commands, c => c.StartsWith("RCPT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refusal_names_an_address_beyond_ASCII_in_ASCII()
    {
        await using var boxes = new TwoBoxes(policy: new PolicyRestrictive.RestrictivePolicy());
        boxes.Wire.Extensions = "SMTPUTF8\n8BITMIME\nENHANCEDSTATUSCODES";
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AskAsync("MAIL FROM:<juro@amd.test> SMTPUTF8");
        await client.AskAsync("RCPT TO:<anna@intel.test>");
        string? refusal = await client.AskAsync(Octets("RCPT TO:<\u4f8b@elsewhere.test>"));
        Assert.StartsWith("550 5.7.1 <\\x{4F8B}@elsewhere.test>", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_names_a_recipient_beyond_ASCII_in_ASCII()
    {
        await using var box = new MixedBox(relay: true, new PolicyRestrictive.RestrictivePolicy());
        Assert.Equal("250 2.0.0 Ok: queued", await SendMixedAsync(box, MixedBox.Juro));
        string report = Assert.Single(box.Relay.Messages).Text;
        Assert.Contains("Final-Recipient: utf-8; \\x{4F8B}@elsewhere.test\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: utf-8;\\x{4F8B}@elsewhere.test\r\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("enveloped-data", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_beyond_ASCII_gets_a_global_report_through_a_relay_with_SMTPUTF8()
    {
        await using var box = new MixedBox(relay: true, new PolicyRestrictive.RestrictivePolicy());
        box.Relay.Extensions += "\nSMTPUTF8";
        Assert.Equal("250 2.0.0 Ok: queued", await SendMixedAsync(box, Sender));
        Assert.Equal([$"RCPT TO:<{MixedBox.Anna}>"], Assert.Single(box.Server.Messages).Recipients);
        RecordedMessage report = Assert.Single(box.Relay.Messages);
        Assert.Equal("MAIL FROM:<> SMTPUTF8 BODY=8BITMIME", report.Mail);
        Assert.Equal([Octets($"RCPT TO:<{Sender}> NOTIFY=NEVER")], report.Recipients);
        string text = Encoding.UTF8.GetString(report.Content);
        Assert.Contains("Content-Type: message/global-delivery-status", text, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: utf-8; \u4f8b@elsewhere.test\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: utf-8;\u4f8b@elsewhere.test\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Content-Type: message/global-headers", text, StringComparison.Ordinal);
        Assert.Contains($"To: {Sender}\r\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PIPELINING\n8BITMIME\nDSN")]
    [InlineData("PIPELINING\nSMTPUTF8\nDSN")]
    public async Task A_sender_beyond_ASCII_whom_no_report_can_reach_is_told_so_and_nobody_gets_the_message(string offered)
    {
        await using var box = new MixedBox(relay: true, new PolicyRestrictive.RestrictivePolicy());
        box.Relay.Extensions = offered;
        Assert.StartsWith("550 5.7.1 Nobody got this message: some recipients have no certificate", await SendMixedAsync(box, Sender), StringComparison.Ordinal);
        Assert.Empty(box.Relay.Messages);
        Assert.Empty(box.Server.Messages);
    }

    [Fact]
    public async Task A_relay_without_SMTPUTF8_gets_nothing_and_nobody_else_does()
    {
        await using var box = new MixedBox(relay: true);
        box.RefuseSecond("CONNECT", "421 4.7.0 Too many");
        Assert.StartsWith("451 4.4.2", await SendMixedAsync(box, Sender), StringComparison.Ordinal);
        Assert.Empty(box.Relay.Messages);
        Assert.Empty(box.Server.Messages);
    }

    /// <summary>To one without certificate and beyond ASCII, then to one with.</summary>
    private static async Task<string?> SendMixedAsync(MixedBox box, string from)
    {
        box.Server.Extensions += "\nSMTPUTF8";
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        foreach (string command in (string[])[$"MAIL FROM:<{from}> SMTPUTF8", "RCPT TO:<\u4f8b@elsewhere.test> ORCPT=utf-8;\u4f8b@elsewhere.test", $"RCPT TO:<{MixedBox.Anna}>"])
            Assert.StartsWith("250", await client.AskAsync(Octets(command)), StringComparison.Ordinal);
        return await client.SendMessageAsync(MixedBox.Message());
    }

    private static TwoBoxes With(string extensions = "PIPELINING\nDSN\nSMTPUTF8\n8BITMIME\nENHANCEDSTATUSCODES")
    {
        var boxes = new TwoBoxes();
        boxes.Wire.Extensions = extensions;
        boxes.IntelServer.Extensions = extensions;
        return boxes;
    }

    /// <summary>On the wire, with a Subject beyond ASCII inside alone.</summary>
    private static async Task<byte[]> SealedSubjectAsync(TwoBoxes boxes)
    {
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AskAsync("MAIL FROM:<juro@amd.test> SMTPUTF8");
        await client.AskAsync("RCPT TO:<anna@intel.test>");
        Assert.StartsWith("250", await client.SendMessageAsync(Octets("From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: Gr\u00fc\u00dfe\r\n\r\nx\r\n")), StringComparison.Ordinal);
        byte[] content = Assert.Single(boxes.Wire.Messages).Content;
        Assert.True(Ascii.IsValid(content));
        return content;
    }

    private static async Task<string?> OfferAsync(TwoBoxes boxes)
    {
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.ReadReplyAsync();
        return await client.AskAsync("EHLO client.test");
    }

    private static Task<IReadOnlyList<RecordedMessage>> SendAsync(int port, RecordingServer server, string to, byte[]? content = null) => SendAsync(port, server, [to], content);

    private static async Task<IReadOnlyList<RecordedMessage>> SendAsync(int port, RecordingServer server, string[] to, byte[]? content = null)
    {
        using RawClient client = await RawClient.GreetedAsync(port);
        foreach (string command in (string[])[$"MAIL FROM:<{Sender}> SMTPUTF8", .. to.Select(t => $"RCPT TO:<{t}>")])
            Assert.StartsWith("250", await client.AskAsync(Octets(command)), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendMessageAsync(content ?? Encoding.UTF8.GetBytes(Message)), StringComparison.Ordinal);
        return [.. server.Messages];
    }

    /// <summary>UTF-8, one character an octet, as the raw client sends it.</summary>
    private static string Octets(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
