using Microsoft.Extensions.Logging;

namespace Cstp.Host.Configuration;

/// <summary>How log lines are written.</summary>
internal enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Section <c>[log]</c>.</summary>
internal sealed record LogOptions
{
    /// <summary>The least level that is written.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>The form; <c>--log-format</c> takes precedence.</summary>
    public LogFormat Format { get; init; } = LogFormat.Text;
}
