using System.Diagnostics;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Authors;

/// <summary>
/// A home folder as an author of plugins has it: the checkout in ~/cstp, nothing else of the product's. Other people's packages are the restored
/// ones of this machine; there is no network, and nothing of the real user's is written.
/// </summary>
internal sealed class AuthorsHome : IDisposable
{
    private static readonly string s_packages =
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private readonly TemporaryFolder _folder = new();

    public AuthorsHome()
    {
        Directory.CreateSymbolicLink(_folder.Of("cstp"), Installation.Root);
        string others = Directory.CreateDirectory(_folder.Of("restored")).FullName;
        // Not packages of ours that somebody restored before: those would hide the ones that are made here.
        foreach (string package in Directory.GetDirectories(s_packages).Where(package => !Path.GetFileName(package).StartsWith("cstp.", StringComparison.Ordinal)))
            Directory.CreateSymbolicLink(Path.Combine(others, Path.GetFileName(package)), package);
        Directory.CreateDirectory(_folder.Of(".nuget", "NuGet"));
        File.WriteAllText(_folder.Of(".nuget", "NuGet", "NuGet.Config"), $"""
            <?xml version="1.0" encoding="utf-8"?>
            <configuration>
              <packageSources><clear /></packageSources>
              <fallbackPackageFolders><add key="restored" value="{others}" /></fallbackPackageFolders>
            </configuration>
            """);
    }

    /// <summary>A path in it.</summary>
    public string Of(params string[] names) => _folder.Of(names);

    /// <summary>Runs lines of shell to their end.</summary>
    /// <param name="lines">The first that fails ends it.</param>
    /// <param name="limit">How long it may take.</param>
    /// <returns>What they wrote.</returns>
    public async Task<string> RunAsync(string lines, TimeSpan limit)
    {
        using Process shell = Start("set -eu\n" + lines);
        Task<string> output = shell.StandardOutput.ReadToEndAsync(), error = shell.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(limit);
        try
        {
            await shell.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            shell.Kill(entireProcessTree: true);
            throw new TimeoutException($"not done after {limit}:\n{lines}\n{await output}\n{await error}");
        }
        return shell.ExitCode == 0 ? await output : throw new InvalidOperationException($"status {shell.ExitCode}:\n{lines}\n{await output}\n{await error}");
    }

    /// <summary>Starts lines of shell.</summary>
    /// <param name="lines">The lines.</param>
    public Process Start(string lines)
    {
        var start = new ProcessStartInfo("bash", ["-c", lines])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("CSTP_", StringComparison.Ordinal) || name is "NUGET_PACKAGES" or "CI").ToArray())
            start.Environment.Remove(name);
        start.Environment["HOME"] = start.Environment["DOTNET_CLI_HOME"] = _folder.Path;
        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1";
        // No build server stays behind that would have this home.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["NuGetAudit"] = "false";
        return Process.Start(start)!;
    }

    public void Dispose() => _folder.Dispose();
}
