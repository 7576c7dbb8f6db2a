using System.Diagnostics;
using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests;

/// <summary>What the lab's two boxes are not: an address by DHCP, and a box that is a router. In three namespaces of their own.</summary>
public sealed class ModeTests : IAsyncLifetime
{
    private const string Box = "cstp-mode", Client = "cstp-mode-client", Server = "cstp-mode-server";

    private const string NamesFolder = $"/etc/netns/{Box}";

    private readonly TemporaryFolder _folder = new();
    private readonly List<Process> _started = [];

    private string Configuration => _folder.Of("box", "cstp.toml");

    private string Log => File.ReadAllText(_folder.Of("log"));

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(LabNetwork.IsRoot, "network namespaces are made by root only");
        await RemoveAsync();
        // The DHCP client writes the name servers that it is told; into this file, that ip netns exec shows in the place of /etc's.
        Directory.CreateDirectory(NamesFolder);
        await File.WriteAllTextAsync(Path.Combine(NamesFolder, "resolv.conf"), "");
        await Command.RunAsync("sh", "-ec", $"""
            for host in {Box} {Client} {Server}; do ip netns add $host; ip -n $host link set lo up; done
            ip link add eth0 netns {Box} type veth peer name eth0 netns {Client}
            ip link add eth1 netns {Box} type veth peer name eth0 netns {Server}
            for host in {Box} {Client} {Server}; do ip -n $host link set eth0 up; done
            ip -n {Box} link set eth1 up
            """);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _started)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        await RemoveAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task In_mode_ip_the_bridge_gets_its_address_by_DHCP_and_gives_it_back()
    {
        await Command.RunAsync("ip", "-n", Server, "address", "add", "10.77.0.1/24", "dev", "eth0");
        await InitAsync("ip", "address = [\"dhcp\"]");
        Start(Server, "dnsmasq", "--keep-in-foreground", "--port=0", "--interface=eth0", "--dhcp-range=10.77.0.50,10.77.0.59,5m", "--dhcp-option=3,10.77.0.1",
            "--dhcp-authoritative", $"--dhcp-leasefile={_folder.Of("leases")}", $"--pid-file={_folder.Of("dnsmasq.pid")}", $"--log-facility={_folder.Of("dnsmasq")}", "--log-dhcp", "--user=root");

        await CstpAsync("net", "up");
        string address = "";
        Assert.True(
            await LabNetwork.UntilAsync(TimeSpan.FromSeconds(40), () => (address = InBox("ip", "-4", "-o", "address", "show", "dev", "cstp0")).Contains("10.77.0.5", StringComparison.Ordinal)),
            $"no lease: {address}");
        string own = address.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        await Command.RunAsync("ip", "netns", "exec", Server, "ping", "-c", "1", "-W", "5", own.Split('/')[0]);

        // A client takes the old address away before it gives a new one, and with the last one the kernel forgets the way out.
        Process proxy = await RunProxyAsync();
        for (int round = 0; round < 2; round++)
        {
            await Command.RunAsync("ip", "netns", "exec", Box, "sh", "-ec", $"ip -4 address flush dev cstp0; ip address add {own} dev cstp0");
            string plan = "";
            Assert.True(
                await LabNetwork.UntilAsync(TimeSpan.FromSeconds(20), () => (plan = Command.TryAsync(TimeSpan.FromSeconds(20), "ip", "netns", "exec", Box, Installation.Program, "net", "plan", "--config", Configuration).Result.Output).Contains("nothing to do", StringComparison.Ordinal)),
                plan + Log);
        }
        proxy.Kill();
        await proxy.WaitForExitAsync(TestContext.Current.CancellationToken);

        await CstpAsync("net", "down");
        Assert.Equal("", (await Command.RunAsync("ip", "netns", "pids", Box)).Trim());
        Assert.DoesNotContain("10.77.0.5", InBox("ip", "address"), StringComparison.Ordinal);
        Assert.DoesNotContain("cstp0", InBox("ip", "link"), StringComparison.Ordinal);
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(10), () => File.ReadAllText(_folder.Of("dnsmasq")).Contains("DHCPRELEASE", StringComparison.Ordinal)), "the lease was not given back");
    }

    [Theory]
    [InlineData("10.78.1.", "10.78.2.", 24)]
    [InlineData("fd78:1::", "fd78:2::", 64)]
    public async Task In_mode_routed_a_router_takes_SMTP_aside_and_routes_the_rest(string inside, string outside, int prefix)
    {
        string client = $"{inside}2", server = $"{outside}2";
        await Command.RunAsync("sh", "-ec", $"""
            ip -n {Client} address add {client}/{prefix} dev eth0
            ip -n {Box} address add {inside}1/{prefix} dev eth0
            ip -n {Box} address add {outside}1/{prefix} dev eth1
            ip -n {Server} address add {server}/{prefix} dev eth0
            ip -n {Client} route add default via {inside}1
            ip -n {Server} route add default via {outside}1
            ip netns exec {Box} sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            """);
        string bracketed = prefix == 64 ? $"[{server}]" : server;
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(20), () => Command.TryAsync(TimeSpan.FromSeconds(5), "ip", "netns", "exec", Client, "ping", "-c", "1", "-W", "1", server).Result.Status == 0), "the router does not route");
        foreach (string port in new[] { "25", "8025" })
            Start(Server, "smtp-sink", "-u", "root", "-d", _folder.Of($"mail-{port}-"), $"{bracketed}:{port}", "100");
        await InitAsync("routed", "");
        await CstpAsync("net", "up");
        Process proxy = await RunProxyAsync();

        using (Conversation conversation = await BeginAsync(server))
        {
            // The server sees the client's address; only the port tells that somebody stands between.
            string peers = await PeersAsync(25);
            Assert.Contains(client, peers, StringComparison.Ordinal);
            Assert.DoesNotMatch($@":{conversation.LocalPort}\s", peers);
            await conversation.AskAsync("DATA", "354");
            await conversation.SendAsync("Subject: routed\r\n\r\nhello\r\n");
            await conversation.AskAsync(".", "250");
            await conversation.AskAsync("QUIT", "221");
        }
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(20), () => Log.Contains("message inside from <juro@amd.test>", StringComparison.Ordinal)), Log);
        await AssertUntouchedAsync(server, 8025);

        proxy.Kill();
        await proxy.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(async () => (await Conversation.OpenAsync(Client, server)).Dispose());
        await CstpAsync("net", "down");
        await AssertUntouchedAsync(server, 25);
    }

    private static async Task AssertUntouchedAsync(string server, int port)
    {
        using Conversation conversation = await Conversation.OpenAsync(Client, server, port);
        Assert.StartsWith("220", await conversation.ReadAsync(), StringComparison.Ordinal);
        Assert.Matches($@":{conversation.LocalPort}\s", await PeersAsync(port));
    }

    private static Task<string> PeersAsync(int port) =>
        Command.RunAsync("ip", "netns", "exec", Server, "ss", "-Htn", "state", "established", "sport", "=", $":{port}");

    private static Task<Conversation> BeginAsync(string server) => Conversation.BeginAsync(Client, server, "juro@amd.test", "fedor@elsewhere.test");

    private static string InBox(params string[] command) =>
        Command.TryAsync(TimeSpan.FromSeconds(20), "ip", ["netns", "exec", Box, .. command]).GetAwaiter().GetResult().Output;

    private static async Task RemoveAsync()
    {
        foreach (string host in new[] { Box, Client, Server }.Where(host => File.Exists($"/run/netns/{host}")))
        {
            await Command.RunAsync("sh", "-c", $"ip netns pids {host} | xargs -r kill -KILL");
            await Command.RunAsync("ip", "netns", "del", host);
        }
        if (Directory.Exists(NamesFolder))
            Directory.Delete(NamesFolder, recursive: true);
    }

    private async Task InitAsync(string mode, string more)
    {
        await CstpAsync("init", _folder.Of("box"), "--domain", "amd.test");
        string text = await File.ReadAllTextAsync(Configuration);
        text = text[..text.IndexOf("[module.", StringComparison.Ordinal)];
        text = System.Text.RegularExpressions.Regex.Replace(text, "(?m)^network = .*$", "network = \"netsetup-linux\"");
        await File.WriteAllTextAsync(Configuration, $"""
            {text}
            [module.netsetup-linux]
            mode = "{mode}"
            inside = ["eth0"]
            outside = ["eth1"]
            state = "{_folder.Of("state", "network.json")}"
            {more}

            """);
    }

    private Task<string> CstpAsync(params string[] arguments) =>
        Command.RunAsync("ip", ["netns", "exec", Box, Installation.Program, .. arguments, .. arguments[0] == "init" ? Array.Empty<string>() : ["--config", Configuration]]);

    private async Task<Process> RunProxyAsync()
    {
        Process proxy = Start(Box, "sh", "-c", $"exec {Installation.Program} run --config {Configuration} >{_folder.Of("ready")} 2>{_folder.Of("log")}");
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(30), () => File.Exists(_folder.Of("ready")) && File.ReadAllText(_folder.Of("ready")).StartsWith("cstp ready", StringComparison.Ordinal)), "the proxy did not start");
        return proxy;
    }

    private Process Start(string host, params string[] command)
    {
        Process process = Process.Start("ip", ["netns", "exec", host, .. command]);
        _started.Add(process);
        return process;
    }
}
