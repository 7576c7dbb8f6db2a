using System.Globalization;
using System.Text.RegularExpressions;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.RealSoftware;

public sealed partial class LoadTests
{
    private const int Messages = 2000;

    [Fact]
    public async Task Of_200_sessions_at_once_every_message_arrives_once_and_verified()
    {
        await using SmtpSink sink = await SmtpSink.StartAsync();
        await using BoxPair boxes = await BoxPair.StartAsync(sink.Port);

        Command source = await Command.TryAsync(
            TimeSpan.FromSeconds(120), "smtp-source", "-s", "200", "-m", Messages.ToString(CultureInfo.InvariantCulture), "-l", "10240", "-S", WireTap.Secret,
            "-f", "juro@amd.test", "-t", "anna@intel.test", $"127.0.0.1:{boxes.Amd.InsidePort}");
        Assert.True(source.Status == 0, source.Error);

        List<string> arrived = [.. sink.Messages];
        Assert.Equal(Messages, arrived.Count);
        Assert.Equal(Messages, arrived.Select(message => MessageId().Match(message).Groups[1].Value).Where(id => id.Length > 0).Distinct().Count());
        Assert.All(arrived, message => Assert.Contains("smime=pass", message, StringComparison.Ordinal));
        Assert.All(arrived, message => Assert.Contains($"Subject: {WireTap.Secret}", message, StringComparison.Ordinal));
        Assert.True(boxes.ToIntel.Octets > Messages * 10240L * 4 / 3, $"only {boxes.ToIntel.Octets} octets crossed the wire");
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [GeneratedRegex(@"^Message-Id: (<\S+>)", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex MessageId();
}
