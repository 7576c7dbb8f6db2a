using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.EndToEnd;

/// <summary>Keeps what a box logs, at every level, with what each exception says.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _all = new();

    public IReadOnlyCollection<string> All => _all;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _all.Enqueue($"{formatter(state, exception)}{exception}");

    public void Dispose()
    {
    }
}
