using System.Diagnostics;

namespace Cstp.EndToEnd.Harness;

/// <summary>Zones of the tests' own, signed where they shall be, behind a validating resolver: nsd and unbound on loopback.</summary>
internal sealed class SignedZones : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new TemporaryFolder().ForAll(writable: true);
    private readonly List<Process> _processes = [];
    private readonly List<string> _names = [];
    private readonly List<string> _anchors = [];
    private readonly int _authoritative = FreePort.Next();

    /// <summary>Where the resolver listens.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Adds a zone.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="records">Its records besides SOA and NS.</param>
    /// <param name="isSigned">Whether DNSSEC secures it.</param>
    /// <param name="isBogus">Whether its signatures are by another key than the resolver knows.</param>
    public async Task AddAsync(string name, string records, bool isSigned = true, bool isBogus = false)
    {
        string file = _folder.Of(name);
        await File.WriteAllTextAsync(file, $"$ORIGIN {name}.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n{records}\n");
        _names.Add(name);
        if (!isSigned)
            return;
        string key = await KeyAsync(name);
        await ShellAsync($"ldns-signzone -f '{file}.signed' '{file}' {key} && mv '{file}.signed' '{file}'");
        _anchors.Add(_folder.Of((isBogus ? await KeyAsync(name) : key) + ".key"));
    }

    /// <summary>Starts both servers.</summary>
    public async Task StartAsync()
    {
        await File.WriteAllTextAsync(_folder.Of("nsd.conf"), $"""
            server:
              ip-address: 127.0.0.1@{_authoritative}
              username: root
              zonesdir: "{_folder.Path}"
              database: ""
              pidfile: "{_folder.Of("nsd.pid")}"
              xfrdfile: ""
              zonelistfile: "{_folder.Of("zone.list")}"
              xfrdir: "{_folder.Path}"
              server-count: 1
            remote-control:
              control-enable: no
            {string.Join('\n', _names.Select(name => $"zone:\n  name: {name}\n  zonefile: {name}"))}

            """);
        await File.WriteAllTextAsync(_folder.Of("unbound.conf"), $"""
            server:
              interface: 127.0.0.1@{Port}
              username: ""
              chroot: ""
              directory: "{_folder.Path}"
              pidfile: "{_folder.Of("unbound.pid")}"
              use-syslog: no
              do-not-query-localhost: no
              module-config: "validator iterator"
              local-zone: "test." nodefault
            {string.Join('\n', _anchors.Select(anchor => $"  trust-anchor-file: \"{anchor}\""))}
            remote-control:
              control-enable: no
            {string.Join('\n', _names.Select(name => $"stub-zone:\n  name: {name}\n  stub-addr: 127.0.0.1@{_authoritative}"))}

            """);
        Start("nsd", "-d", "-c", _folder.Of("nsd.conf"));
        Start("unbound", "-d", "-c", _folder.Of("unbound.conf"));
        await SmtpSink.ListeningAsync(_authoritative, TimeSpan.FromSeconds(10));
        await SmtpSink.ListeningAsync(Port, TimeSpan.FromSeconds(10));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        _folder.Dispose();
    }

    private async Task<string> KeyAsync(string name) => (await ShellAsync($"ldns-keygen -a ECDSAP256SHA256 -k {name}")).Trim();

    private Task<string> ShellAsync(string line) => Harness.Command.RunAsync("sh", "-c", $"cd '{_folder.Path}' && {line}");

    private void Start(string program, params string[] arguments)
    {
        Process process = Process.Start(new ProcessStartInfo(Harness.Command.Find(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }
}
