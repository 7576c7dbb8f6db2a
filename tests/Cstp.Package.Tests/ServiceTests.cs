using System.Diagnostics;
using System.Text.Json;
using Cstp.Package.Tests.Machine;

namespace Cstp.Package.Tests;

/// <summary>The services under systemd, on the wire.</summary>
[Collection(typeof(OneBoot))]
public sealed class ServiceTests
{
    private readonly Booted _machine;

    public ServiceTests(Booted machine)
    {
        Debian.NeedsRoot();
        _machine = machine;
    }

    [Fact]
    public void Before_there_is_a_configuration_nothing_runs_and_nothing_has_failed()
    {
        foreach (string line in new[] { "ActiveState=inactive", "Result=success", "ConditionResult=no" })
            Assert.Equal(2, _machine.BeforeConfiguration.Split('\n').Count(told => told == line));
    }

    [Fact]
    public async Task A_message_passes_and_is_signed_with_the_boxs_key()
    {
        string message = await _machine.SendAsync();
        Assert.Contains("multipart/signed", message, StringComparison.Ordinal);
        Assert.Contains("0 sessions in progress", await _machine.PropertyAsync("StatusText"), StringComparison.Ordinal);
        Assert.Equal("active", await StateAsync("cstp-network.service"));
    }

    [Fact]
    public async Task The_proxy_has_one_capability_no_way_to_more_and_leaves_no_dumps()
    {
        await _machine.SendAsync();
        string status = await _machine.RunAsync($"cat /proc/{await _machine.PropertyAsync("MainPID")}/status");
        string user = (await _machine.RunAsync("id -u cstp")).Trim();
        Assert.Contains($"Uid:\t{user}\t{user}\t{user}\t{user}\n", status, StringComparison.Ordinal);
        foreach (string set in new[] { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" })
            Assert.Contains($"{set}:\t0000000000001000\n", status, StringComparison.Ordinal);   // CAP_NET_ADMIN
        Assert.Contains("NoNewPrivs:\t1\n", status, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2\n", status, StringComparison.Ordinal);
        Assert.Matches("Max core file size +0 +0 ", await _machine.RunAsync($"cat /proc/{await _machine.PropertyAsync("MainPID")}/limits"));
    }

    [Fact]
    public async Task The_journal_has_levels_and_no_time_of_ours()
    {
        await _machine.SendAsync();
        JsonElement[] lines = [.. (await _machine.RunAsync("journalctl -u cstp -o json _TRANSPORT=stdout")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement warning = lines.First(line => Text(line).Contains("starttls", StringComparison.Ordinal));
        Assert.Equal("4", warning.GetProperty("PRIORITY").GetString());
        Assert.StartsWith("Cstp[1] ", Text(warning), StringComparison.Ordinal);
        Assert.Contains(lines, line => line.GetProperty("PRIORITY").GetString() == "6" && Text(line).Contains("fedor@mulholland.test", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_comes_by_DHCP_to_a_client_that_the_hardened_unit_starts_and_keeps()
    {
        const string Down = "systemctl stop cstp cstp-network; cstp net down --config /etc/cstp/cstp.toml";
        using Process dhcp = _machine.GiveAddresses();
        await _machine.RunAsync($"""
            {Down}
            cp -p /etc/cstp/cstp.toml /root/transparent.toml
            sed -i 's/^mode = "transparent"/mode = "ip"\naddress = ["dhcp"]/' /etc/cstp/cstp.toml
            systemctl start cstp
            """);
        try
        {
            await Booted.UntilAsync("br0 has an address", async () => (await _machine.RunAsync("ip -4 -o address show")).Contains("10.78.0.5", StringComparison.Ordinal));
            Assert.Contains("multipart/signed", await _machine.SendAsync(), StringComparison.Ordinal);
            Assert.Contains("dhclient", await _machine.RunAsync("systemctl status cstp-network"), StringComparison.Ordinal);
            Assert.Equal("active", await StateAsync("cstp-network.service"));
        }
        finally
        {
            await _machine.RunAsync($"{Down}; mv /root/transparent.toml /etc/cstp/cstp.toml; systemctl start cstp");
            dhcp.Kill();
        }
        Assert.DoesNotContain("dhclient", await _machine.RunAsync("ps -e -o comm= || cat /proc/[0-9]*/comm"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_hangs_is_ended_by_the_watchdog_and_started_again()
    {
        // Its memory holds keys, so a dump would be one of them: LimitCORE=0 in the unit.
        await _machine.RunAsync("mkdir -p /run/systemd/system/cstp.service.d; printf '[Service]\\nWatchdogSec=4s\\n' >/run/systemd/system/cstp.service.d/watchdog.conf; systemctl daemon-reload; systemctl restart cstp");
        try
        {
            string process = await _machine.PropertyAsync("MainPID");
            // Longer than the watchdog waits: signs of life come.
            await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
            Assert.Equal(process, await _machine.PropertyAsync("MainPID"));
            await _machine.RunAsync($"kill -STOP {process}");
            await Booted.UntilAsync("the watchdog bites", async () => (await _machine.RunAsync("journalctl -u cstp")).Contains("Failed with result 'watchdog'", StringComparison.Ordinal));
            await Booted.UntilAsync("the proxy runs again", async () => await StateAsync("cstp.service") == "active");
            await _machine.SendAsync();
        }
        finally
        {
            await _machine.RunAsync("rm -r /run/systemd/system/cstp.service.d; systemctl daemon-reload; systemctl restart cstp");
        }
    }

    [Fact]
    public async Task A_proxy_that_was_killed_is_started_again()
    {
        await _machine.RunAsync("systemctl start cstp");
        string process = await _machine.PropertyAsync("MainPID");
        await _machine.RunAsync("systemctl kill --signal=KILL cstp");
        // The unit counts as active until systemd has noticed, and then has no process for two seconds: the new one first, then whether it is ready.
        await Booted.UntilAsync(
            "the proxy runs again", async () => await _machine.PropertyAsync("MainPID") is not "0" and var now && now != process && await StateAsync("cstp.service") == "active");
        await _machine.SendAsync();
    }

    [Fact]
    public async Task A_wrong_configuration_is_told_and_not_tried_again()
    {
        await _machine.RunAsync("systemctl stop cstp; cp /etc/cstp/cstp.toml /root; echo 'nonsense = 1' >>/etc/cstp/cstp.toml");
        try
        {
            Assert.NotEqual(0, (await _machine.TryAsync("systemctl start cstp")).Status);
            Assert.Equal("78", await _machine.PropertyAsync("ExecMainStatus"));
            // Restarts come after two seconds.
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
            Assert.Equal("failed", await StateAsync("cstp.service"));
            Assert.Contains("nonsense", await _machine.RunAsync("journalctl -u cstp"), StringComparison.Ordinal);
        }
        finally
        {
            await _machine.RunAsync("cp /root/cstp.toml /etc/cstp/cstp.toml; systemctl start cstp");
        }
    }

    [Fact]
    public async Task While_the_proxy_is_stopped_mail_is_refused_and_the_network_stays()
    {
        await _machine.RunAsync("systemctl stop cstp");
        try
        {
            Command refused = await Booted.OfferAsync("in vain");
            Assert.NotEqual(0, refused.Status);
            Assert.Contains("Connection refused", refused.Output + refused.Error, StringComparison.Ordinal);
            Assert.Equal("active", await StateAsync("cstp-network.service"));
            Assert.Equal("success", await _machine.PropertyAsync("Result"));
        }
        finally
        {
            await _machine.RunAsync("systemctl start cstp");
        }
        await _machine.SendAsync();
    }

    [Fact]
    public async Task An_upgrade_starts_the_new_version_on_the_same_network()
    {
        await _machine.RunAsync("systemctl start cstp");
        string process = await _machine.PropertyAsync("MainPID"), network = await BeganAsync();
        await _machine.RunAsync("dpkg -i /root/new.deb");
        Assert.NotEqual(process, await _machine.PropertyAsync("MainPID"));
        Assert.Equal("active", await StateAsync("cstp.service"));
        Assert.Equal(network, await BeganAsync());
        await _machine.SendAsync();

        async Task<string> BeganAsync() => await _machine.RunAsync("systemctl show -p ActiveEnterTimestampMonotonic cstp-network.service");
    }

    [Fact]
    public async Task Removal_stops_the_proxy_and_lets_no_mail_by()
    {
        await _machine.RunAsync("dpkg --remove cstp 2>&1");
        try
        {
            Assert.Equal("0", await _machine.PropertyAsync("MainPID"));
            Command refused = await Booted.OfferAsync("in vain");
            Assert.Contains("Connection refused", refused.Output + refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            await _machine.RunAsync("dpkg -i /root/new.deb");
        }
        Assert.Equal("active", await StateAsync("cstp.service"));
        await _machine.SendAsync();
    }

    [Fact]
    public async Task The_containers_entry_makes_the_network_as_root_and_runs_the_proxy_as_its_user()
    {
        await _machine.RunAsync("systemctl stop cstp; cstp net down; systemd-run --quiet --unit=entry -p 'CapabilityBoundingSet=CAP_NET_ADMIN CAP_SETUID CAP_SETGID CAP_SETPCAP' -p NoNewPrivileges=yes /usr/local/bin/container-entrypoint routed");
        try
        {
            await Booted.UntilAsync("the proxy is ready", async () => (await _machine.RunAsync("journalctl -u entry")).Contains("cstp ready", StringComparison.Ordinal));
            await _machine.SendAsync();
            string status = await _machine.RunAsync("cat /proc/$(systemctl show --value -p MainPID entry)/status");
            Assert.Contains($"Uid:\t{(await _machine.RunAsync("id -u cstp")).Trim()}\t", status, StringComparison.Ordinal);
            Assert.Contains("CapEff:\t0000000000001000\n", status, StringComparison.Ordinal);
            Assert.Contains("CapBnd:\t0000000000001000\n", status, StringComparison.Ordinal);
        }
        finally
        {
            await _machine.RunAsync("systemctl stop entry; cstp net up; systemctl start cstp");
        }
        Assert.Equal(77, (await _machine.TryAsync("setpriv --reuid cstp --clear-groups /usr/local/bin/container-entrypoint routed")).Status);
    }

    [Fact]
    public async Task The_passphrase_may_come_sealed_from_systemd()
    {
        await _machine.RunAsync("""
            install -d -m 700 /etc/credstore.encrypted
            install -D -m 644 -t /etc/systemd/system/cstp.service.d /usr/share/doc/cstp/examples/passphrase-credential.conf
            cp -p /var/lib/cstp/store.key /root/store.key
            systemd-creds encrypt --name=store /var/lib/cstp/store.key /etc/credstore.encrypted/cstp-store
            rm /var/lib/cstp/store.key
            cp /etc/cstp/cstp.toml /root/cstp.toml
            sed -i 's|^passphrase_file = "[^"]*"|passphrase_file = "credential:store"|' /etc/cstp/cstp.toml
            systemctl daemon-reload
            """);
        try
        {
            await _machine.RunAsync("systemctl restart cstp");
            Assert.Contains("multipart/signed", await _machine.SendAsync(), StringComparison.Ordinal);
            Assert.Contains("gateway", await _machine.RunAsync("systemd-run --quiet --pipe --wait --property=LoadCredentialEncrypted=store:/etc/credstore.encrypted/cstp-store cstp keys list"), StringComparison.Ordinal);
        }
        finally
        {
            await _machine.RunAsync("rm -r /etc/systemd/system/cstp.service.d; cp /root/cstp.toml /etc/cstp/cstp.toml; cp -p /root/store.key /var/lib/cstp/store.key; systemctl daemon-reload; systemctl restart cstp");
        }
    }

    [Fact]
    public async Task The_units_are_in_order() => Assert.Equal("", (await _machine.TryAsync("systemd-analyze verify --man=no cstp.service cstp-network.service")).Error);

    private async Task<string> StateAsync(string unit) => (await _machine.RunAsync($"systemctl show --value -p ActiveState {unit}")).Trim();

    private static string Text(JsonElement line) => line.GetProperty("MESSAGE").ToString();
}
