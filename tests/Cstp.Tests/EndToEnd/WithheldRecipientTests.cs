using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using Cstp.PolicyRestrictive;
using MimeKit;

namespace Cstp.Tests.EndToEnd;

/// <summary>The restrictive policy where there is a relay: who has no certificate is reported to the sender, the others get theirs.</summary>
public sealed class WithheldRecipientTests
{
    private const string Anna = MixedBox.Anna, Max = MixedBox.Max, Juro = MixedBox.Juro;

    private static async Task<string?> SendAsync(MixedBox box, string mail, params string[] recipients)
    {
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        Assert.StartsWith("250", await client.AskAsync($"MAIL FROM:{mail}"), StringComparison.Ordinal);
        foreach (string recipient in recipients)
            Assert.StartsWith("250", await client.AskAsync($"RCPT TO:{recipient}"), StringComparison.Ordinal);
        string? end = await client.SendMessageAsync(MixedBox.Message("Secret content"));
        await client.AskAsync("QUIT");
        return end;
    }

    [Fact]
    public async Task The_certified_get_theirs_and_the_sender_hears_of_the_others()
    {
        await using var box = new MixedBox(relay: true, new RestrictivePolicy());
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(
            box, $"<{Juro}> RET=FULL ENVID=QQ+2B314", $"<{Max}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;Max+2BAll@elsewhere.test", $"<{Anna}>"));

        RecordedMessage secured = Assert.Single(box.Server.Messages);
        Assert.Equal([$"RCPT TO:<{Anna}>"], secured.Recipients);
        Assert.DoesNotContain("Secret", secured.Text, StringComparison.Ordinal);

        RecordedMessage report = Assert.Single(box.Relay.Messages);
        Assert.Equal("MAIL FROM:<>", report.Mail);
        Assert.Equal([$"RCPT TO:<{Juro}> NOTIFY=NEVER"], report.Recipients);
        Assert.DoesNotContain("Secret", report.Text, StringComparison.Ordinal);
        MimeMessage mail = await MimeMessage.LoadAsync(new MemoryStream(report.Content));
        Assert.Equal("auto-replied", mail.Headers["Auto-Submitted"]);
        Assert.Equal("cstpbox@amd.test", mail.From.Mailboxes.Single().Address);
        Assert.Equal(Juro, mail.To.Mailboxes.Single().Address);
        MultipartReport parts = Assert.IsType<MultipartReport>(mail.Body);
        Assert.Equal("delivery-status", parts.ReportType);
        Assert.Equal(3, parts.Count);
        Assert.Contains(Max, Assert.IsType<TextPart>(parts[0]).Text, StringComparison.Ordinal);
        MessageDeliveryStatus status = Assert.IsType<MessageDeliveryStatus>(parts[1]);
        Assert.Equal(2, status.StatusGroups.Count);
        Assert.Equal("dns; cstp.amd.test", status.StatusGroups[0]["Reporting-MTA"]);
        Assert.Equal("QQ+314", status.StatusGroups[0]["Original-Envelope-Id"]);
        Assert.Equal("rfc822;Max+All@elsewhere.test", status.StatusGroups[1]["Original-Recipient"]);
        Assert.Equal($"rfc822; {Max}", status.StatusGroups[1]["Final-Recipient"]);
        Assert.Equal("failed", status.StatusGroups[1]["Action"]);
        Assert.Equal("5.7.1", status.StatusGroups[1]["Status"]);
        Assert.Contains("Content-Type: text/rfc822-headers", report.Text, StringComparison.Ordinal);
        Assert.Contains("Message-ID: <1@amd.test>", report.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Subject: mixed", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_on_a_binary_message_is_text_and_needs_no_relay_that_takes_binary()
    {
        await using var box = new MixedBox(relay: true, new RestrictivePolicy());
        box.Server.Extensions += "\nCHUNKING\nBINARYMIME";
        using RawClient client = await RawClient.GreetedAsync(box.Box.InsidePort);
        foreach (string command in (string[])[$"MAIL FROM:<{Juro}> BODY=BINARYMIME", $"RCPT TO:<{Max}>", $"RCPT TO:<{Anna}>"])
            Assert.StartsWith("250", await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendChunkAsync(MixedBox.Message("Secret\0content"), isLast: true));
        RecordedMessage report = Assert.Single(box.Relay.Messages);
        Assert.Equal(("MAIL FROM:<>", false), (report.Mail, report.CameInChunks));
        Assert.Contains("Action: failed", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_withheld_stand_in_one_report_whatever_is_demanded_of_their_signatures()
    {
        var rules = new SecuringOptions { Rules = [new() { Remote = [Max], Sign = Demand.Require }] };
        await using var box = new MixedBox(relay: true, new RestrictivePolicy(), securing: rules);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(box, $"<{Juro}>", $"<{Max}>", "<moritz@elsewhere.test>", $"<{Anna}>"));
        string report = Assert.Single(box.Relay.Messages).Text;
        Assert.Contains($"Final-Recipient: rfc822; {Max}", report, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: rfc822; moritz@elsewhere.test", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOTIFY=NEVER")]
    [InlineData("NOTIFY=SUCCESS,DELAY")]
    public async Task Where_the_sender_wants_no_report_the_whole_message_is_refused(string notify)
    {
        await using var box = new MixedBox(relay: true, new RestrictivePolicy());
        Assert.StartsWith("550 5.7.1", await SendAsync(box, $"<{Juro}>", $"<{Max}> {notify}", $"<{Anna}>"), StringComparison.Ordinal);
        Assert.Empty(box.Server.Messages);
        Assert.Empty(box.Relay.Messages);
    }

    [Theory]
    [InlineData("<>", true)]
    [InlineData("<juro@amd.test>", false)]
    public async Task Without_a_sender_or_a_relay_the_whole_message_is_refused(string mail, bool relay)
    {
        await using var box = new MixedBox(relay, new RestrictivePolicy());
        Assert.StartsWith("550 5.7.1", await SendAsync(box, mail, $"<{Max}>", $"<{Anna}>"), StringComparison.Ordinal);
        Assert.Empty(box.Server.Messages);
        Assert.Empty(box.Relay.Messages);
    }

    [Fact]
    public async Task Where_the_certified_delivery_fails_after_the_report_the_withheld_do_not_get_the_message_alone_and_unprotected()
    {
        await using var box = new MixedBox(relay: true, new RestrictivePolicy());
        box.RefuseDot(1, "452 4.3.1 Disk full");
        Assert.StartsWith("451 4.4.2", await SendAsync(box, $"<{Juro}>", $"<{Max}>", $"<{Anna}>"), StringComparison.Ordinal);
        Assert.Single(box.Relay.Messages);

        (string[] replies, string? end) = await box.SendAsync(MixedBox.Message("Secret content"), Max, Anna);
        Assert.StartsWith("452 4.5.3", replies[1], StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0 Ok: delivered already", end, StringComparison.Ordinal);
        Assert.Equal("250 2.0.0 Ok: queued", (await box.SendAsync(MixedBox.Message("Secret content"), Anna)).End);
        Assert.Equal([$"RCPT TO:<{Anna}>"], Assert.Single(box.Server.Messages).Recipients);
        Assert.Single(box.Relay.Messages);
    }

    [Fact]
    public async Task Where_the_report_is_not_taken_nobody_gets_the_message()
    {
        await using var box = new MixedBox(relay: true, new RestrictivePolicy());
        box.Relay.Answer = line => line == "DOT" ? "451 4.3.0 Later" : null;
        Assert.Equal("451 4.3.0 Later", await SendAsync(box, $"<{Juro}>", $"<{Max}>", $"<{Anna}>"));
        Assert.Empty(box.Server.Messages);
    }
}
