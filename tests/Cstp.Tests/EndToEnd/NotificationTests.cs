using Cstp.PolicyRestrictive;

namespace Cstp.Tests.EndToEnd;

/// <summary>What a sender asked to be notified of (RFC 3461) reaches every server that gets a part of the message.</summary>
public sealed class NotificationTests
{
    private const string Message = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: s\r\n\r\nx\r\n";
    private const string Mail = "MAIL FROM:<juro@amd.test> RET=HDRS ENVID=QQ+2B314159";
    private const string Anna = "RCPT TO:<anna@intel.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ann+2Ba@intel.test";
    private const string Bob = "RCPT TO:<bob@elsewhere.test> NOTIFY=NEVER";

    [Theory]
    [InlineData(Anna)]
    [InlineData(Bob)]
    public async Task Parameters_reach_the_server_as_they_came(string recipient)
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await AddressedAsync(boxes.Amd.InsidePort, recipient);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        RecordedMessage wire = Assert.Single(boxes.Wire.Messages);
        Assert.Equal(Mail, wire.Mail);
        Assert.Equal([recipient], wire.Recipients);
    }

    [Fact]
    public async Task A_split_message_bears_them_on_both_connections()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await AddressedAsync(boxes.Amd.InsidePort, Anna, Bob);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(2, boxes.Wire.Messages.Count);
        Assert.All(boxes.Wire.Messages, wire => Assert.Equal(Mail, wire.Mail));
        Assert.Equal(new[] { Anna, Bob }.Order(), boxes.Wire.Messages.Select(wire => Assert.Single(wire.Recipients)).Order());
    }

    [Fact]
    public async Task A_transaction_that_is_made_anew_without_a_withheld_recipient_bears_them_again()
    {
        await using var boxes = new TwoBoxes(policy: new RestrictivePolicy());
        using RawClient client = await AddressedAsync(boxes.Amd.InsidePort, Anna);
        Assert.StartsWith("550 5.7.1", await client.AskAsync(Bob), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        RecordedMessage wire = Assert.Single(boxes.Wire.Messages);
        Assert.Equal(Mail, wire.Mail);
        Assert.Equal([Anna], wire.Recipients);
        Assert.Equal(2, boxes.Wire.Commands.Count(c => c == Mail));
    }

    [Fact]
    public async Task Inbound_mail_keeps_them_beside_what_is_added()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await AddressedAsync(boxes.Intel.OutsidePort, Anna);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        RecordedMessage arrived = Assert.Single(boxes.IntelServer.Messages);
        Assert.Equal(Mail + " BODY=8BITMIME", arrived.Mail);
        Assert.Equal([Anna], arrived.Recipients);
    }

    [Fact]
    public async Task A_second_connection_without_DSN_is_451_and_nobody_gets_the_message()
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await AddressedAsync(boxes.Amd.InsidePort, Anna, Bob);
        boxes.Wire.Extensions = boxes.Wire.Extensions.Replace("\nDSN", "", StringComparison.Ordinal);
        Assert.StartsWith("451 4.4.2", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SIZE 1000000")]
    public async Task What_a_message_does_not_use_need_not_be_offered_on_a_second_connection(string offer)
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("250", await client.AskAsync("MAIL FROM:<juro@amd.test> SIZE=1000"), StringComparison.Ordinal);
        foreach (string recipient in new[] { "anna@intel.test", "max@elsewhere.test" })
            Assert.StartsWith("250", await client.AskAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        boxes.Wire.Extensions = offer;
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(2, boxes.Wire.Messages.Count);
        Assert.Single(boxes.Wire.Messages, m => m.IsFor("max@elsewhere.test") && m.Mail.Contains("SIZE", StringComparison.Ordinal) == offer.Length > 0);
    }

    [Theory]
    [InlineData("MAIL FROM:<juro@amd.test> RET=ALL", "501 5.5.4")]
    [InlineData("MAIL FROM:<juro@amd.test> ENVID=a+0D+0AX", "501 5.5.4")]
    [InlineData("RCPT TO:<anna@intel.test> NOTIFY=NEVER,FAILURE", "501 5.5.4")]
    [InlineData("RCPT TO:<anna@intel.test> ORCPT=anna@intel.test", "501 5.5.4")]
    public async Task What_does_not_fit_the_grammar_is_answered_by_us_and_never_forwarded(string command, string reply)
    {
        await using var boxes = new TwoBoxes();
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith(reply, await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Single(boxes.Wire.Commands);
    }

    [Theory]
    [InlineData("MAIL FROM:<juro@amd.test> RET=HDRS")]
    [InlineData("RCPT TO:<anna@intel.test> NOTIFY=NEVER")]
    public async Task Where_the_server_has_no_DSN_the_parameters_are_refused(string command)
    {
        await using var boxes = new TwoBoxes();
        boxes.Wire.Extensions = "PIPELINING\nENHANCEDSTATUSCODES";
        using RawClient client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        Assert.StartsWith("555 5.5.4", await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Single(boxes.Wire.Commands);
    }

    private static async Task<RawClient> AddressedAsync(int port, params string[] recipients)
    {
        RawClient client = await RawClient.GreetedAsync(port);
        foreach (string command in (string[])[Mail, .. recipients])
            Assert.StartsWith("250", await client.AskAsync(command), StringComparison.Ordinal);
        return client;
    }
}
