using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cstp.Bench.Comparison;

/// <summary>What was measured, as a table and as JSON.</summary>
/// <param name="Machine">Processor, cores, system.</param>
/// <param name="Rows">One a contestant.</param>
/// <param name="Ratios">By name.</param>
internal sealed record Report(string Machine, IReadOnlyList<ReportRow> Rows, IReadOnlyDictionary<string, double> Ratios)
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Puts it together.</summary>
    /// <param name="contestants">All that ran.</param>
    /// <param name="ratios">The ratios.</param>
    public static Report Of(IEnumerable<Contestant> contestants, IReadOnlyDictionary<string, double> ratios) =>
        new(DescribeMachine(), [.. contestants.Select(ReportRow.Of)], ratios);

    /// <summary>Writes the table for people.</summary>
    /// <param name="output">Where to.</param>
    public void Print(TextWriter output)
    {
        output.WriteLine(Machine);
        output.WriteLine();
        output.WriteLine("| what | messages | CPU ms/message (lowest-highest) | messages/s | peak MiB |");
        output.WriteLine("|---|---:|---:|---:|---:|");
        foreach (ReportRow row in Rows)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Name} | {row.Messages} | {row.CpuMsPerMessage:0.000} ({row.CpuMsLowest:0.000}-{row.CpuMsHighest:0.000}) | {row.MessagesPerSecond:0.#} | {row.PeakRssMiB:0} |"));
        }
        output.WriteLine();
        output.WriteLine("| ratio | target | measured | |");
        output.WriteLine("|---|---:|---:|---|");
        foreach ((string name, double measured) in Ratios)
        {
            Target target = Target.Of(name);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {target} | {measured:0.00} | {(target.IsMet(measured) ? "met" : "missed")} |"));
        }
    }

    /// <summary>Writes it as JSON.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, s_json) + "\n");

    private static string DescribeMachine()
    {
        string processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal), "model name: unknown").Split(':')[1].Trim();
        string kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return string.Create(CultureInfo.InvariantCulture, $"{processor}, {Environment.ProcessorCount} cores, Linux {kernel}, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}");
    }
}

/// <summary>A row of the table.</summary>
/// <param name="Name">What ran.</param>
/// <param name="Messages">Messages of one run.</param>
/// <param name="CpuMsPerMessage">User and system time, median of the runs.</param>
/// <param name="MessagesPerSecond">Median of the runs; client, server and contestant share the cores.</param>
/// <param name="PeakRssMiB">Largest resident memory.</param>
/// <param name="CpuMsLowest">The best run.</param>
/// <param name="CpuMsHighest">The worst run.</param>
internal sealed record ReportRow(string Name, int Messages, double CpuMsPerMessage, double MessagesPerSecond, double PeakRssMiB, double CpuMsLowest, double CpuMsHighest)
{
    /// <summary>Of a contestant that ran.</summary>
    /// <param name="contestant">The contestant.</param>
    public static ReportRow Of(Contestant contestant) => new(
        contestant.Name, contestant.Messages, Math.Round(contestant.CpuMsPerMessage, 4), Math.Round(contestant.MessagesPerSecond, 2), Math.Round(contestant.PeakRssMiB, 1),
        Math.Round(contestant.Spread.Low, 4), Math.Round(contestant.Spread.High, 4));
}
