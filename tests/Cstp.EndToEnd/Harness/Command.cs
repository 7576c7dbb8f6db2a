using System.Diagnostics;

namespace Cstp.EndToEnd.Harness;

/// <summary>A program that runs to its end.</summary>
internal sealed record Command(int Status, string Output, string Error)
{
    private static readonly string[] s_folders = [.. Environment.GetEnvironmentVariable("PATH")!.Split(':'), "/usr/sbin"];

    /// <summary>Runs it; whatever outlasts the limit is killed and fails.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <param name="program">A path, or a name on the PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<Command> TryAsync(TimeSpan limit, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Find(program) ?? program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Remove("CSTP_CONFIG");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)}: not done after {limit}\n{await output}\n{await error}");
        }
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Runs it and requires success.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        Command done = await TryAsync(TimeSpan.FromSeconds(60), program, arguments);
        return done.Status == 0
            ? done.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: status {done.Status}\n{done.Output}\n{done.Error}");
    }

    /// <summary>Where a program is; null where it is not installed.</summary>
    public static string? Find(string program) =>
        program.Contains('/', StringComparison.Ordinal) ? program : s_folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
