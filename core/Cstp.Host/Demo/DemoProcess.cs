using System.Diagnostics;
using Cstp.Host.Commands;

namespace Cstp.Host.Demo;

/// <summary>This program, run once more as a process of its own.</summary>
internal static class DemoProcess
{
    /// <summary>Runs a command to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed.</returns>
    /// <exception cref="CommandException">It failed.</exception>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string printed = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != ExitStatus.Done)
            throw new CommandException(ExitStatus.Software, $"'cstp {string.Join(' ', arguments)}' ended with {process.ExitCode}: {(await errors).Trim()}");
        return printed;
    }

    /// <summary>Starts a box and waits until it is ready.</summary>
    /// <param name="folder">The box's folder.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public static async Task<Process> StartBoxAsync(string folder, CancellationToken cancel)
    {
        Process process = Start(["--config", Path.Combine(folder, "cstp.toml"), "run"]);
        var log = new StreamWriter(Path.Combine(folder, "cstp.log")) { AutoFlush = true };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
                log.WriteLine(line.Data);
            else
                log.Dispose();
        };
        process.BeginErrorReadLine();
        string? ready = await process.StandardOutput.ReadLineAsync(cancel);
        if (ready?.StartsWith("cstp ready", StringComparison.Ordinal) != true)
        {
            await process.WaitForExitAsync(cancel);
            process.Dispose();
            throw new CommandException(ExitStatus.Software, $"the box in {folder} did not start; its log is {folder}/cstp.log");
        }
        return process;
    }

    private static Process Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
