using Cstp.Host.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Cstp.Host;

/// <summary>The log: on stderr, as text or as JSON; text for systemd's journal bears the level as the journal reads it, and leaves the time to it.</summary>
internal static class Logging
{
    private const string TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>Makes the log.</summary>
    /// <param name="options">Section <c>[log]</c>.</param>
    /// <param name="format">What takes precedence over its form, or null.</param>
    public static ILoggerFactory Create(LogOptions options, LogFormat? format) => Create(options, format, Console.OpenStandardError(), JournalStream.IsStandardError());

    /// <summary>Makes the log.</summary>
    /// <param name="options">Section <c>[log]</c>.</param>
    /// <param name="format">What takes precedence over its form, or null.</param>
    /// <param name="target">Where lines go to.</param>
    /// <param name="isJournal">Whether that is systemd's journal.</param>
    public static ILoggerFactory Create(LogOptions options, LogFormat? format, Stream target, bool isJournal) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(options.Level);
        bool isJson = (format ?? options.Format) == LogFormat.Json;
        // For its formatters; the provider that comes with them is not asked for.
        if (isJson)
            builder.AddJsonConsole(json => { json.UseUtcTimestamp = true; json.TimestampFormat = TimestampFormat; });
        else if (isJournal)
            builder.AddSystemdConsole();
        else
            builder.AddSimpleConsole(text => { text.SingleLine = true; text.UseUtcTimestamp = true; text.TimestampFormat = TimestampFormat + " "; text.ColorBehavior = LoggerColorBehavior.Disabled; });
        builder.ClearProviders();
        string name = isJson ? ConsoleFormatterNames.Json : isJournal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple;
        builder.Services.AddSingleton<ILoggerProvider>(services =>
            new StandardErrorLog(target, services.GetServices<ConsoleFormatter>().First(formatter => formatter.Name == name)));
    });
}
