using System.Diagnostics;

namespace Cstp.Lab.Tests.Lab;

/// <summary>All frames at one port, captured by tcpdump and read by tshark.</summary>
internal sealed class Capture : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _file;

    private Capture(Process process, string file) => (_process, _file) = (process, file);

    public static async Task<Capture> StartAsync(string host, string port)
    {
        string file = Path.Combine(LabNetwork.Folder, $"{host}-{port}.pcap");
        var start = new ProcessStartInfo("ip", ["netns", "exec", host, "tshark", "-q", "-F", "pcapng", "-i", port, "-w", file])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(20), () => File.Exists(file) && new FileInfo(file).Length > 0), $"tshark does not capture at {host} {port}");
        return new(process, file);
    }

    /// <summary>What tshark says of the frames so far, one line each.</summary>
    /// <param name="filter">Which frames.</param>
    /// <param name="fields">Fields, parted by tabs in the answer.</param>
    public async Task<IReadOnlyList<string>> ReadAsync(string filter, params string[] fields)
    {
        // A frame may be under way from the kernel to the file.
        for (long size = -1; size != (size = new FileInfo(_file).Length);)
            await Task.Delay(300);
        Command done = await Command.TryAsync(TimeSpan.FromSeconds(60), "tshark", ["-r", _file, "-Y", filter, "-T", "fields", .. fields.SelectMany(field => new[] { "-e", field })]);
        Assert.True(done.Status == 0 || done.Error.Contains("cut short", StringComparison.Ordinal), done.Error);
        return done.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Octets captured so far.</summary>
    public long Length => new FileInfo(_file).Length;

    /// <summary>What was captured after a point, up to a later frame at least, for which this waits.</summary>
    /// <param name="start">A <see cref="Length"/> of before.</param>
    /// <param name="last">What is in that frame.</param>
    public async Task<string> SinceAsync(long start, string last)
    {
        string seen = "";
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(20), () => (seen = Read()).Contains(last, StringComparison.Ordinal)), $"{_file}: no frame with {last}");
        return seen;

        string Read()
        {
            using FileStream file = File.Open(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = start;
            using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Waits for frames: between the kernel and the file they may take their time.</summary>
    /// <param name="filter">Which frames.</param>
    /// <param name="count">At least so many.</param>
    public async Task AssertSeesAsync(string filter, int count = 1)
    {
        IReadOnlyList<string> seen = [];
        for (int attempt = 0; attempt < 20 && (seen = await ReadAsync(filter, "frame.number")).Count < count; attempt++)
            await Task.Delay(500);
        Assert.True(seen.Count >= count, $"{_file}: {seen.Count} frames instead of {count} with {filter}");
    }

    /// <summary>Requires that no such frame crossed. To be called after something later was seen here.</summary>
    /// <param name="filter">Which frames.</param>
    public async Task AssertNeverSeesAsync(string filter) =>
        Assert.Equal([], await ReadAsync(filter, "frame.number", "frame.time_epoch", "eth.src", "eth.dst", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "frame.len"));

    public async ValueTask DisposeAsync()
    {
        await Command.TryAsync(TimeSpan.FromSeconds(5), "kill", "-INT", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
