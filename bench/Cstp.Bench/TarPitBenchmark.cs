using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Cstp.Bench.Comparison;
using Cstp.Bench.Peers;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench;

/// <summary>Two boxes alike, one of them with thousands of slowed clients: what these cost it, and the honest.</summary>
internal static partial class TarPitBenchmark
{
    private const double MiB = 1024 * 1024;

    /// <summary>What the slowed clients may cost.</summary>
    private const double MemoryLimit = 64;

    /// <summary>What the honest keep of their throughput.</summary>
    private const double ThroughputLimit = 0.90;

    /// <summary>Messages of a round: one to three seconds.</summary>
    private const int Messages = 6000;

    private static readonly Load s_honest = new(Octets: 10 * 1024, Sessions: 20, IsReused: true) { Sender = "bob@elsewhere.test", Recipient = "guest@amd.test" };

    /// <summary>Measures and prints.</summary>
    /// <param name="clients">How many are slowed at once.</param>
    /// <param name="rounds">Runs of each box.</param>
    /// <param name="afterGreeting">Whether the clients are found out only after their greeting.</param>
    /// <returns>0, or 1 where a limit is missed.</returns>
    public static async Task<int> RunAsync(int clients, int rounds, bool afterGreeting)
    {
        await using SinkAlone sink = await SinkAlone.StartAsync();
        await using BoxProcess idle = await StartAsync(sink.Port, clients);
        await using BoxProcess busy = await StartAsync(sink.Port, clients);
        using var http = new HttpClient();
        for (int i = 0; i < 4; i++)
        {
            await s_honest.SendAsync(idle.OutsidePort, Messages);
            await s_honest.SendAsync(busy.OutsidePort, Messages);
        }
        double before = busy.PeakOctets / MiB, idleBefore = idle.PeakOctets / MiB;

        await using var crowd = new SlowedCrowd(busy.OutsidePort, clients, afterGreeting);
        await crowd.GatherAsync();
        List<double> idleRates = [], busyRates = [];
        TimeSpan idleCpu = idle.Cpu, busyCpu = busy.Cpu;
        int least = clients;
        for (int i = 0; i < rounds; i++)
        {
            // Who goes first changes, so that what the machine does besides falls on both.
            if (i % 2 == 0)
                idleRates.Add(await RateAsync(idle));
            busyRates.Add(await RateAsync(busy));
            if (i % 2 == 1)
                idleRates.Add(await RateAsync(idle));
            least = Math.Min(least, await SlowedAsync(http, busy));
        }
        (idleCpu, busyCpu) = (idle.Cpu - idleCpu, busy.Cpu - busyCpu);
        double added = busy.PeakOctets / MiB - before, idleAdded = idle.PeakOctets / MiB - idleBefore;
        double ratio = Median([.. busyRates.Zip(idleRates, (with, without) => with / without)]);

        Line($"slowed at once                      {clients} wanted, by the box's own count never fewer than {least} at the end of a round");
        Line($"peak MiB, before and with them      {before:F1}  {before + added:F1}  (+{added:F1}; the box without them +{idleAdded:F1} meanwhile)");
        Line($"honest messages/s, without and with {Median(idleRates):F0}  {Median(busyRates):F0}  (median of the rounds' ratios {ratio:P1}; lowest and highest of {rounds}: {idleRates.Min():F0}-{idleRates.Max():F0}, {busyRates.Min():F0}-{busyRates.Max():F0})");
        Line($"CPU ms a message, without and with  {idleCpu.TotalMilliseconds / rounds / Messages:F3}  {busyCpu.TotalMilliseconds / rounds / Messages:F3}");

        List<string> faults = [];
        if (least < clients * 95 / 100)
            faults.Add("too few clients were slowed");
        if (added >= MemoryLimit)
            faults.Add($"the slowed clients cost {MemoryLimit} MiB or more");
        if (ratio < ThroughputLimit)
            faults.Add($"honest sessions keep less than {ThroughputLimit:P0} of their throughput");
        foreach (string fault in faults)
            Console.WriteLine(fault);
        return faults.Count == 0 ? 0 : 1;
    }

    private static async Task<BoxProcess> StartAsync(int server, int clients)
    {
        BoxProcess box = await BoxProcess.InitAsync("amd.test", server, server);
        box.Configure("interceptors = []", "interceptors = [\"guard-connections\"]");
        const string none = "{ sessions = 0, connections_per_minute = 0, messages_per_minute = 0, recipients_per_minute = 0, errors_per_minute = 0 }";
        await File.AppendAllTextAsync(
            box.Configuration,
            $"\n[module.guard-connections]\nclient = {none}\nnetwork = {none}\ngreet_delay = \"500ms\"\nslow_delay = \"1m\"\nsuspect_for = \"1d\"\nmax_slowed = {clients}\n");
        box.Configure("# listen = \"127.0.0.1:9464\"", $"listen = \"127.0.0.1:{FreePort.Next()}\"");
        await box.StartAsync();
        return box;
    }

    private static async Task<double> RateAsync(BoxProcess box)
    {
        long start = Stopwatch.GetTimestamp();
        await s_honest.SendAsync(box.OutsidePort, Messages);
        return Messages / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>How many the box itself counts.</summary>
    private static async Task<int> SlowedAsync(HttpClient http, BoxProcess box)
    {
        string listen = Listen().Match(await File.ReadAllTextAsync(box.Configuration)).Groups[1].Value;
        string metrics = await http.GetStringAsync(new Uri($"http://{listen}/metrics"));
        return int.Parse(Slowed().Match(metrics).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^listen = \"(.*?)\"", RegexOptions.Multiline)]
    private static partial Regex Listen();

    [GeneratedRegex(@"^cstp_guard_slowed\{.*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex Slowed();

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
