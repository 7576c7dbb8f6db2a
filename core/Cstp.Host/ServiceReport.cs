using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace Cstp.Host;

/// <summary>
/// What systemd is told, where it started this process: ready, how many sessions are in progress, stopping, and, for its
/// watchdog, alive; the last only as long as it is true.
/// </summary>
internal sealed class ServiceReport : IAsyncDisposable
{
    /// <summary>The status is as old as this at most.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    /// <summary>What comes after the drain time: closing the store and the log.</summary>
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(15);

    private readonly ISystemdNotifier _systemd;
    private readonly IServiceLife _life;
    private readonly ILogger _logger;
    private readonly bool _isWatched;
    private readonly PeriodicTimer _timer;
    private readonly Task _reporting;

    /// <summary>Says that the service is ready, and goes on to report.</summary>
    /// <param name="systemd">Where to.</param>
    /// <param name="life">What is reported.</param>
    /// <param name="watchdog">How long systemd waits for a sign of life; null where it does not.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public ServiceReport(ISystemdNotifier systemd, IServiceLife life, TimeSpan? watchdog, TimeProvider time, ILogger logger)
    {
        _systemd = systemd;
        _life = life;
        _logger = logger;
        _isWatched = watchdog is not null;
        Interval = watchdog is { } patience && patience / 2 < s_interval ? patience / 2 : s_interval;
        _timer = new PeriodicTimer(Interval, time);
        Tell("READY=1", Status());
        _reporting = systemd.IsEnabled ? ReportAsync() : Task.CompletedTask;
    }

    /// <summary>From one report to the next: half of what the watchdog waits, or less.</summary>
    public TimeSpan Interval { get; }

    /// <summary>What systemd's watchdog waits for a sign of life of this process; null where it does not.</summary>
    public static TimeSpan? Watchdog()
    {
        // A child of a watched service inherits the variables; systemd names whom it means.
        string? process = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        if (!string.IsNullOrEmpty(process) && process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;
        return long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    /// <summary>Says that the service stops; signs of life go on until the end.</summary>
    /// <param name="drain">How long sessions may take to end; systemd is asked to wait for them.</param>
    public void Stopping(TimeSpan drain) =>
        Tell("STOPPING=1", string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={(long)(drain + s_closing).TotalMicroseconds}"), Status());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _reporting;
    }

    private async Task ReportAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            string? fault = await _life.FaultAsync(Interval);
            if (fault is not null)
                HostLog.NotAlive(_logger, fault);
            if (fault is null && _isWatched)
                Tell("WATCHDOG=1", Status());
            else
                Tell(Status());
        }
    }

    private string Status() => string.Create(CultureInfo.InvariantCulture, $"STATUS={_life.Sessions} sessions in progress");

    private void Tell(params string[] states)
    {
        try
        {
            _systemd.Notify(new ServiceState(string.Join('\n', states)));
        }
        catch (SocketException unheard)
        {
            HostLog.NotHeard(_logger, unheard.Message);
        }
    }
}
