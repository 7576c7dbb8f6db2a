using Cstp.EndToEnd.Harness;
using Cstp.Tests.EndToEnd.Faults;

namespace Cstp.EndToEnd.Crash;

/// <summary>A message for two kinds of recipients while the box is killed as a process.</summary>
public sealed class SplitCrashTests
{
    private const int Schedules = 4;

    [Fact]
    public async Task Whenever_the_box_is_killed_each_recipient_has_the_message_once_as_planned()
    {
        int seed = SplitTrial.Seed();
        await using var trial = new SplitTrial();
        await using BoxProcess intel = await BoxProcess.InitAsync("intel.test", 9, 9);
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", trial.Server.Port, 9);
        await box.TrustAsync(intel);
        box.Configure("# server = \"smarthost.example.com:25\"", $"server = \"127.0.0.1:{trial.Relay.Port}\"");
        await box.StartAsync();
        int count = SplitTrial.Count(Schedules, share: 0.05);
        for (int i = 0; i < count; i++)
            await trial.RunAsync(SplitSchedule.Of(seed + i, boxFalls: true), () => box.InsidePort, box.KillAsync, () => box.IsRunning ? Task.CompletedTask : box.StartAsync());
        Console.WriteLine(trial.Story(seed));
        Assert.DoesNotContain("fault of ours", box.Log, StringComparison.Ordinal);
    }
}
