using System.Diagnostics;
using System.Text.Json;

namespace Cstp.Tests.Host;

/// <summary>Runs the built program, as an administrator does.</summary>
internal static class CstpProgram
{
    /// <summary>The program of the configuration that the tests were built in.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(
        AppContext.BaseDirectory, "..", "..", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name.Replace("-tests", "", StringComparison.Ordinal), "cstp"));

    public static Task<Result> RunAsync(params string[] args) => RunAsync(null, args);

    public static async Task<Result> RunAsync(Action<ProcessStartInfo>? with, params string[] args)
    {
        var start = new ProcessStartInfo(Path, args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Remove("CSTP_CONFIG");
        with?.Invoke(start);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return new(process.ExitCode, await output, await error);
    }

    internal sealed record Result(int Status, string Output, string Error)
    {
        public JsonElement Json => JsonDocument.Parse(Output).RootElement;

        public Result Expect(int status)
        {
            Assert.True(status == Status, $"status {Status}, expected {status}\n{Output}\n{Error}");
            return this;
        }
    }
}
