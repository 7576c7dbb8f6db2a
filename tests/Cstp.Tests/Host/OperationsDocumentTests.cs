using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Cstp.Core.Diagnostics;
using Cstp.GuardConnections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Tests.Host;

/// <summary>docs/operations.md names every log event that an administrator sees and every metric, and none that is not there.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly string s_document = File.ReadAllText(DocumentFile());

    private static readonly Assembly[] s_product =
        [typeof(CstpMetrics).Assembly, typeof(Cstp.Host.Commands.ExitStatus).Assembly, typeof(ConnectionGuard).Assembly, typeof(Cstp.NetsetupLinux.LinuxNetwork).Assembly];

    [Fact]
    public void Every_log_event_stands_in_the_table_with_its_level()
    {
        LoggerMessageAttribute[] events = [.. s_product.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()];
        Assert.NotEmpty(events);
        Assert.Empty(events.GroupBy(one => one.EventId).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.Equal(
            events.Where(one => one.Level >= LogLevel.Information).OrderBy(one => one.EventId).Select(one => $"{one.EventId} {one.Level.ToString().ToLowerInvariant()}"),
            Documented().OrderBy(row => row.Id).Select(row => $"{row.Id} {row.Level}"));
    }

    [Fact]
    public void Every_metric_stands_in_the_table()
    {
        // Boxes of other tests publish theirs meanwhile, from other threads.
        var names = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith(CstpMetrics.MeterName, StringComparison.Ordinal))
                    names[Exposed(instrument)] = true;
            },
        };
        listener.Start();
        using var metrics = new CstpMetrics();
        metrics.MeasureRemaining(() => []);
        using var guard = new ConnectionGuard(new GuardSettings(), NullLogger<ConnectionGuard>.Instance, TimeProvider.System);
        Assert.NotEmpty(names);
        Assert.Equal(names.Keys.Order(StringComparer.Ordinal), MetricRow().Matches(s_document).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    /// <summary>The rows of the table of events: identifiers, and one level for all of them or one for each.</summary>
    private static IEnumerable<(int Id, string Level)> Documented()
    {
        foreach (Match row in EventRow().Matches(s_document))
        {
            int[] ids = [.. row.Groups[1].Value.Split(", ").Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture))];
            string[] levels = row.Groups[2].Value.Split(", ");
            for (int i = 0; i < ids.Length; i++)
                yield return (ids[i], levels.Length == 1 ? levels[0] : levels[i]);
        }
    }

    /// <summary>The name as Prometheus sees it.</summary>
    private static string Exposed(Instrument instrument) =>
        instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "") + (instrument is Counter<long> ? "_total" : "");

    private static string DocumentFile([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "operations.md"));

    [GeneratedRegex(@"(?m)^\| ([\d, ]+) \| ((?:information|warning|error|critical)[a-z, ]*) \|")]
    private static partial Regex EventRow();

    [GeneratedRegex(@"(?m)^\| `(cstp_\w+)` \|")]
    private static partial Regex MetricRow();
}
