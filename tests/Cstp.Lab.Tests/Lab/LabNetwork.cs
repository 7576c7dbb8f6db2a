using System.Diagnostics;
using System.Globalization;

namespace Cstp.Lab.Tests.Lab;

/// <summary>The lab of <c>tests/lab</c>, up for all tests of this assembly; captures run on both sides of each box since before its bridge was there.</summary>
public sealed class LabNetwork : IAsyncLifetime
{
    public static readonly string[] Boxes = ["box-amd", "box-intel"];

    private static readonly string s_program = Path.Combine(Installation.Root, "tests", "lab", "lab");

    /// <summary>Where the hosts' files are.</summary>
    public static string Folder { get; } = Environment.GetEnvironmentVariable("CSTP_LAB") ?? "/var/tmp/cstp-lab";

    /// <summary>How long <c>lab up</c> took, without what was built before.</summary>
    public TimeSpan UpTime { get; private set; }

    /// <summary>How many processes want each core while this runs; 1 where that is nobody but us.</summary>
    public double Crowd { get; private set; } = 1;

    /// <summary>What crosses the cables, by where the capture stands: the peer's end of each cable of a box.</summary>
    internal IReadOnlyDictionary<string, Capture> Captures { get; private set; } = new Dictionary<string, Capture>();

    public async ValueTask InitializeAsync()
    {
        if (!IsRoot)
            return;
        long start = Stopwatch.GetTimestamp();
        await RunAsync("up", "--bare");
        UpTime = Stopwatch.GetElapsedTime(start);
        var captures = new Dictionary<string, Capture>();
        Captures = captures;
        foreach ((string host, string port) in new[] { ("amd", "eth0"), ("router", "amd"), ("intel", "eth0"), ("router", "intel"), ("router", "mulholland") })
            captures[$"{host}/{port}"] = await Capture.StartAsync(host, port);
        start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Boxes.Select(async box =>
        {
            await RunAsync("cstp", box, "net", "up");
            await RunAsync("proxy", box, "start");
        }));
        UpTime += Stopwatch.GetElapsedTime(start);
        double load = double.Parse((await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0], CultureInfo.InvariantCulture);
        Crowd = Math.Max(1, load / Environment.ProcessorCount);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Capture capture in Captures.Values)
            await capture.DisposeAsync();
        if (IsRoot && Environment.GetEnvironmentVariable("CSTP_LAB_KEEP") is null)
            await RunAsync("down");
    }

    /// <summary>A subcommand of <c>lab</c>.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(IsRoot, "network namespaces are made by root only");
        // Servers and proxies keep what they are started with; pipes would never end.
        string output = Path.GetTempFileName(), error = Path.GetTempFileName();
        try
        {
            Command done = await Command.TryAsync(
                TimeSpan.FromSeconds(120), "bash", ["-c", $"out='{output}'; err='{error}'; exec env CSTP_LAB_PRODUCT='{Path.GetDirectoryName(Installation.Program)}' \"$@\" >\"$out\" 2>\"$err\" </dev/null", "lab", s_program, .. arguments]);
            return done.Status == 0
                ? await File.ReadAllTextAsync(output)
                : throw new InvalidOperationException($"lab {string.Join(' ', arguments)}: status {done.Status}\n{await File.ReadAllTextAsync(output)}\n{await File.ReadAllTextAsync(error)}");
        }
        finally
        {
            File.Delete(output);
            File.Delete(error);
        }
    }

    /// <summary>A command on a host.</summary>
    public static Task<string> ExecAsync(string host, params string[] command) => RunAsync(["exec", host, .. command]);

    /// <summary>The messages of a mailbox, as soon as there are so many; lines end in LF.</summary>
    public static async Task<IReadOnlyList<string>> MailboxAsync(string host, string user, int count, string containing)
    {
        string folder = Path.Combine(Folder, "hosts", host, "mail", user, "new");
        IReadOnlyList<string> found = [];
        await UntilAsync(TimeSpan.FromSeconds(90), () =>
        {
            found = Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Select(File.ReadAllText).Where(message => message.Contains(containing, StringComparison.Ordinal))] : [];
            return found.Count >= count;
        });
        Assert.True(found.Count == count, $"{user}@{host} has {found.Count} messages with '{containing}' instead of {count}\n{Logs()}");
        return found;
    }

    /// <summary>Waits; what is not so in time is for the caller to find out.</summary>
    /// <returns>Whether it became so.</returns>
    public static async Task<bool> UntilAsync(TimeSpan limit, Func<bool> isSo)
    {
        for (long start = Stopwatch.GetTimestamp(); !isSo(); await Task.Delay(20))
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
                return false;
        }
        return true;
    }

    /// <summary>A host's log.</summary>
    public static string Log(string host) => File.ReadAllText(Path.Combine(Folder, "hosts", host, "log"));

    /// <summary>The ends of all logs.</summary>
    public static string Logs() => string.Join('\n', Directory.GetFiles(Path.Combine(Folder, "hosts"), "log", SearchOption.AllDirectories)
        .Select(file => $"== {file}\n{string.Join('\n', File.ReadLines(file).TakeLast(15))}"));

    /// <summary>Changes a setting of a box's network.</summary>
    public static async Task ConfigureAsync(string box, string key, string value)
    {
        string file = Path.Combine(Folder, "hosts", box, "cstp", "cstp.toml"), text = await File.ReadAllTextAsync(file);
        int start = text.IndexOf($"\n{key} = ", text.IndexOf("[module.netsetup-linux]", StringComparison.Ordinal), StringComparison.Ordinal) + 1;
        Assert.True(start > 0, $"{file} does not set {key}");
        await File.WriteAllTextAsync(file, $"{text[..start]}{key} = {value}{text[text.IndexOf('\n', start)..]}");
    }

    /// <summary>Hands a message to a host's own server; amd's sends all through mulholland's.</summary>
    /// <returns>Its id in the queue.</returns>
    public static async Task<string> SubmitAsync(string host, string message, string sender, params string[] recipients)
    {
        const string Queued = "250 2.0.0 Ok: queued as ";
        string file = Path.Combine(Folder, $"message-{Guid.NewGuid():n}");
        await File.WriteAllTextAsync(file, message);
        string heard = await ExecAsync(host, "swaks", "--server", "127.0.0.1", "--from", sender, "--to", string.Join(',', recipients), "--data", $"@{file}");
        File.Delete(file);
        Assert.Contains(Queued, heard, StringComparison.Ordinal);
        return heard.Split(Queued)[1].Split('\n')[0].Trim();
    }

    public static bool IsRoot => string.Equals(Environment.UserName, "root", StringComparison.Ordinal);
}
