using System.Diagnostics;
using System.Text.Json;
using Cstp.Conformance;

namespace Cstp.Host.Commands;

/// <summary>Runs conformance rules in a process of their own: a module that takes its process down loses one row, not the report.</summary>
internal static class ConformanceProcess
{
    /// <summary>Writes a row as the parent reads it: one line of JSON.</summary>
    /// <param name="row">The row.</param>
    public static string Line(ConformanceRow row) => JsonSerializer.Serialize(row);

    /// <summary>Runs all rules; where a process ends before its time, the row it was at fails, and another goes on behind it.</summary>
    /// <param name="rules">The rules, in the order in which they run.</param>
    /// <param name="start">Makes the process that runs the rules from an index on, and writes a line for each.</param>
    /// <param name="cancel">Ends it all.</param>
    public static async Task<IReadOnlyList<ConformanceRow>> RunAsync(IReadOnlyList<ConformanceRule> rules, Func<int, ProcessStartInfo> start, CancellationToken cancel)
    {
        var rows = new List<ConformanceRow>();
        while (rows.Count < rules.Count)
        {
            string end = await RunOneAsync(rules, rows, start(rows.Count), cancel);
            if (rows.Count < rules.Count)
                rows.Add(new(rules[rows.Count].Id, rules[rows.Count].Title, ConformanceResult.Fails, end));
        }
        return rows;
    }

    /// <summary>Takes the rows of one process.</summary>
    /// <returns>How it ended.</returns>
    private static async Task<string> RunOneAsync(IReadOnlyList<ConformanceRule> rules, List<ConformanceRow> rows, ProcessStartInfo start, CancellationToken cancel)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using Process process = Process.Start(start)!;
        using CancellationTokenRegistration stop = cancel.Register(() => process.Kill(entireProcessTree: true));
        process.StandardInput.Close();
        Task<string> errors = FirstLineAsync(process.StandardError);
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            if (rows.Count < rules.Count && Parse(line) is { } row && row.Id == rules[rows.Count].Id)
                rows.Add(row);
        }
        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        return $"the process of the module ended with status {process.ExitCode}: {await errors}";
    }

    /// <summary>The row in a line; null where the module itself wrote it.</summary>
    private static ConformanceRow? Parse(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonSerializer.Deserialize<ConformanceRow>(line) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<string> FirstLineAsync(StreamReader reader)
    {
        string first = "";
        while (await reader.ReadLineAsync() is { } line)
        {
            if (first.Length == 0)
                first = line.Trim();
        }
        return first.Length == 0 ? "it said nothing" : first;
    }
}
