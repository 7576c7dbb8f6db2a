using System.Diagnostics;
using System.Globalization;
using Cstp.EndToEnd.Harness;
using Cstp.EndToEnd.Memory;

namespace Cstp.Bench;

/// <summary>One message through two fresh boxes, for each size: what it costs, and that memory does not grow with it.</summary>
internal static class MemoryBenchmark
{
    private const long MiB = 1024 * 1024;

    /// <summary>What no box may exceed.</summary>
    private const long Limit = 150 * MiB;

    /// <summary>Runs of one size differ by about half of this.</summary>
    private const long Noise = 16 * MiB;

    private static readonly string[] s_sizes = ["100", "400", "1024"];

    /// <summary>Measures and prints a table.</summary>
    /// <param name="sizes">In MiB, the smallest first; empty for the usual ones.</param>
    /// <returns>0, or 1 where a box needs too much.</returns>
    public static async Task<int> RunAsync(string[] sizes)
    {
        var rows = new List<Row>();
        Console.WriteLine("message MiB | peak MiB: amd (secures)  intel (opens) | CPU s: amd  intel | s      MB/s | SHA-256");
        foreach (string size in sizes.Length > 0 ? sizes : s_sizes)
        {
            Row row = await MeasureAsync(long.Parse(size, CultureInfo.InvariantCulture) * MiB);
            rows.Add(row);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Octets / MiB,11} | {(double)row.AmdPeak / MiB,23:F1}  {(double)row.IntelPeak / MiB,13:F1} | {row.AmdCpu.TotalSeconds,10:F1} {row.IntelCpu.TotalSeconds,6:F1} | {row.Wall.TotalSeconds,-6:F1} {row.Octets / 1e6 / row.Wall.TotalSeconds,4:F0} | {(row.IsEqual ? "equal" : "DIFFERS")}"));
        }

        List<string> faults = [];
        if (rows.Any(row => !row.IsEqual))
            faults.Add("a message arrived otherwise than it was sent");
        if (rows.Any(row => Math.Max(row.AmdPeak, row.IntelPeak) > Limit))
            faults.Add($"a box needed more than {Limit / MiB} MiB");
        if (rows[^1].AmdPeak > rows[0].AmdPeak + Noise || rows[^1].IntelPeak > rows[0].IntelPeak + Noise)
            faults.Add("memory grows with the size of the message");
        foreach (string fault in faults)
            Console.WriteLine(fault);
        return faults.Count == 0 ? 0 : 1;
    }

    private static async Task<Row> MeasureAsync(long octets)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30));
        await using var server = new LargeMessage.Server();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port);
        TimeSpan amd = boxes.Amd.Cpu, intel = boxes.Intel.Cpu;
        long start = Stopwatch.GetTimestamp();
        string sent = await LargeMessage.SendAsync(boxes.Amd.InsidePort, octets, "juro@amd.test", "anna@intel.test", limit.Token);
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        string arrived = await server.TakeAsync(limit.Token);
        return new(octets, boxes.Amd.PeakOctets, boxes.Intel.PeakOctets, boxes.Amd.Cpu - amd, boxes.Intel.Cpu - intel, wall, sent == arrived);
    }

    private sealed record Row(long Octets, long AmdPeak, long IntelPeak, TimeSpan AmdCpu, TimeSpan IntelCpu, TimeSpan Wall, bool IsEqual);
}
