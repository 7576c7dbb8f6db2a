using System.Diagnostics;
using System.Globalization;

namespace Cstp.Package.Tests.Machine;

/// <summary>
/// A Debian that systemd runs, by systemd-nspawn, with the package and two cables: a client on the inside, a server on the
/// outside, and nothing but the box between them.
/// </summary>
public sealed class Booted : IAsyncLifetime
{
    private const string Name = "cstp-package";
    private const string Client = Name + "-client", Server = Name + "-server", Box = Name + "-box";

    /// <summary>Where the server listens.</summary>
    internal const string ServerAddress = "10.78.0.2";

    // Namespaces of its own for mounts; in its own control group, so that nothing of another's is touched.
    private const string Boot = """
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
        for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
          if [ -e "$hierarchy/cgroup.procs" ]; then mkdir -p "$hierarchy/$3"; echo $$ >"$hierarchy/$3/cgroup.procs"; fi
        done
        exec systemd-nspawn --quiet --directory="$2/root" --boot --register=no --keep-unit --machine="$3" --link-journal=no --console=passive \
          --network-namespace-path="/run/netns/$3-box" --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off
        """;

    private const string Clear = """
        if [ -e "$1/pid" ]; then
          pid=$(cat "$1/pid")
          # The number may be another's by now.
          if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "--machine=$2 "; then
            for child in $(cat "/proc/$pid/task/$pid/children"); do kill -KILL "$child"; done
            for i in $(seq 100); do [ -e "/proc/$pid/exe" ] || break; sleep 0.1; done
            kill -KILL "$pid" 2>/dev/null || true
          fi
          rm -f "$1/pid"
        fi
        for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
          [ ! -d "$hierarchy/$2" ] || find "$hierarchy/$2" -depth -type d -exec rmdir {} +
        done
        for host in client server box; do ip netns delete "$2-$host" 2>/dev/null || true; done
        """;

    private readonly Debian _debian;
    private Root? _root;
    private Process? _nspawn;
    private Process? _sink;
    private string _init = "";

    public Booted(Debian debian) => _debian = debian;

    /// <summary>What the units did at boot, before there was a configuration.</summary>
    internal string BeforeConfiguration { get; private set; } = "";

    private string SinkFolder => Path.Combine(_root!.Folder, "arrived");

    public async ValueTask InitializeAsync()
    {
        if (!Debian.CanRun)
            return;
        _root = Root.Over(_debian, Name);
        File.Copy(Path.Combine(Installation.Root, "packaging", "container-entrypoint"), _root.Put("/usr/local/bin/container-entrypoint"));
        await Command.RunAsync("sh", "-ec", $"""
            for host in client server box; do ip netns add {Name}-$host; done
            ip link add eth0 netns {Box} type veth peer name eth0 netns {Client}
            ip link add eth1 netns {Box} type veth peer name eth0 netns {Server}
            for host in client server; do ip -n {Name}-$host link set lo up; ip -n {Name}-$host link set eth0 up; done
            ip -n {Client} address add 10.78.0.1/24 dev eth0
            ip -n {Server} address add {ServerAddress}/24 dev eth0
            """);
        Directory.CreateDirectory(SinkFolder);
        File.SetUnixFileMode(SinkFolder, (UnixFileMode)0b111_111_111);
        _sink = Start("ip", "netns", "exec", Server, Command.Find("smtp-sink")!, "-d", Path.Combine(SinkFolder, "message."), "-u", "root", $"{ServerAddress}:25", "100");
        _nspawn = Start("unshare", "--mount", "bash", "-ec", Boot, "boot", _root.Lower, _root.Folder, Name);
        await File.WriteAllTextAsync(Path.Combine(Debian.Folder, "pid"), _nspawn.Id.ToString(CultureInfo.InvariantCulture));
        string children = $"/proc/{_nspawn.Id}/task/{_nspawn.Id}/children";
        await UntilAsync("systemd runs", async () =>
        {
            if (_nspawn.HasExited)
                throw new InvalidOperationException($"systemd-nspawn ended with status {_nspawn.ExitCode}: {await _nspawn.StandardError.ReadToEndAsync()}");
            _init = (await File.ReadAllTextAsync(children)).Trim();
            return _init.Length > 0 && (await TryAsync("systemctl is-system-running")).Output.Trim() is "running" or "degraded";
        });
        // systemd-nspawn cannot know that the network under these settings is the container's own.
        await RunAsync("mount -o remount,rw,bind /proc/sys");
        BeforeConfiguration = await RunAsync("systemctl show -p ActiveState -p Result -p ConditionResult cstp.service cstp-network.service");
        await RunAsync("""
            cstp init /etc/cstp --domain amd.test
            sed -i -e 's/^network = .*/network = "netsetup-linux"/' -e 's/^sign_without_certificate = false/sign_without_certificate = true/' -e '/^\[module\./,$d' /etc/cstp/cstp.toml
            printf '[module.netsetup-linux]\nmode = "transparent"\ninside = ["eth0"]\noutside = ["eth1"]\n' >>/etc/cstp/cstp.toml
            systemctl start cstp
            """);
    }

    public async ValueTask DisposeAsync()
    {
        _sink?.Kill();
        _sink?.Dispose();
        if (_nspawn is not null)
            await ClearAsync();
        _nspawn?.Dispose();
        if (_root is not null)
            await _root.DisposeAsync();
    }

    /// <summary>Ends what an earlier run left, which was killed.</summary>
    internal static Task ClearAsync() => Command.RunAsync("bash", "-ec", Clear, "clear", Debian.Folder, Name);

    /// <summary>Runs a script of the shell as root inside and requires success.</summary>
    /// <returns>What it wrote.</returns>
    internal async Task<string> RunAsync(string script)
    {
        Command done = await TryAsync(script);
        return done.Status == 0 ? done.Output : throw new InvalidOperationException($"{script}: status {done.Status}\n{done.Output}\n{done.Error}\n{(await TryAsync("journalctl --no-pager -n 40")).Output}");
    }

    /// <summary>Runs a script of the shell as root inside.</summary>
    internal Task<Command> TryAsync(string script) =>
        Command.TryAsync(TimeSpan.FromMinutes(2), "nsenter", "--target", _init, "--all", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", script);

    /// <summary>A property of the proxy's unit.</summary>
    internal async Task<string> PropertyAsync(string name) => (await RunAsync($"systemctl show --value -p {name} cstp.service")).Trim();

    /// <summary>Sends a message from the client through the box.</summary>
    /// <returns>The message as the server got it.</returns>
    internal async Task<string> SendAsync()
    {
        string secret = $"secret-{Guid.NewGuid():n}";
        Command sent = await OfferAsync(secret);
        Assert.True(sent.Status == 0, sent.Output + sent.Error);
        return Assert.Single(Directory.GetFiles(SinkFolder).Select(File.ReadAllText), message => message.Contains(secret, StringComparison.Ordinal));
    }

    /// <summary>Has the client send a message; it may be refused.</summary>
    internal static Task<Command> OfferAsync(string body) => Command.TryAsync(
        TimeSpan.FromSeconds(60), "ip", "netns", "exec", Client, "swaks", "--server", ServerAddress, "--helo", "client", "--from", "juro@amd.test", "--to", "fedor@mulholland.test", "--body", body);

    /// <summary>Has the server give addresses by DHCP until it is disposed.</summary>
    internal Process GiveAddresses() => Start(
        "ip", "netns", "exec", Server, Command.Find("dnsmasq")!, "--no-daemon", "--conf-file=/dev/null", "--port=0", "--no-ping", "--user=root", "--interface=eth0",
        "--dhcp-range=10.78.0.50,10.78.0.59,1h", $"--dhcp-leasefile={Path.Combine(_root!.Folder, "leases")}");

    /// <summary>Waits for something.</summary>
    internal static async Task UntilAsync(string what, Func<Task<bool>> isSo)
    {
        for (long start = Stopwatch.GetTimestamp(); !await isSo(); await Task.Delay(100))
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(90), $"waited in vain: {what}");
    }

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Command.Find(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }
}

/// <summary>Tests that share one boot.</summary>
[CollectionDefinition]
public sealed class OneBoot : ICollectionFixture<Booted>;
