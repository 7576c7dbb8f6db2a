using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Memory;

public sealed class MemoryTests
{
    private const long MiB = 1024 * 1024;

    [Fact]
    public async Task A_message_of_200_MiB_is_secured_and_opened_in_less_than_150_MiB_and_arrives_as_it_was()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using var server = new LargeMessage.Server();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port);

        string sent = await LargeMessage.SendAsync(boxes.Amd.InsidePort, 200 * MiB, "juro@amd.test", "anna@intel.test", limit.Token);

        Assert.Equal(sent, await server.TakeAsync(limit.Token));
        Assert.True(boxes.ToIntel.Octets > 200 * MiB * 4 / 3, $"only {boxes.ToIntel.Octets} octets crossed the wire");
        Assert.InRange(boxes.Amd.PeakOctets, 1, 150 * MiB);
        Assert.InRange(boxes.Intel.PeakOctets, 1, 150 * MiB);
    }
}
