using Cstp.Core.Smtp;
using Cstp.Core.Trust;
using Cstp.Tests.EndToEnd.Faults;

namespace Cstp.Tests.EndToEnd;

/// <summary>A message for two kinds of recipients while connections die; the box dies in the process tests of the same trial.</summary>
public sealed class SplitFaultTests
{
    private const int Schedules = 200;

    [Fact]
    public async Task Whichever_connection_dies_and_when_each_recipient_has_the_message_once_as_planned()
    {
        int seed = SplitTrial.Seed();
        await using var trial = new SplitTrial();
        using var database = new TestDatabase();
        await using var box = new TestBox(
            "amd.test", trial.Server.Port, trial.Server.Port, relay: new RelayOptions { Server = $"127.0.0.1:{trial.Relay.Port}" }, database: database.File);
        box.Add(SmimeWorkshop.Identity("cstpbox@intel.test").Certificate, CertificateRole.Gateway, "intel.test");
        int count = SplitTrial.Count(Schedules, share: 0.95);
        for (int i = 0; i < count; i++)
        {
            box.Box.Routes.Clear();
            await trial.RunAsync(SplitSchedule.Of(seed + i, boxFalls: false), () => box.InsidePort, () => Task.CompletedTask, () => Task.CompletedTask);
        }
        Console.WriteLine(trial.Story(seed));
    }
}
