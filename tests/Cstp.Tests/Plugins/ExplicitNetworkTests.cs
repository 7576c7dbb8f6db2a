using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.NetsetupExplicit;

namespace Cstp.Tests.Plugins;

public sealed class ExplicitNetworkTests : IDisposable
{
    private static readonly IPEndPoint Client = new(IPAddress.Loopback, 40_000);
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ExplicitNetworkTests()
    {
        _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _server.Listen();
    }

    public void Dispose() => _server.Dispose();

    private int ServerPort => ((IPEndPoint)_server.LocalEndPoint!).Port;

    private static ExplicitNetwork Network(string inside, string outside, IPEndPoint? listen = null) => new(new ExplicitSettings
    {
        Inside = new() { Listen = listen ?? new(IPAddress.Loopback, 0), Upstream = inside },
        Outside = new() { Listen = new(IPAddress.Loopback, 0), Upstream = outside },
    });

    private static async Task<SocketError> RefusalAsync(ExplicitNetwork network, SmtpListener listener) =>
        (await Assert.ThrowsAsync<SocketException>(async () => (await network.ConnectAsync(listener, Client, Client, CancellationToken.None)).Dispose())).SocketErrorCode;

    [Fact]
    public async Task Each_listener_has_its_own_server_by_name_or_address_without_delay()
    {
        ExplicitNetwork network = Network($"localhost:{ServerPort}", "127.0.0.1:1");
        Assert.Equal([Side.Inside, Side.Outside], network.Listeners.Select(listener => listener.Side));
        using Socket connected = await network.ConnectAsync(network.Listeners[0], Client, Client, CancellationToken.None);
        Assert.True(connected.NoDelay);
        Assert.Equal(_server.LocalEndPoint, connected.RemoteEndPoint);
        Assert.Equal(SocketError.ConnectionRefused, await RefusalAsync(network, network.Listeners[1]));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task T14_a_server_that_is_a_listener_of_the_box_is_refused(string listen)
    {
        int free = ServerPort;
        _server.Dispose();
        ExplicitNetwork network = Network($"127.0.0.1:{free}", $"localhost:{free}", new(IPAddress.Parse(listen), free));
        using Socket bound = network.Bind(network.Listeners[0]);
        bound.Listen();
        Assert.Equal(SocketError.ConnectionRefused, await RefusalAsync(network, network.Listeners[0]));
        Assert.Equal(SocketError.ConnectionRefused, await RefusalAsync(network, network.Listeners[1]));
    }

    [Fact]
    public async Task Up_and_down_may_be_repeated_and_the_check_says_what_to_do()
    {
        ExplicitNetwork network = Network($"127.0.0.1:{ServerPort}", "127.0.0.1:1");
        await network.UpAsync(CancellationToken.None);
        await network.UpAsync(CancellationToken.None);
        IReadOnlyList<NetworkFinding> findings = await network.CheckAsync(CancellationToken.None);
        Assert.Equal([true, false], findings.Select(finding => finding.Healthy));
        Assert.Contains("correct upstream in [module.netsetup-explicit]", findings[1].Finding, StringComparison.Ordinal);
        await network.DownAsync(CancellationToken.None);
        await network.DownAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("mail.example.com:25", true)]
    [InlineData("192.0.2.1:25", true)]
    [InlineData("[2001:db8::1]:25", true)]
    [InlineData("2001:db8::1:25", false)]
    [InlineData("mail.example.com", false)]
    [InlineData("mail.example.com:0", false)]
    [InlineData("mail.example.com:70000", false)]
    [InlineData("mail example:25", false)]
    [InlineData("127.0.0.1:2525", false)]
    [InlineData("", false)]
    public void An_upstream_is_a_server_with_port_and_not_the_listener(string upstream, bool fits)
    {
        var settings = new ListenerSettings { Listen = IPEndPoint.Parse("127.0.0.1:2525"), Upstream = upstream };
        Assert.Equal(fits, !settings.Validate(new ValidationContext(settings)).Any());
    }

    [Fact]
    public void An_upstream_in_U_labels_is_looked_up_in_A_labels()
    {
        Assert.True(UpstreamServer.TryParse("mail.m\u00fcller.test:25", out UpstreamServer? server));
        Assert.Equal("mail.xn--mller-kva.test", server.Host);
    }
}
