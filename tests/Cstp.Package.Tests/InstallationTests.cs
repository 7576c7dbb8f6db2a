using System.Security.Cryptography;
using Cstp.Package.Tests.Machine;

namespace Cstp.Package.Tests;

/// <summary>The package in a clean Debian: installed, upgraded, removed, purged.</summary>
public sealed class InstallationTests : IAsyncLifetime
{
    private const string Fingerprint = "cstp certs export gateway | sha256sum";

    /// <summary>Runs the program as the proxy's user, without any capability.</summary>
    private const string AsProxy = "setpriv --reuid cstp --regid cstp --clear-groups --no-new-privs --inh-caps -all --ambient-caps -all --bounding-set -all ";

    private readonly Debian _debian;
    private readonly Root _root;

    public InstallationTests(Debian debian)
    {
        Debian.NeedsRoot();
        _debian = debian;
        _root = Root.Over(debian, "machine");
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _root.DisposeAsync();

    [Fact]
    public async Task Apt_installs_it_with_what_it_needs_and_starts_nothing_that_is_not_configured()
    {
        Assert.Contains($"Setting up cstp ({Debian.OldVersion})", _debian.InstallationLog, StringComparison.Ordinal);
        Assert.Contains("begin with 'cstp init /etc/cstp --domain DOMAIN'", _debian.InstallationLog, StringComparison.Ordinal);
        Assert.Equal("", await _root.RunAsync("dpkg --audit; apt-get check -qq"));
        Assert.Equal("0.1.0\n", await _root.RunAsync("cstp --version"));
        Assert.Equal("enabled\nenabled\n", await _root.RunAsync("systemctl is-enabled cstp.service cstp-network.service"));
        // What the program finds only when it needs it: all native libraries, and those that plugins load.
        Assert.DoesNotContain("not found", await _root.RunAsync("for library in /usr/lib/cstp/*.so; do ldd $library; done; ldconfig -p | grep -E 'libssl.so.3|libnftables.so.1'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_file_is_whose_it_shall_be_whatever_the_umask_was() => Assert.Equal(
        """
        /etc/cstp root:root 755
        /etc/cstp/cstp.toml root:root 644
        /var/lib/cstp cstp:cstp 700
        /var/lib/cstp/cstp.db cstp:cstp 600
        /var/lib/cstp/store.key cstp:cstp 600
        /opt/cstp/plugins root:root 755
        /usr/lib/cstp/cstp root:root 755
        /usr/lib/cstp/plugins root:root 755

        """,
        await _root.RunAsync("umask 077; cstp init /etc/cstp --domain amd.test >/dev/null; stat -c '%n %U:%G %a' /etc/cstp /etc/cstp/cstp.toml /var/lib/cstp /var/lib/cstp/cstp.db /var/lib/cstp/store.key /opt/cstp/plugins /usr/lib/cstp/cstp /usr/lib/cstp/plugins"));

    [Fact]
    public async Task Nobody_but_root_may_write_what_the_package_brings_and_its_user_cannot_log_in()
    {
        Assert.Equal("", await _root.RunAsync("dpkg -L cstp | sort -u | while read -r file; do find \"$file\" -maxdepth 0 ! -type l \\( ! -user root -o -perm /022 \\); done"));
        Assert.Matches("^cstp:x:[0-9]{1,3}:[0-9]{1,3}:CSTP mail proxy,*:/var/lib/cstp:/usr/sbin/nologin\n$", await _root.RunAsync("getent passwd cstp"));
        Assert.StartsWith("cstp:!", await _root.RunAsync("getent shadow cstp"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_commands_work_and_the_proxys_user_carries_mail()
    {
        Assert.Contains("/etc/cstp/cstp.toml: in order", await _root.RunAsync($"cstp init /etc/cstp --domain amd.test; {AsProxy} cstp config check 2>&1"), StringComparison.Ordinal);
        Assert.Equal(
            ["crypto-bouncycastle", "crypto-opensslinterop", "guard-connections", "netsetup-explicit", "netsetup-linux", "policy-all-or-nothing", "policy-liberal", "policy-restrictive"],
            (await _root.RunAsync($"{AsProxy} cstp plugins list --json | grep -o '\"name\": *\"[a-z-]*\"' | cut -d'\"' -f4")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotMatch("\"problem\": *\"", await _root.RunAsync("cstp plugins list --json"));
        // A library of libcrypto's in the clean Debian, and the portable one.
        foreach (string module in new[] { "crypto-opensslinterop", "crypto-bouncycastle" })
            await _root.RunAsync($"{AsProxy} cstp plugins check {module}");
        // Two boxes and real messages through them.
        await _root.RunAsync($"cd /var/tmp; {AsProxy} cstp demo");
    }

    [Fact]
    public async Task Root_may_use_the_store_and_leaves_it_to_the_proxys_user()
    {
        await _root.RunAsync("""
            cstp init /etc/cstp --domain amd.test
            cstp init /root/other --domain intel.test
            cstp certs export gateway --config /root/other/cstp.toml >/root/intel.pem
            cstp certs import /root/intel.pem --gateway intel.test
            cstp keys new --gateway
            """);
        Assert.Equal("cstp:cstp\n", await _root.RunAsync("find /var/lib/cstp -printf '%u:%g\\n' | sort -u"));
        Assert.Contains("intel.test", await _root.RunAsync($"{AsProxy} cstp certs list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_refuses_to_overwrite_what_is_there()
    {
        string before = await _root.RunAsync($"cstp init /etc/cstp --domain amd.test >/dev/null; {Fingerprint}");
        Command again = await _root.TryAsync("cstp init /etc/cstp --domain intel.test");
        Assert.Equal(74, again.Status);
        // The store alone is reason enough.
        Assert.Contains("/var/lib/cstp/cstp.db is there already", (await _root.TryAsync("mv /etc/cstp/cstp.toml /root; cstp init /etc/cstp --domain intel.test")).Error, StringComparison.Ordinal);
        Assert.Equal(before, await _root.RunAsync($"mv /root/cstp.toml /etc/cstp; {Fingerprint}"));
    }

    [Fact]
    public async Task An_upgrade_keeps_configuration_keys_plugins_and_what_the_administrator_changed()
    {
        string before = await _root.RunAsync($$"""
            cstp init /etc/cstp --domain amd.test >/dev/null
            echo '# mine' >>/etc/cstp/cstp.toml
            mkdir -p /opt/cstp/plugins/policy-mine /etc/systemd/system/cstp.service.d
            cp /usr/lib/cstp/plugins/policy-liberal/policy-liberal.dll /opt/cstp/plugins/policy-mine/policy-mine.dll
            cp /usr/share/doc/cstp/examples/explicit-port-25.conf /etc/systemd/system/cstp.service.d
            systemctl disable cstp-network.service 2>/dev/null
            chmod 750 /var/lib/cstp
            {{State}}
            """);
        await _root.RunAsync("dpkg -i /root/new.deb");
        Assert.Equal("0.1.0-1", await _root.RunAsync("dpkg-query -W -f '${Version}' cstp"));
        Assert.Equal(before, await _root.RunAsync(State));
        Assert.Equal("enabled\n", await _root.RunAsync("systemctl is-enabled cstp.service"));
        Assert.Equal("disabled\n", (await _root.TryAsync("systemctl is-enabled cstp-network.service")).Output);
        // And back, where the new one disappoints.
        await _root.RunAsync("dpkg -i /root/old.deb 2>&1");
        Assert.Equal(before, await _root.RunAsync(State));
    }

    [Fact]
    public async Task Removal_keeps_configuration_and_keys_and_installation_finds_them_again()
    {
        string before = await _root.RunAsync($"cstp init /etc/cstp --domain amd.test >/dev/null; {State}");
        await _root.RunAsync("dpkg --remove cstp");
        Assert.Equal("gone\n", await _root.RunAsync("[ -e /usr/bin/cstp ] || [ -e /usr/lib/cstp ] || [ -e /usr/lib/systemd/system/cstp.service ] || echo gone"));
        await _root.RunAsync("apt-get install -y --no-install-recommends /root/new.deb");
        Assert.Equal(before, await _root.RunAsync(State));
        Assert.Equal("enabled\nenabled\n", await _root.RunAsync("systemctl is-enabled cstp.service cstp-network.service"));
    }

    [Fact]
    public async Task Removal_says_that_bridge_and_rules_stay()
    {
        Assert.DoesNotContain("net down", (await _root.TryAsync("dpkg --remove cstp")).Error, StringComparison.Ordinal);
        Assert.Contains("'cstp net down'", (await _root.TryAsync("dpkg -i /root/new.deb; mkdir -p /run/cstp; touch /run/cstp/network.json; dpkg --remove cstp")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Purging_removes_everything_with_the_keys_but_the_locked_account_and_others_plugins()
    {
        await _root.RunAsync("cstp init /etc/cstp --domain amd.test; touch /opt/cstp/plugins/theirs; dpkg --purge cstp");
        Assert.Equal("/opt/cstp\n/opt/cstp/plugins\n/opt/cstp/plugins/theirs\n", await _root.RunAsync("find / -xdev -path /proc -prune -o \\( -iname '*cstp*' -o -path '/opt/*' \\) ! -path '/root/*' ! -path '/var/lib/apt/*' -print | sort"));
        Assert.StartsWith("cstp:!", await _root.RunAsync("getent shadow cstp"), StringComparison.Ordinal);
        await _root.RunAsync("rm -r /opt/cstp; dpkg -i /root/new.deb; cstp init /etc/cstp --domain amd.test; dpkg --purge cstp");
        Assert.Equal("", await _root.RunAsync("ls /opt"));
    }

    [Fact]
    public async Task Packing_again_gives_the_same_octets()
    {
        string again = await Debian.PackAgainAsync(Path.Combine(Debian.Folder, "again"));
        Assert.Equal(SHA256.HashData(await File.ReadAllBytesAsync(Debian.NewPackage)), SHA256.HashData(await File.ReadAllBytesAsync(again)));
    }

    /// <summary>Everything that an administrator would miss.</summary>
    private const string State = "find /etc/cstp /var/lib/cstp /opt/cstp /etc/systemd/system/cstp.service.d -type f -exec sha256sum {} + 2>/dev/null | sort; stat -c '%n %U %a' /etc/cstp /var/lib/cstp; " + Fingerprint;
}
