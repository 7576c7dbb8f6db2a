using Cstp.Package.Tests.Machine;

namespace Cstp.Package.Tests;

/// <summary>
/// What the proxy can not do any more once systemd has started it, one by one. Each attempt is made by a service that is the
/// proxy's own unit but for its program; and by root, who must succeed, so that no attempt fails for another reason.
/// </summary>
[Collection(typeof(OneBoot))]
public sealed class PrivilegeTests
{
    /// <summary>The proxy's unit with another program.</summary>
    private const string Probe = """
        sed -E -e '/^(ConditionPathExists|Wants|After|NotifyAccess|Restart|RestartSec|RestartPreventExitStatus|WatchdogSec|StartLimitIntervalSec)=/d' \
          -e 's|^Type=.*|Type=oneshot|' -e 's|^ExecStart=.*|ExecStart=/bin/sh /usr/local/lib/probe|' /usr/lib/systemd/system/cstp.service >/run/systemd/system/probe.service
        systemctl daemon-reload
        """;

    private readonly Booted _machine;

    public PrivilegeTests(Booted machine)
    {
        Debian.NeedsRoot();
        _machine = machine;
    }

    [Theory]
    [InlineData("listen below port 1024", "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && bind(S, sockaddr_in(587, INADDR_ANY)) || die $!'")]
    [InlineData("open a packet socket", "perl -MSocket -e 'socket(S, 17, SOCK_RAW, 0) || die $!'")]
    [InlineData("open a raw IP socket", "perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 1) || die $!'")]
    [InlineData("read the password hashes", "cat /etc/shadow")]
    [InlineData("read root's files", "ls /root")]
    [InlineData("read a user's files", "cat /home/user/file")]
    [InlineData("change the configuration", "echo '# theirs' >>/etc/cstp/cstp.toml")]
    [InlineData("write beside the configuration", "touch /etc/cstp/probe && rm /etc/cstp/probe")]
    [InlineData("change the program", "touch /usr/lib/cstp/cstp.dll")]
    [InlineData("add a plugin of the product's", "touch /usr/lib/cstp/plugins/probe && rm /usr/lib/cstp/plugins/probe")]
    [InlineData("add a plugin of others", "touch /opt/cstp/plugins/probe && rm /opt/cstp/plugins/probe")]
    [InlineData("change what 'cstp net down' restores", "touch /run/cstp/network.json")]
    [InlineData("run what it wrote into /var/lib/cstp", "cp /bin/true /var/lib/cstp/probe; if /var/lib/cstp/probe; then rm /var/lib/cstp/probe; else rm /var/lib/cstp/probe; exit 1; fi")]
    [InlineData("run what it wrote into /tmp", "cp /bin/true /tmp/probe; if /tmp/probe; then rm /tmp/probe; else rm /tmp/probe; exit 1; fi")]
    [InlineData("run what it wrote into /var/tmp", "cp /bin/true /var/tmp/probe; if /var/tmp/probe; then rm /var/tmp/probe; else rm /var/tmp/probe; exit 1; fi")]
    [InlineData("run what it wrote into /dev/shm", "cp /bin/true /dev/shm/probe; if /dev/shm/probe; then rm /dev/shm/probe; else rm /dev/shm/probe; exit 1; fi")]
    [InlineData("make a set-user-id program", "touch /var/lib/cstp/probe; if chmod u+s /var/lib/cstp/probe; then rm /var/lib/cstp/probe; else rm /var/lib/cstp/probe; exit 1; fi")]
    [InlineData("give files away", "touch /var/lib/cstp/probe; if chown nobody /var/lib/cstp/probe; then rm /var/lib/cstp/probe; else rm /var/lib/cstp/probe; exit 1; fi")]
    [InlineData("become another user", "perl -e '$< = $> = 65534; exit($> == 65534 ? 0 : 1)'")]
    [InlineData("become another group", "perl -e '$) = 65534; exit($) == 65534 ? 0 : 1)'")]
    [InlineData("load a kernel module", "perl -e '$none = \"\"; syscall(175, 0, 0, $none); exit($!{EPERM} ? 1 : 0)'")]   // init_module of nothing: root is told so
    [InlineData("trace a process, even its own child", "perl -e 'if (!($c = fork)) { sleep 9; exit } $r = syscall(101, 0x4206, $c, 0, 0); kill 9, $c; exit($r ? 1 : 0)'")]   // PTRACE_SEIZE
    [InlineData("see other users' processes", "ls -d /proc/1")]
    [InlineData("mount", "mount -t tmpfs none /mnt && umount /mnt")]
    [InlineData("make a namespace", "unshare --uts true")]
    [InlineData("change root", "chroot / true")]
    [InlineData("change a kernel setting", "cat /proc/sys/net/ipv4/ip_forward >/proc/sys/net/ipv4/ip_forward")]
    [InlineData("read the kernel's log", "perl -e 'exit(syscall(103, 10, 0, 0) < 0 ? 1 : 0)'")]   // syslog: size of the buffer
    [InlineData("set the clock", "perl -e 'syscall(227, 0, 0); exit($!{EPERM} ? 1 : 0)'")]   // clock_settime to nothing
    [InlineData("set the host's name", "hostname \"$(hostname)\"")]
    [InlineData("take a higher priority", "renice -n -5 -p $$")]
    [InlineData("leave a core dump", "test \"$(ulimit -H -c)\" != 0")]
    [InlineData("see others' temporary files", "test -e /tmp/of-another")]
    public async Task It_can_not(string what, string attempt)
    {
        await _machine.RunAsync("mkdir -p /home/user /run/cstp; touch /home/user/file /tmp/of-another");
        Command byRoot = await _machine.TryAsync(attempt);
        Assert.True(byRoot.Status == 0, $"root, too, cannot {what}: {byRoot.Error}");
        Assert.False(await ProbeAsync(attempt), $"the proxy can {what}");
    }

    [Theory]
    [InlineData("keep its store", "touch /var/lib/cstp/probe && rm /var/lib/cstp/probe")]
    [InlineData("hold large messages on the disk", "touch /var/tmp/probe && rm /var/tmp/probe")]
    [InlineData("listen from port 1024 on", "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && bind(S, sockaddr_in(1024, INADDR_ANY)) || die $!'")]
    [InlineData("take others' addresses", "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && setsockopt(S, 0, 19, pack(q(i), 1)) || die $!'")]   // IP_TRANSPARENT
    [InlineData("mark its packets", "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && setsockopt(S, SOL_SOCKET, 36, pack(q(i), 1)) || die $!'")]   // SO_MARK
    [InlineData("change the network", "nft add table inet probe && nft delete table inet probe")]
    public async Task It_can(string what, string attempt) => Assert.True(await ProbeAsync(attempt), $"the proxy cannot {what}: {await _machine.RunAsync("journalctl -u probe -n 20")}");

    [Theory]
    [InlineData("explicit-port-25.conf", true)]
    [InlineData("explicit-high-ports.conf", false)]
    public async Task The_examples_for_explicit_mode_take_the_network_away_and_one_gives_low_ports(string example, bool isLow)
    {
        await _machine.RunAsync($"mkdir /run/systemd/system/probe.service.d; cp /usr/share/doc/cstp/examples/{example} /run/systemd/system/probe.service.d");
        try
        {
            Assert.False(await ProbeAsync("nft add table inet probe"));
            Assert.False(await ProbeAsync("perl -MSocket -e 'socket(S, 16, SOCK_RAW, 0) || die $!'"));   // AF_NETLINK
            Assert.Equal(isLow, await ProbeAsync("perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && bind(S, sockaddr_in(587, INADDR_ANY)) || die $!'"));
            Assert.True(await ProbeAsync("cd /var/tmp; exec cstp plugins list"));
        }
        finally
        {
            await _machine.RunAsync("rm -r /run/systemd/system/probe.service.d");
        }
    }

    private async Task<bool> ProbeAsync(string attempt)
    {
        await _machine.RunAsync($"cat >/usr/local/lib/probe <<'END'\n{attempt}\nEND\n{Probe}");
        Command probe = await _machine.TryAsync("systemctl start probe.service");
        string result = await _machine.RunAsync("systemctl show -p Result -p ExecMainStatus probe.service");
        // What cannot even be started proves nothing.
        Assert.True(probe.Status == 0 || result.Contains("Result=exit-code", StringComparison.Ordinal), result);
        Assert.DoesNotMatch("ExecMainStatus=(12[67]|2[0-9][0-9])\n", result);
        return probe.Status == 0;
    }
}
