using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cstp.Core.Smtp;
using Cstp.Core.Tls;
using Cstp.Core.Trust;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Tls;

/// <summary>TLS at both ends of a session, as client and server see it (RFC 3207).</summary>
public sealed class TlsSessionTests
{
    [Fact]
    public async Task Both_ends_are_in_TLS_and_the_server_hears_the_clients_own_greeting_in_it()
    {
        await using var box = new TlsBox();
        using RawClient client = await box.SecuredAsync();
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        RecordedMessage message = Assert.Single(box.Server.Messages);
        Assert.True(message.IsSecured);
        Assert.Equal(TlsBox.Message, message.Text);
        Assert.Equal(["EHLO client.test", "EHLO client.test"], box.Server.SecuredCommands.Take(2));
        Assert.DoesNotContain(box.Server.Commands.Except(box.Server.SecuredCommands), c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_stays_in_clear_gets_TLS_towards_the_server_all_the_same()
    {
        await using var box = new TlsBox();
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.True(Assert.Single(box.Server.Messages).IsSecured);
    }

    [Theory]
    [InlineData("opportunistic")]
    [InlineData("required")]
    public async Task Client_none_and_server_in_TLS_is_what_the_client_never_hears_of(string server)
    {
        await using var box = new TlsBox(o => o with { Client = TlsPolicy.None, Server = Policy(server) });
        Assert.DoesNotContain("STARTTLS", await box.OfferAsync(), StringComparison.Ordinal);
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("502 5.5.1", await client.AskAsync("STARTTLS"), StringComparison.Ordinal);
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.True(Assert.Single(box.Server.Messages).IsSecured);
    }

    [Fact]
    public async Task A_client_that_says_HELO_gets_TLS_towards_the_server_too()
    {
        await using var box = new TlsBox(o => o with { Server = TlsPolicy.Required });
        using var client = new RawClient(box.Box.InsidePort);
        await client.ReadReplyAsync();
        Assert.StartsWith("250", await client.AskAsync("HELO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.True(Assert.Single(box.Server.Messages).IsSecured);
        Assert.Equal("HELO client.test", box.Server.SecuredCommands.First());
    }

    [Fact]
    public async Task What_the_server_lacks_the_client_is_not_offered()
    {
        await using var box = new TlsBox(serverTls: false);
        Assert.DoesNotContain("STARTTLS", await box.OfferAsync(), StringComparison.Ordinal);
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("502 5.5.1", await client.AskAsync("STARTTLS"), StringComparison.Ordinal);
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.False(Assert.Single(box.Server.Messages).IsSecured);
    }

    [Fact]
    public async Task What_the_server_lacks_the_client_is_offered_where_the_setting_says_so()
    {
        await using var box = new TlsBox(o => o with { OfferWithoutServer = true }, serverTls: false);
        using RawClient client = await box.SecuredAsync();
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.False(Assert.Single(box.Server.Messages).IsSecured);
    }

    [Theory]
    [InlineData(true, "250")]
    [InlineData(false, "451 4.4.2")]
    public async Task A_relay_has_no_less_TLS_than_the_session(bool relayTls, string reply)
    {
        await using var relay = new RecordingServer();
        await using var box = new TlsBox(relay: new RelayOptions { Server = $"127.0.0.1:{relay.Port}" });
        relay.Tls = relayTls ? box.Workshop.Server(box.Workshop.Issue("relay.test")) : null;
        box.Box.Add(SmimeWorkshop.Identity("cstpbox@intel.test").Certificate, CertificateRole.Gateway, "intel.test");
        int connections = 0;
        box.Server.Answer = line => line == "CONNECT" && ++connections > 1 ? "421 4.7.0 One is enough" : null;
        using RawClient client = await box.SecuredAsync();
        Assert.StartsWith(reply, await TlsBox.SendAsync(client, "anna@intel.test", "max@elsewhere.test"), StringComparison.Ordinal);
        Assert.Equal(relayTls ? 1 : 0, relay.Messages.Count);
        Assert.All(relay.Messages, message => Assert.True(message.IsSecured));
    }

    [Fact]
    public async Task The_offer_is_gone_inside_TLS_and_a_second_STARTTLS_is_refused()
    {
        await using var box = new TlsBox();
        using RawClient client = await box.GreetedAsync();
        await client.StartTlsAsync();
        Assert.DoesNotContain("STARTTLS", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("502 5.5.1", await client.AskAsync("STARTTLS"), StringComparison.Ordinal);
        Assert.Contains("STARTTLS", await box.OfferAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_the_handshake_all_is_forgotten_and_mail_waits_for_EHLO()
    {
        await using var box = new TlsBox();
        using RawClient client = await box.GreetedAsync();
        await client.AddressAsync("juro@amd.test", "max@elsewhere.test");
        await client.StartTlsAsync();
        // Enhanced codes are forgotten, too.
        Assert.Equal("503 Say EHLO again, in TLS", await client.AskAsync("DATA"));
        Assert.Equal("503 Say EHLO again, in TLS", await client.AskAsync("MAIL FROM:<juro@amd.test>"));
        await client.AskAsync("EHLO client.test");
        Assert.StartsWith("503 5.5.1", await client.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_waits_for_the_greeting_since_only_that_begins_TLS_with_the_server()
    {
        await using var box = new TlsBox();
        using var client = new RawClient(box.Box.InsidePort);
        await client.ReadReplyAsync();
        Assert.StartsWith("503", await client.AskAsync("MAIL FROM:<juro@amd.test>"), StringComparison.Ordinal);
        Assert.StartsWith("503", await client.AskAsync("AUTH PLAIN AHgAeA=="), StringComparison.Ordinal);
        Assert.Empty(box.Server.Commands);
    }

    [Fact]
    public async Task Client_required_answers_530_before_STARTTLS_and_takes_mail_after_it()
    {
        await using var box = new TlsBox(o => o with { Client = TlsPolicy.Required });
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("530 5.7.0", await client.AskAsync("MAIL FROM:<juro@amd.test>"), StringComparison.Ordinal);
        Assert.StartsWith("530 5.7.0", await client.AskAsync("AUTH PLAIN AHgAeA=="), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
        await client.StartTlsAsync();
        await client.AskAsync("EHLO client.test");
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_required_and_a_server_without_TLS_is_refused_honestly()
    {
        await using var box = new TlsBox(o => o with { Client = TlsPolicy.Required }, serverTls: false);
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("451 4.7.5", await client.AskAsync("MAIL FROM:<juro@amd.test>"), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
    }

    [Theory]
    [InlineData("MAIL FROM:<juro@amd.test>")]
    [InlineData("AUTH PLAIN AHgAeA==")]
    [InlineData("VRFY juro")]
    public async Task T3_stripped_offer_with_server_required_is_closed_with_451_and_nothing_goes_in_clear(string command)
    {
        await using var box = new TlsBox(o => o with { Server = TlsPolicy.Required }, serverTls: false);
        box.Server.Extensions += "\nAUTH PLAIN";
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("451 4.7.5", await client.AskAsync(command), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.Equal(["EHLO client.test"], box.Server.Commands);
    }

    [Theory]
    [InlineData("required", "451 4.7.5")]
    [InlineData("opportunistic", "250")]
    public async Task A_server_that_offers_STARTTLS_and_answers_454_has_none(string policy, string reply)
    {
        await using var box = new TlsBox(o => o with { Server = Policy(policy) });
        box.Server.Answer = line => line == "STARTTLS" ? "454 4.7.0 TLS not available" : null;
        Assert.DoesNotContain("STARTTLS", await box.OfferAsync(), StringComparison.Ordinal);
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith(reply, await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.Equal(policy == "opportunistic" ? 1 : 0, box.Server.Messages.Count);
    }

    [Theory]
    [InlineData("opportunistic")]
    [InlineData("required")]
    public async Task T3_octets_in_clear_behind_the_servers_220_are_never_used(string policy)
    {
        await using var box = new TlsBox(o => o with { Server = Policy(policy) });
        box.Server.BehindStartTls = "250 2.0.0 forged";
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("451 4.7.5", await client.AskAsync("MAIL FROM:<juro@amd.test>"), StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.DoesNotContain(box.Server.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("STARTTLS\r\nMAIL FROM:<evil@amd.test>\r\n")]
    [InlineData("STARTTLS\r\nNOOP")]
    [InlineData("NOOP\r\nSTARTTLS\r\nEHLO evil.test\r\n")]
    public async Task T2_octets_in_clear_behind_the_clients_STARTTLS_close_and_are_never_executed(string octets)
    {
        await using var box = new TlsBox();
        using RawClient client = await box.GreetedAsync();
        await client.SendAsync(octets);
        string? reply = await client.ReadReplyAsync();
        if (octets.StartsWith("NOOP", StringComparison.Ordinal))
            reply = await client.ReadReplyAsync();
        Assert.StartsWith("501 5.5.4", reply, StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.DoesNotContain(box.Server.Commands, c => c.Contains("evil", StringComparison.Ordinal));
    }

    [Fact]
    public async Task T2_octets_in_clear_after_the_220_end_the_handshake()
    {
        await using var box = new TlsBox();
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("220", await client.AskAsync("STARTTLS"), StringComparison.Ordinal);
        await client.SendAsync("MAIL FROM:<evil@amd.test>\r\nRCPT TO:<max@elsewhere.test>\r\n");
        string? last = await client.ReadReplyAsync();
        Assert.True(last is null || !last.StartsWith("250", StringComparison.Ordinal), last);
        Assert.DoesNotContain(box.Server.Commands, c => c.Contains("evil", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_handshake_that_a_client_breaks_off_ends_the_session_and_no_other()
    {
        await using var box = new TlsBox();
        using (RawClient client = await box.GreetedAsync())
        {
            await client.AskAsync("STARTTLS");
            await client.SendAsync("\x16\x03\x01\x02\x00\x01\x00");
            client.HalfClose();
            Assert.Null(await client.ReadReplyAsync());
        }
        using RawClient other = await box.SecuredAsync();
        Assert.StartsWith("250", await TlsBox.SendAsync(other), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_client_has_the_time_of_a_handshake()
    {
        await using var box = new TlsBox(o => o with { HandshakeTimeout = TimeSpan.FromMilliseconds(200) });
        using RawClient client = await box.GreetedAsync();
        await client.AskAsync("STARTTLS");
        Assert.Null(await client.ReadReplyAsync());
    }

    [Fact]
    public async Task A_servers_failed_handshake_is_told_and_no_clear_mail_follows()
    {
        await using var box = new TlsBox();
        box.Server.Tls!.EnabledSslProtocols = SslProtocols.None;
        box.Server.Tls.CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]);
        using RawClient client = await box.GreetedAsync();
        string? reply = await client.AskAsync("MAIL FROM:<juro@amd.test>");
        Assert.StartsWith("451 4.7.5", reply, StringComparison.Ordinal);
        Assert.Contains("handshake failed", reply, StringComparison.Ordinal);
        Assert.Null(await client.ReadReplyAsync());
        Assert.DoesNotContain(box.Server.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task TLS_1_2_and_1_3_are_spoken_at_both_ends(SslProtocols version)
    {
        await using var box = new TlsBox();
        box.Server.Tls!.EnabledSslProtocols = version;
        using RawClient client = await box.GreetedAsync();
        Assert.Equal(version, (await client.StartTlsAsync(new SslClientAuthenticationOptions { EnabledSslProtocols = version })).SslProtocol);
        Assert.StartsWith("250", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("250", await TlsBox.SendAsync(client), StringComparison.Ordinal);
        Assert.Equal(version, Assert.Single(box.Server.Handshakes).Version);
    }

    [Fact]
    public async Task STARTTLS_with_an_argument_and_after_AUTH_is_refused()
    {
        await using var box = new TlsBox();
        box.Server.Extensions += "\nAUTH PLAIN";
        box.Server.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? "235 2.7.0 ok" : null;
        using RawClient client = await box.GreetedAsync();
        Assert.StartsWith("501 5.5.4", await client.AskAsync("STARTTLS now"), StringComparison.Ordinal);
        Assert.StartsWith("235", await client.AskAsync("AUTH PLAIN AHgAeA=="), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await client.AskAsync("STARTTLS"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUTH_is_relayed_only_in_TLS_where_the_setting_says_so()
    {
        await using var box = new TlsBox(o => o with { AuthRequiresTls = true });
        box.Server.Extensions += "\nAUTH PLAIN";
        box.Server.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? "235 2.7.0 ok" : null;
        using RawClient client = await box.GreetedAsync();
        Assert.DoesNotContain("AUTH", await box.OfferAsync(), StringComparison.Ordinal);
        Assert.StartsWith("538 5.7.11", await client.AskAsync("AUTH PLAIN AHgAeA=="), StringComparison.Ordinal);
        Assert.DoesNotContain(box.Server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
        await client.StartTlsAsync();
        Assert.Contains("AUTH PLAIN", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("235", await client.AskAsync("AUTH PLAIN AHgAeA=="), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mechanisms_that_bind_to_the_channel_are_taken_out()
    {
        await using var box = new TlsBox();
        box.Server.SecuredExtensions = "AUTH SCRAM-SHA-256-PLUS PLAIN SCRAM-SHA-256";
        Assert.Contains("AUTH PLAIN SCRAM-SHA-256\n", await box.OfferAsync() + "\n", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", true, false)]
    [InlineData("pin", true, true)]
    [InlineData("pin", false, false)]
    public async Task REQUIRETLS_passes_only_with_TLS_at_both_ends_and_a_verified_server(string verify, bool right, bool offered)
    {
        using var others = new TlsWorkshop();
        using X509Certificate2 other = others.Issue("other.test");
        using X509Certificate2 own = others.Issue("mx.elsewhere.test");
        await using var known = new TlsBox(o => o with { Destinations = TlsBox.Known(verify: Enum.Parse<TlsVerification>(verify, ignoreCase: true), pins: TlsWorkshop.Pin(right ? own : other)) });
        known.Server.Tls = others.Server(own);
        known.Server.SecuredExtensions = "REQUIRETLS";
        Assert.DoesNotContain("REQUIRETLS", await known.OfferAsync(), StringComparison.Ordinal);   // the client is in clear
        using RawClient client = await known.GreetedAsync();
        await client.StartTlsAsync();
        Assert.Equal(offered, (await client.AskAsync("EHLO client.test"))!.Contains("REQUIRETLS", StringComparison.Ordinal));
        Assert.StartsWith(offered ? "250" : "555 5.5.4", await client.AskAsync("MAIL FROM:<juro@amd.test> REQUIRETLS"), StringComparison.Ordinal);
        Assert.Equal(offered, known.Server.SecuredCommands.Contains("MAIL FROM:<juro@amd.test> REQUIRETLS"));
    }

    private static TlsPolicy Policy(string name) => Enum.Parse<TlsPolicy>(name, ignoreCase: true);
}
