using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cstp.Core.Tls;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Tls;

/// <summary>Which servers get mail: each way of verifying with the certificate that holds, and one that does not.</summary>
public sealed class ServerVerificationTests
{
    private const string Refusal = "451 4.7.5";

    private static async Task<string?> SendAsync(Func<TlsOptions, TlsOptions> change, string serverName = "mx.elsewhere.test", DateTimeOffset? until = null)
    {
        using var workshop = new TlsWorkshop();
        using X509Certificate2 certificate = workshop.Issue(serverName, until);
        string folder = Directory.CreateTempSubdirectory("cstp-test-").FullName;
        try
        {
            string anchors = Path.Combine(folder, "anchors.pem");
            await File.WriteAllTextAsync(anchors, workshop.Authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
            await using var box = new TlsBox(o => change(o with { AnchorsFile = anchors, Server = TlsPolicy.Required }));
            box.Server.Tls = workshop.Server(certificate);
            using RawClient client = await box.GreetedAsync();
            string? reply = await TlsBox.SendAsync(client);
            Assert.Equal(reply!.StartsWith("250", StringComparison.Ordinal) ? 1 : 0, box.Server.Messages.Count);
            return reply;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Pkix_holds_for_the_configured_name_and_a_path_to_an_anchor() => Assert.StartsWith(
        "250", await SendAsync(o => o with { Verify = TlsVerification.Pkix, Destinations = TlsBox.Known(name: "mx.elsewhere.test") }), StringComparison.Ordinal);

    [Fact]
    public async Task Pkix_refuses_another_name()
    {
        string? reply = await SendAsync(o => o with { Verify = TlsVerification.Pkix, Destinations = TlsBox.Known(name: "mx.elsewhere.test") }, "mx.evil.test");
        Assert.StartsWith(Refusal, reply, StringComparison.Ordinal);
        Assert.Contains("its certificate is not for mx.elsewhere.test", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pkix_refuses_where_no_name_is_configured_whatever_the_banner_says()
    {
        string? reply = await SendAsync(o => o with { Verify = TlsVerification.Pkix }, "recorder.test");
        Assert.StartsWith(Refusal, reply, StringComparison.Ordinal);
        Assert.Contains("[tls] destinations", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pkix_refuses_another_authority_and_a_certificate_that_expired()
    {
        Assert.StartsWith(Refusal, await SendAsync(o => o with { Verify = TlsVerification.Pkix, AnchorsFile = null, Destinations = TlsBox.Known(name: "mx.elsewhere.test") }), StringComparison.Ordinal);
        Assert.Contains(
            "NotTimeValid",
            await SendAsync(o => o with { Verify = TlsVerification.Pkix, Destinations = TlsBox.Known(name: "mx.elsewhere.test") }, until: DateTimeOffset.UtcNow.AddHours(-1)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opportunistic_accepts_any_certificate() => Assert.StartsWith(
        "250",
        await SendAsync(o => o with { Server = TlsPolicy.Opportunistic, Verify = TlsVerification.Pkix, Destinations = TlsBox.Known(name: "mx.elsewhere.test") }, "mx.evil.test"),
        StringComparison.Ordinal);

    [Fact]
    public async Task Required_without_verification_takes_any_certificate_but_not_none() =>
        Assert.StartsWith("250", await SendAsync(o => o, "mx.evil.test", DateTimeOffset.UtcNow.AddHours(-1)), StringComparison.Ordinal);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pin_is_the_servers_key_or_none(bool right)
    {
        using var workshop = new TlsWorkshop();
        using X509Certificate2 own = workshop.Issue("mx.elsewhere.test"), other = workshop.Issue("mx.elsewhere.test");
        await using var box = new TlsBox(o => o with
        {
            Destinations = TlsBox.Known(TlsPolicy.Required, TlsVerification.Pin, pins: [TlsWorkshop.Pin(other), Convert.ToBase64String(Convert.FromHexString(TlsWorkshop.Pin(right ? own : other)))]),
        });
        box.Server.Tls = workshop.Server(own);
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith(right ? "250" : Refusal, await TlsBox.SendAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_is_called_by_its_configured_name_else_by_its_banners()
    {
        await using var banner = new TlsBox();
        (await banner.GreetedAsync()).Dispose();
        Assert.Equal("recorder.test", Assert.Single(banner.Server.Handshakes).Name);
        await using var named = new TlsBox(o => o with { Destinations = TlsBox.Known(name: "mx.elsewhere.test") });
        (await named.GreetedAsync()).Dispose();
        Assert.Equal("mx.elsewhere.test", Assert.Single(named.Server.Handshakes).Name);
    }

    [Fact]
    public async Task A_split_message_goes_over_TLS_on_each_of_its_connections()
    {
        await using var box = new TlsBox();
        await using var partner = new TestBox("intel.test", 9, 9);
        box.Box.TrustGateway(partner);
        using RawClient client = await box.SecuredAsync();
        Assert.StartsWith("250", await TlsBox.SendAsync(client, "anna@intel.test", "max@elsewhere.test"), StringComparison.Ordinal);
        Assert.Equal(2, box.Server.Messages.Count);
        Assert.All(box.Server.Messages, message => Assert.True(message.IsSecured));
        Assert.Equal(2, box.Server.Handshakes.Count);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("other")]
    public async Task A_split_message_whose_second_connection_has_less_TLS_is_delivered_to_nobody(string second)
    {
        using var workshop = new TlsWorkshop();
        using X509Certificate2 own = workshop.Issue("mx.elsewhere.test"), other = workshop.Issue("mx.elsewhere.test");
        await using var box = new TlsBox(o => o with { Destinations = TlsBox.Known(verify: TlsVerification.Pin, pins: TlsWorkshop.Pin(own)) });
        await using var partner = new TestBox("intel.test", 9, 9);
        box.Box.TrustGateway(partner);
        box.Server.Tls = workshop.Server(own);
        using RawClient client = await box.SecuredAsync();
        box.Server.Tls = second == "none" ? null : workshop.Server(other);
        Assert.StartsWith("451 4.4.2", await TlsBox.SendAsync(client, "anna@intel.test", "max@elsewhere.test"), StringComparison.Ordinal);
        Assert.Empty(box.Server.Messages);
    }

    [Fact]
    public async Task The_boxs_authority_certifies_what_the_client_asks_for_else_the_servers_own_names()
    {
        await using var box = new TlsBox();
        foreach ((string asked, string expected) in new[] { ("mx.partner.test", "mx.partner.test"), ("", "mx.elsewhere.test") })
        {
            using RawClient client = await box.GreetedAsync();
            X509Certificate2? shown = null;
            await client.StartTlsAsync(new SslClientAuthenticationOptions
            {
                TargetHost = asked,
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { box.BoxAuthority }, RevocationMode = X509RevocationMode.NoCheck },
                RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                {
                    shown = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
                    return (errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0 && (asked.Length == 0 || errors == SslPolicyErrors.None);
                },
            });
            Assert.True(shown!.MatchesHostname(expected));
        }
    }

    [Fact]
    public async Task A_certificate_of_the_configuration_is_shown_and_replaced_without_restart()
    {
        using var workshop = new TlsWorkshop();
        using X509Certificate2 first = workshop.Issue("mail.amd.test"), second = workshop.Issue("mail.amd.test");
        string folder = Directory.CreateTempSubdirectory("cstp-test-").FullName;
        try
        {
            (string certificate, string key) = TlsWorkshop.Write(folder, "mail", first);
            await using var box = new TlsBox(o => o with { CertificateFile = certificate, KeyFile = key });
            Assert.Equal(first.Thumbprint, await ShownAsync(box));
            TlsWorkshop.Write(folder, "mail", second);
            for (int i = 0; i < 100 && await ShownAsync(box) != second.Thumbprint; i++)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.Equal(second.Thumbprint, await ShownAsync(box));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> ShownAsync(TlsBox box)
    {
        using RawClient client = await box.GreetedAsync();
        SslStream secured = await client.StartTlsAsync();
        return secured.RemoteCertificate!.GetCertHashString();
    }
}
