using System.CommandLine;
using System.Runtime.InteropServices;
using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Trust;
using Cstp.Core.Trust.Revocation;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Cstp.Host.Commands;

/// <summary><c>cstp run</c>: the proxy.</summary>
internal static class RunCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "run";

    private static readonly Option<LogFormat?> s_format = new("--log-format") { Description = "The form of log lines (default: [log] format).", HelpName = "text|json" };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var run = new Command(Name, "Runs the proxy until SIGTERM or SIGINT; sessions in progress may end.") { s_format };
        run.SetAction(RunAsync);
        return run;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        LoadedConfiguration configuration = CommonOptions.ReadConfiguration(parsed);
        using ILoggerFactory loggers = Logging.Create(configuration.Settings.Log, parsed.GetValue(s_format));
        await using BoxRuntime runtime = await BoxRuntime.OpenAsync(configuration, TimeProvider.System, loggers);
        ILogger logger = loggers.CreateLogger("Cstp");
        foreach (string warning in runtime.Warnings)
            HostLog.ConfigurationWarning(logger, warning);

        using var box = new Box(runtime.BoxSettings, runtime.Modules, () => runtime.Store.Current, runtime.Store.Database, runtime.Store.Collect, TimeProvider.System, loggers);
        // An administrator's command, or a process that drains, may write there, too.
        runtime.Store.Changed += box.Ledger.Reload;
        runtime.Store.Changed += box.Routes.Reload;
        box.Ledger.ReportUnknown();
        using MeterProvider? metrics = MetricsEndpoint.Start(configuration.Settings.Metrics);
        await using RevocationFetcher? fetcher = configuration.Settings.Revocation.Fetch
            ? new RevocationFetcher(
                runtime.Store.Revocation, configuration.Settings.Revocation, () => runtime.Store.Current, runtime.Store.KeepList, box.Metrics, TimeProvider.System, loggers.CreateLogger("Cstp.Revocation"))
            : null;
        await using var expiry = new ExpiryWatch(() => runtime.Store.Current, configuration.Settings.Trust, box.Metrics, TimeProvider.System, loggers.CreateLogger("Cstp.Trust"));
        INetworkMode network = runtime.Modules.Network;
        await network.UpAsync(cancel);
        try
        {
            box.Proxy.Start();
            await network.ListeningAsync(cancel);
            var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"cstp ready inside={box.Proxy.Names(Side.Inside)} outside={box.Proxy.Names(Side.Outside)}");
            await parsed.InvocationConfiguration.Output.FlushAsync(cancel);
            using var life = new ProxyLife(box.Proxy);
            await using var report = new ServiceReport(new SystemdNotifier(), life, ServiceReport.Watchdog(), TimeProvider.System, logger);
            await stopping.Task;
            report.Stopping(configuration.Settings.Smtp.DrainTimeout);
            await network.DrainingAsync();
            await box.Proxy.DrainAsync();
            return ExitStatus.Done;

            void Stop(PosixSignalContext signal)
            {
                signal.Cancel = true;
                stopping.TrySetResult();
            }
        }
        finally
        {
            // The network stays as it is: while no proxy runs, mail waits or passes as the mode says.
            await box.Proxy.DisposeAsync();
        }
    }
}
