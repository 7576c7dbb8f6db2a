using System.Globalization;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.RealSoftware;

public sealed class SwaksTests
{
    private const string Message =
        "From: Juro <juro@amd.test>\r\nTo: anna@intel.test\r\nSubject: " + WireTap.Secret + "\r\nMessage-ID: <1@amd.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n" +
        WireTap.Secret + "\r\n.a line that begins with a dot\r\n\r\n";

    [Theory]
    [InlineData]
    [InlineData("--pipeline")]
    public async Task A_message_from_swaks_crosses_the_wire_secured_and_arrives_as_it_was(params string[] arguments)
    {
        await using var server = new RecordingServer();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Of("message"), Message);   // swaks doubles the dots itself

        string dialogue = await Command.RunAsync(
            "swaks",
            ["--server", "127.0.0.1", "--port", boxes.Amd.InsidePort.ToString(CultureInfo.InvariantCulture), "--helo", "client.amd.test",
             "--from", "juro@amd.test", "--to", "anna@intel.test", "--data", "@" + folder.Of("message"), .. arguments]);

        Assert.Contains("250 2.0.0 Ok: queued", dialogue, StringComparison.Ordinal);
        RecordedMessage arrived = Assert.Single(server.Messages);
        Assert.Equal("RCPT TO:<anna@intel.test>", Assert.Single(arrived.Recipients));
        string content = Arrived.WithoutResults(arrived.Text);
        Assert.StartsWith(Message, content, StringComparison.Ordinal);
        Assert.Equal(0, boxes.ToIntel.Sightings);
        Assert.Contains("smime-type=authEnveloped-data", string.Concat(boxes.ToIntel.Seen), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tap_sees_what_is_sent_to_somebody_without_certificate()
    {
        await using var server = new RecordingServer();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port);
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@elsewhere.test");
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendMessageAsync(Message));
        Assert.NotEqual(0, boxes.ToIntel.Sightings);
        Assert.Equal(Message, Assert.Single(server.Messages).Text);
    }
}
