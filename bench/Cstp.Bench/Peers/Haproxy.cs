using System.Diagnostics;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>haproxy in TCP mode: knows nothing of SMTP, the least that a relay in user space can cost.</summary>
internal sealed class Haproxy : Peer
{
    private readonly TemporaryFolder _folder;
    private readonly Process _process;

    private Haproxy(int port, Process process, TemporaryFolder folder)
    {
        Port = port;
        _process = process;
        _folder = folder;
    }

    public override int Port { get; }

    protected override int ProcessId => _process.Id;

    /// <summary>Starts it.</summary>
    /// <param name="server">Port of the server behind it.</param>
    public static async Task<Peer> StartAsync(int server)
    {
        var folder = new TemporaryFolder();
        int port = FreePort.Next();
        await File.WriteAllTextAsync(folder.Of("haproxy.cfg"), $"""
            global
                nbthread 1
                maxconn 4000
            defaults
                mode tcp
                timeout connect 10s
                timeout client 5m
                timeout server 5m
            listen smtp
                bind 127.0.0.1:{port}
                server sink 127.0.0.1:{server}

            """);
        return new Haproxy(port, await StartAsync(port, "haproxy", "-db", "-f", folder.Of("haproxy.cfg")), folder);
    }

    public override async ValueTask DisposeAsync()
    {
        await StopAsync(_process);
        _folder.Dispose();
    }
}
