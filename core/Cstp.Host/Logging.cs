using Cstp.Host.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Cstp.Host;

/// <summary>The log: on stderr, as text or as JSON.</summary>
internal static class Logging
{
    /// <summary>Makes the log.</summary>
    /// <param name="options">Section <c>[log]</c>.</param>
    /// <param name="format">What takes precedence over its form, or null.</param>
    public static ILoggerFactory Create(LogOptions options, LogFormat? format) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(options.Level);
        if ((format ?? options.Format) == LogFormat.Json)
            builder.AddJsonConsole(json => { json.UseUtcTimestamp = true; json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ"; });
        else
            builder.AddSimpleConsole(text => { text.SingleLine = true; text.UseUtcTimestamp = true; text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ "; text.ColorBehavior = LoggerColorBehavior.Disabled; });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
