using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.RealSoftware;

/// <summary>Binary messages (RFC 3030) with a server and a client that have BDAT: Dovecot's submission service.</summary>
public sealed class DovecotTests
{
    /// <summary>No LF alone: Dovecot itself makes CRLF of it.</summary>
    private const string Binary = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: " + WireTap.Secret + "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + WireTap.Secret + "\0\r\n.\r\nCR\ralone\r\r\n..\r\n\u00ff no end";

    private readonly RecordingServer _last = new() { Extensions = "PIPELINING\n8BITMIME\nCHUNKING\nBINARYMIME\nENHANCEDSTATUSCODES" };

    [Fact]
    public async Task What_Dovecot_sends_in_chunks_is_sealed_and_opened_octet_for_octet()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Dovecot is started by root only");
        await using RecordingServer last = _last;
        await using BoxPair boxes = await BoxPair.StartAsync(last.Port);
        await using DovecotSubmission dovecot = await DovecotSubmission.StartAsync(boxes.Amd.InsidePort);
        await SendAsync(dovecot.Port);
        Assert.True(last.Messages.TryDequeue(out RecordedMessage? arrived), $"{dovecot.Log}\n{boxes.Amd.Log}\n{boxes.Intel.Log}");
        AssertArrived(arrived);
        Assert.Contains(boxes.ToIntel.Seen, seen => seen.Contains("smime.p7m", StringComparison.Ordinal));
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [Fact]
    public async Task What_a_box_opens_to_binary_Dovecot_takes_in_chunks()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "Dovecot is started by root only");
        await using RecordingServer last = _last;
        await using DovecotSubmission dovecot = await DovecotSubmission.StartAsync(last.Port);
        await using BoxPair boxes = await BoxPair.StartAsync(dovecot.Port);
        await SendAsync(boxes.Amd.InsidePort);
        Assert.True(last.Messages.TryDequeue(out RecordedMessage? arrived), $"{dovecot.Log}\n{boxes.Amd.Log}\n{boxes.Intel.Log}");
        AssertArrived(arrived);
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    private static async Task SendAsync(int port)
    {
        using RawClient client = await RawClient.GreetedAsync(port);
        Assert.StartsWith("235", await client.AskAsync(DovecotSubmission.Login), StringComparison.Ordinal);
        Assert.Contains("BINARYMIME", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("MAIL FROM:<juro@amd.test> BODY=BINARYMIME"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("RCPT TO:<anna@intel.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendChunkAsync(Binary[..100]), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendChunkAsync(Binary[100..], isLast: true), StringComparison.Ordinal);
    }

    private static void AssertArrived(RecordedMessage arrived)
    {
        Assert.True(arrived.CameInChunks);
        Assert.EndsWith("BODY=BINARYMIME", arrived.Mail, StringComparison.Ordinal);
        Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith(Binary, arrived.Text, StringComparison.Ordinal);
    }
}
