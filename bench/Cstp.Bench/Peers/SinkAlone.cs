using System.Diagnostics;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>Postfix's <c>smtp-sink</c>, which keeps nothing: the server behind all others, and the way without anything between.</summary>
internal sealed class SinkAlone : Peer
{
    private readonly Process _process;

    private SinkAlone(int port, Process process)
    {
        Port = port;
        _process = process;
    }

    public override int Port { get; }

    protected override int ProcessId => _process.Id;

    /// <summary>Starts it.</summary>
    public static async Task<SinkAlone> StartAsync()
    {
        int port = FreePort.Next();
        // By itself it serves no more than 256 sessions at once, and lets the others wait.
        string[] user = string.Equals(Environment.UserName, "root", StringComparison.Ordinal) ? ["-u", "nobody"] : [];
        return new SinkAlone(port, await StartAsync(port, "smtp-sink", [.. user, "-m", "10000", $"127.0.0.1:{port}", "1000"]));
    }

    public override async ValueTask DisposeAsync() => await StopAsync(_process);
}
