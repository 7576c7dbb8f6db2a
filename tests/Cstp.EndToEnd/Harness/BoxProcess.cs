using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cstp.EndToEnd.Harness;

/// <summary>One box: a folder made by <c>cstp init</c>, and a <c>cstp run</c> that can be stopped, killed and started again.</summary>
internal sealed partial class BoxProcess : IAsyncDisposable
{
    /// <summary>A start takes half a second on an idle machine.</summary>
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder;
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    private BoxProcess(string domain, TemporaryFolder folder)
    {
        Domain = domain;
        _folder = folder;
    }

    /// <summary>The local domain.</summary>
    public string Domain { get; }

    /// <summary>The folder of configuration and store.</summary>
    public string Folder => _folder.Of("box");

    /// <summary>Where messages wait while they are verified.</summary>
    public string SpoolFolder => _folder.Of("spool");

    /// <summary>The configuration file.</summary>
    public string Configuration => Path.Combine(Folder, "cstp.toml");

    /// <summary>Where local users' mail comes in; changes with every start.</summary>
    public int InsidePort { get; private set; }

    /// <summary>Where all other mail comes in; changes with every start.</summary>
    public int OutsidePort { get; private set; }

    /// <summary>What the box wrote into its log, over all starts.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>The running process.</summary>
    public Process Process => _process ?? throw new InvalidOperationException($"{Domain} does not run");

    /// <summary>Whether it was started, and not ended by us.</summary>
    public bool IsRunning => _process is not null;

    /// <summary>Largest resident memory so far.</summary>
    public long PeakOctets => long.Parse(PeakLine().Match(File.ReadAllText($"/proc/{Process.Id}/status")).Groups[1].Value, CultureInfo.InvariantCulture) * 1024;

    /// <summary>CPU time so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            Process.Refresh();
            return Process.TotalProcessorTime;
        }
    }

    /// <summary>Makes the folder; nothing runs yet.</summary>
    /// <param name="domain">The local domain.</param>
    /// <param name="insideUpstream">Port of the server for what comes in on the inside.</param>
    /// <param name="outsideUpstream">Port of the server for what comes in on the outside.</param>
    /// <param name="arguments">Further arguments of <c>cstp init</c>.</param>
    public static async Task<BoxProcess> InitAsync(string domain, int insideUpstream, int outsideUpstream, params string[] arguments)
    {
        var box = new BoxProcess(domain, new TemporaryFolder());
        await Harness.Command.RunAsync(
            Installation.Program,
            ["init", box.Folder, "--domain", domain, "--inside-listen", "127.0.0.1:0", "--inside-upstream", $"127.0.0.1:{insideUpstream}",
             "--outside-listen", "127.0.0.1:0", "--outside-upstream", $"127.0.0.1:{outsideUpstream}", .. arguments]);
        // ./test runs all of this with the modules that are named here, too: CSTP_TEST_CRYPTO_AMD, CSTP_TEST_CRYPTO_INTEL.
        if (Environment.GetEnvironmentVariable($"CSTP_TEST_CRYPTO_{domain.Split('.')[0].ToUpperInvariant()}") is { Length: > 0 } module)
            box.Select("crypto", module);
        Directory.CreateDirectory(box.SpoolFolder);
        box.Configure("#= folder = \"/var/tmp\"", $"folder = \"{box.SpoolFolder}\"");
        return box;
    }

    /// <summary>Changes the configuration file.</summary>
    /// <param name="old">What stands there.</param>
    /// <param name="instead">What shall.</param>
    public void Configure(string old, string instead)
    {
        string text = File.ReadAllText(Configuration);
        if (!text.Contains(old, StringComparison.Ordinal))
            throw new InvalidOperationException($"{Configuration} does not hold: {old}");
        File.WriteAllText(Configuration, text.Replace(old, instead, StringComparison.Ordinal));
    }

    /// <summary>Selects another module.</summary>
    /// <param name="contract">The key in <c>[modules]</c>.</param>
    /// <param name="module">Its name.</param>
    public void Select(string contract, string module) =>
        File.WriteAllText(Configuration, ModuleLine(contract).Replace(File.ReadAllText(Configuration), $"{contract} = \"{module}\""));

    /// <summary>A command of the box, in a process of its own.</summary>
    /// <returns>What it wrote.</returns>
    public Task<string> CommandAsync(params string[] arguments) => Harness.Command.RunAsync(Installation.Program, [.. arguments, "--config", Configuration]);

    /// <summary>Makes the other box's gateway certificate trusted.</summary>
    public async Task TrustAsync(BoxProcess other)
    {
        string file = _folder.Of($"{other.Domain}.pem");
        await File.WriteAllTextAsync(file, await other.CommandAsync("certs", "export", "gateway"));
        await CommandAsync("certs", "import", file, "--gateway", other.Domain);
    }

    /// <summary>Starts the proxy and waits until it says that it is ready.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Installation.Program, ["run", "--config", Configuration]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Remove("CSTP_CONFIG");
        Process process = _process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => { if (line.Data is not null) _log.Enqueue(line.Data); };
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(s_startLimit);
        string? ready = await process.StandardOutput.ReadLineAsync(limit.Token);
        if (ready is null)
            await process.WaitForExitAsync(limit.Token);
        Match ports = ReadyLine().Match(ready ?? "");
        if (!ports.Success)
            throw new InvalidOperationException($"{Domain} did not start: {ready}\n{Log}");
        InsidePort = int.Parse(ports.Groups[1].Value, CultureInfo.InvariantCulture);
        OutsidePort = int.Parse(ports.Groups[2].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>As a crash: SIGKILL.</summary>
    public async Task KillAsync()
    {
        Process process = Process;
        process.Kill();
        using var limit = new CancellationTokenSource(s_startLimit);
        await process.WaitForExitAsync(limit.Token);
        process.Dispose();
        _process = null;
    }

    /// <summary>As an administrator does: SIGTERM. Does not wait.</summary>
    public Task TerminateAsync() => Harness.Command.RunAsync("kill", "-TERM", Process.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit status.</returns>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        await Process.WaitForExitAsync(patience.Token);
        return Process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await KillAsync();
        _folder.Dispose();
    }

    private static Regex ModuleLine(string contract) => new($"^{contract} = \".*?\"", RegexOptions.Multiline);

    [GeneratedRegex(@"^cstp ready inside=127\.0\.0\.1:(\d+) outside=127\.0\.0\.1:(\d+)$")]
    private static partial Regex ReadyLine();

    [GeneratedRegex(@"^VmHWM:\s+(\d+) kB$", RegexOptions.Multiline)]
    private static partial Regex PeakLine();
}
