using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Cstp.NetsetupLinux.Host;

/// <summary>A program of the system that ran to its end.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Error">What it complained of.</param>
internal sealed record ShellProgram(int Status, string Output, string Error)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, string> s_packages = new() { ["ip"] = "iproute2", ["nft"] = "nftables" };

    /// <summary>Where a program is; null where it is not installed.</summary>
    /// <param name="name">Its name.</param>
    public static string? Find(string name) =>
        new[] { "/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program and requires success.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">What it reads, or null.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It is not installed, or failed.</exception>
    public static async Task<ShellProgram> RunAsync(string name, IReadOnlyList<string> arguments, string? input, CancellationToken cancel)
    {
        ShellProgram done = await TryAsync(name, arguments, input, cancel);
        return done.Status == 0 ? done : throw done.Failure(name, arguments);
    }

    /// <summary>Runs a program.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="input">What it reads, or null.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="IOException">It is not installed, or does not end.</exception>
    public static async Task<ShellProgram> TryAsync(string name, IReadOnlyList<string> arguments, string? input, CancellationToken cancel)
    {
        string path = Find(name) ?? throw new IOException($"the program {name} is not installed. Install it: apt install {s_packages.GetValueOrDefault(name, name)}");
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        start.Environment["LC_ALL"] = "C";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_limit);
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
                process.StandardInput.Close();
                await process.WaitForExitAsync(limit.Token);
                return new(process.ExitCode, await output, await error);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
        catch (Win32Exception fault)
        {
            throw new IOException($"{path} cannot be started: {fault.Message}", fault);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IOException($"{path} {string.Join(' ', arguments)}: not done after {s_limit.TotalSeconds} s");
        }
    }

    /// <summary>Why it failed, in words.</summary>
    /// <param name="name">The program's name.</param>
    /// <param name="arguments">Its arguments.</param>
    public IOException Failure(string name, IEnumerable<string> arguments)
    {
        string complaint = string.Join("; ", Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(3));
        string mend = Capabilities.MayAdministerNetwork ? "" : " This process lacks the capability CAP_NET_ADMIN: run it as root, or once 'cstp net up' as root before.";
        return new($"{name} {string.Join(' ', arguments)}: {(complaint.Length > 0 ? complaint : $"status {Status}")}.{mend}");
    }
}
