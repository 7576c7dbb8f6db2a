using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Cstp.Host;

/// <summary>
/// Writes log lines to a stream, those of a short while at once. The console logger of Microsoft.Extensions.Logging wakes a
/// thread and writes for each line, which showed in profiles of relaying; its formatters are used here.
/// </summary>
[ProviderAlias("StandardError")]
internal sealed class StandardErrorLog : ILoggerProvider
{
    /// <summary>A line waits so long at most before it is written.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(20);

    /// <summary>Characters that wait at most; then whoever logs waits, too: lines are not thrown away.</summary>
    private const int MaxWaiting = 1024 * 1024;

    private readonly Stream _target;
    private readonly ConsoleFormatter _formatter;
    private readonly Thread _writer;
    private readonly AutoResetEvent _work = new(initialState: false);
    private readonly ManualResetEvent _closing = new(initialState: false);
    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private StringWriter _waiting = new(new StringBuilder());
    private StringWriter _spare = new(new StringBuilder());
    private bool _isClosed;

    /// <summary>Makes the log.</summary>
    /// <param name="target">Where lines go to.</param>
    /// <param name="formatter">Makes a line of an event.</param>
    public StandardErrorLog(Stream target, ConsoleFormatter formatter)
    {
        _target = target;
        _formatter = formatter;
        _writer = new Thread(WriteUntilClosed) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    /// <summary>Writes what waits.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _closing.Set();
            _work.Set();
        }
        _writer.Join();
        Write();
        _work.Dispose();
        _closing.Dispose();
    }

    private void Add<TState>(in LogEntry<TState> entry)
    {
        bool isUrgent;
        lock (_gate)
        {
            int before = _waiting.GetStringBuilder().Length;
            _formatter.Write(entry, null, _waiting);
            isUrgent = _isClosed || _waiting.GetStringBuilder().Length > MaxWaiting;
            // Within the lock: after the end there is no event left to set.
            if (before == 0 && !_isClosed)
                _work.Set();
        }
        if (isUrgent)
            Write();
    }

    private void WriteUntilClosed()
    {
        bool isClosed;
        do
        {
            _work.WaitOne();
            isClosed = _closing.WaitOne(s_gather);
            Write();
        }
        while (!isClosed);
    }

    private void Write()
    {
        lock (_writing)
        {
            StringWriter full;
            lock (_gate)
                (full, _waiting) = (_waiting, _spare);
            StringBuilder text = full.GetStringBuilder();
            try
            {
                _target.Write(Encoding.UTF8.GetBytes(text.ToString()));
                _target.Flush();
            }
            catch (IOException)
            {
                // Nobody reads the log any more: there is nowhere left to say so, and mail goes on.
            }
            text.Clear();
            _spare = full;
        }
    }

    private sealed class Category(StandardErrorLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add(new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter));
    }
}
