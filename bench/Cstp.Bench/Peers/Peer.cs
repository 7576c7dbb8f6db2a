using System.Diagnostics;
using Cstp.Bench.Comparison;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>A program that takes mail on a port of loopback and passes it on; its cost is what is measured.</summary>
internal abstract class Peer : IAsyncDisposable
{
    /// <summary>Where it takes mail.</summary>
    public abstract int Port { get; }

    /// <summary>The process whose tree is measured.</summary>
    protected abstract int ProcessId { get; }

    /// <summary>CPU time so far.</summary>
    public TimeSpan Cpu => ProcessTree.Cpu(ProcessId);

    /// <summary>Whether it costs what it costs one that has run for a while; nothing but a compiler at run time takes long to settle.</summary>
    public virtual bool IsWarm => true;

    /// <summary>Largest resident memory so far.</summary>
    public long PeakOctets => ProcessTree.PeakOctets(ProcessId);

    /// <summary>Waits until it has done what it accepted; most answer only when they are done.</summary>
    public virtual Task SettleAsync() => Task.CompletedTask;

    /// <summary>Ends it.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Starts a program that stays in the foreground, and waits until it listens.</summary>
    /// <param name="port">Where it will.</param>
    /// <param name="program">Its name.</param>
    /// <param name="arguments">Its arguments.</param>
    protected static async Task<Process> StartAsync(int port, string program, params string[] arguments)
    {
        string path = Command.Find(program) ?? throw new FileNotFoundException($"{program} is not installed; bench/run installs it");
        Process process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await SmtpSink.ListeningAsync(port, TimeSpan.FromSeconds(20));
        return process;
    }

    /// <summary>Ends such a program.</summary>
    /// <param name="process">The program.</param>
    protected static async Task StopAsync(Process process)
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
