using System.Text;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.RealSoftware;

/// <summary>A Postfix in front of amd, another behind intel: neither knows of the boxes.</summary>
public sealed class PostfixTests
{
    private static string Message(int number) =>
        $"From: Juro <juro@amd.test>\r\nTo: anna@intel.test\r\nSubject: {WireTap.Secret} {number}\r\nMessage-ID: <{number}@amd.test>\r\n" +
        $"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
        $"Gr\u00fc\u00dfe, {WireTap.Secret}\r\n.\r\n..\r\nFrom the start of a line\r\n" + string.Concat(Enumerable.Repeat($"line of message {number}\r\n", number * 200));

    [Fact]
    public async Task Messages_from_Postfix_cross_the_wire_secured_and_are_stored_by_Postfix_as_they_were()
    {
        AssertRoot();
        await using PostfixInstance behindIntel = await PostfixInstance.StartAsync("intel.test", 9);
        await using BoxPair boxes = await BoxPair.StartAsync(behindIntel.Port);
        await using PostfixInstance inFrontOfAmd = await PostfixInstance.StartAsync("amd.test", boxes.Amd.InsidePort);

        const int Count = 20;
        await Parallel.ForEachAsync(Enumerable.Range(1, Count), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) =>
        {
            using var client = new RawClient(inFrontOfAmd.Port);
            await client.BeginAsync("juro@amd.test", "anna@intel.test");
            Assert.StartsWith("250 2.0.0", await client.SendMessageAsync(System.Text.Encoding.UTF8.GetBytes(Message(number))), StringComparison.Ordinal);
        });

        IReadOnlyList<string> stored = await behindIntel.StoredAsync(Count);
        Assert.True(stored.Count == Count, $"{stored.Count} of {Count} arrived\n{inFrontOfAmd.Log}\n{boxes.Amd.Log}\n{boxes.Intel.Log}\n{behindIntel.Log}");
        for (int number = 1; number <= Count; number++)
        {
            string asSent = Message(number).Replace("\r\n", "\n", StringComparison.Ordinal);
            Assert.True(stored.Count(message => message.EndsWith(asSent, StringComparison.Ordinal)) == 1, $"message {number} is not stored as it was sent");
        }
        Assert.All(stored, message => Assert.Contains("smime=pass", message, StringComparison.Ordinal));
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [Fact]
    public async Task A_recipient_that_the_far_Postfix_refuses_comes_back_to_the_sender_as_its_refusal()
    {
        AssertRoot();
        await using PostfixInstance behindIntel = await PostfixInstance.StartAsync("intel.test", 9);
        await using BoxPair boxes = await BoxPair.StartAsync(behindIntel.Port);
        await using PostfixInstance inFrontOfAmd = await PostfixInstance.StartAsync("amd.test", boxes.Amd.InsidePort);

        using (var client = new RawClient(inFrontOfAmd.Port))
        {
            await client.BeginAsync("juro@amd.test", "anna@intel.test", "nobody@intel.test");
            Assert.StartsWith("250 2.0.0", await client.SendMessageAsync(Message(1)), StringComparison.Ordinal);
        }

        Assert.Single(await behindIntel.StoredAsync(1));
        string notice = Assert.Single(await inFrontOfAmd.StoredAsync(1));
        Assert.Contains("Final-Recipient: rfc822; nobody@intel.test", notice, StringComparison.Ordinal);
        Assert.Contains("550 5.1.1 <nobody@intel.test>", notice.Replace("\n    ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("anna@intel.test>: host", notice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_waits_at_Postfix_while_a_box_is_down_and_arrives_after_its_restart()
    {
        AssertRoot();
        await using PostfixInstance behindIntel = await PostfixInstance.StartAsync("intel.test", 9);
        await using BoxPair boxes = await BoxPair.StartAsync(behindIntel.Port);
        await using PostfixInstance inFrontOfAmd = await PostfixInstance.StartAsync("amd.test", boxes.Amd.InsidePort);

        await boxes.Intel.KillAsync();
        using (var client = new RawClient(inFrontOfAmd.Port))
        {
            await client.BeginAsync("juro@amd.test", "anna@intel.test");
            Assert.StartsWith("250 2.0.0", await client.SendMessageAsync(Message(1)), StringComparison.Ordinal);
        }
        Assert.True(await inFrontOfAmd.LoggedAsync("status=deferred"), inFrontOfAmd.Log);
        await boxes.Intel.StartAsync();
        Assert.Contains("smime=pass", Assert.Single(await behindIntel.StoredAsync(1)), StringComparison.Ordinal);
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [Fact]
    public async Task What_the_sender_asked_of_notifications_and_UTF8_reaches_the_far_Postfix_and_its_notification_comes_back()
    {
        AssertRoot();
        await using var notified = new RecordingServer();
        await using PostfixInstance behindIntel = await PostfixInstance.StartAsync(
            "intel.test", notified.Port, settings: "virtual_mailbox_maps = inline:{ \u4f8b@intel.test=mail/ }\nsmtputf8_enable = yes");
        await using BoxPair boxes = await BoxPair.StartAsync(behindIntel.Port);
        await using PostfixInstance inFrontOfAmd = await PostfixInstance.StartAsync("amd.test", boxes.Amd.InsidePort, settings: "smtputf8_enable = yes");

        string message = Message(1).Replace("To: anna@", "To: \u4f8b@", StringComparison.Ordinal).Replace("From: Juro", "From: J\u00fcro", StringComparison.Ordinal);
        using (var client = new RawClient(inFrontOfAmd.Port))
        {
            await client.ReadReplyAsync();
            await client.AskAsync("EHLO client.test");
            foreach (string command in (string[])["MAIL FROM:<juro@amd.test> SMTPUTF8 RET=HDRS ENVID=QQ+2B314159", "RCPT TO:<\u4f8b@intel.test> NOTIFY=SUCCESS ORCPT=rfc822;ann+2Ba@amd.test"])
                Assert.StartsWith("250", await client.AskAsync(Octets(command)), StringComparison.Ordinal);
            Assert.StartsWith("250 2.0.0", await client.SendMessageAsync(Encoding.UTF8.GetBytes(message)), StringComparison.Ordinal);
        }

        string stored = Assert.Single(await behindIntel.StoredAsync(1));
        Assert.EndsWith(message.Replace("\r\n", "\n", StringComparison.Ordinal), stored, StringComparison.Ordinal);
        Assert.Contains("smime=pass", stored, StringComparison.Ordinal);
        Assert.True(await behindIntel.LoggedAsync("sender delivery status notification"), inFrontOfAmd.Log + behindIntel.Log);
        Assert.True(await behindIntel.LoggedAsync("to=<juro@amd.test>"), behindIntel.Log);
        RecordedMessage notification = Assert.Single(notified.Messages);
        Assert.StartsWith("RCPT TO:<juro@amd.test>", Assert.Single(notification.Recipients), StringComparison.Ordinal);
        Assert.Contains("Original-Envelope-Id: QQ+314159", notification.Text, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: rfc822;ann+a@amd.test", notification.Text, StringComparison.Ordinal);
        Assert.Contains("Action: delivered", notification.Text, StringComparison.Ordinal);
    }

    /// <summary>UTF-8, one character an octet.</summary>
    private static string Octets(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static void AssertRoot() => Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Postfix is started by root only");
}
