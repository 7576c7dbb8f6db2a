using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cstp.EndToEnd.Harness;
using Cstp.Tests.Tls;

namespace Cstp.EndToEnd.RealSoftware;

/// <summary>DANE (RFC 7672) with nsd, ldns and a validating unbound.</summary>
/// <param name="scene">One server, one resolver, two boxes.</param>
public sealed class DaneTests(DaneTests.Scene scene) : IClassFixture<DaneTests.Scene>
{
    private const string Message = "From: juro@amd.test\r\nSubject: s\r\n\r\nHello\r\n";

    [Theory]
    [InlineData("good.test", true, "250")]
    [InlineData("authority.test", true, "250")]
    [InlineData("alias.test", true, "250")]
    [InlineData("two.test", false, "451 4.7.5")]
    [InlineData("lame.test", true, "250")]
    [InlineData("nomx.good.test", true, "250")]
    [InlineData("wrong.test", true, "451 4.7.5")]
    [InlineData("insecure.test", true, "250")]
    [InlineData("elsewhere.test", true, "250")]
    [InlineData("unusable.test", true, "250")]
    [InlineData("bogus.test", true, "451 4.7.5")]
    [InlineData("good.test", false, "451 4.7.5")]
    [InlineData("unusable.test", false, "451 4.7.5")]
    [InlineData("bogus.test", false, "451 4.7.5")]
    [InlineData("insecure.test", false, "250")]
    [InlineData("elsewhere.test", false, "250")]
    public async Task Opportunistic_mail_flows_as_the_records_of_the_domain_say_and_never_in_clear_where_they_are_secure(string domain, bool serverTls, string reply)
    {
        (string? answered, RecordedMessage? message) = await SendAsync(scene.Opportunistic, domain, serverTls);
        Assert.StartsWith(reply, answered, StringComparison.Ordinal);
        Assert.Equal(reply == "250", message is not null);
        if (message is not null)
            Assert.Equal(serverTls, message.IsSecured);
    }

    [Theory]
    [InlineData("good.test", true, "250")]
    [InlineData("authority.test", true, "250")]
    [InlineData("wrong.test", true, "451 4.7.5")]
    [InlineData("insecure.test", true, "451 4.7.5")]
    [InlineData("elsewhere.test", true, "451 4.7.5")]
    [InlineData("unusable.test", true, "451 4.7.5")]
    [InlineData("good.test", false, "451 4.7.5")]
    public async Task Required_mail_flows_only_where_secure_records_match(string domain, bool serverTls, string reply)
    {
        // The second session may resume the first one's TLS.
        for (int session = 1; session <= 2; session++)
        {
            (string? answered, RecordedMessage? message) = await SendAsync(scene.Required, domain, serverTls);
            Assert.StartsWith(reply, answered, StringComparison.Ordinal);
            Assert.Equal(reply == "250", message is not null);
        }
    }

    [Fact]
    public async Task Of_two_recipients_only_the_one_is_refused_whose_domain_names_another_certificate()
    {
        scene.Server.Messages.Clear();
        scene.Server.Tls = scene.Tls;
        using var client = new RawClient(scene.Opportunistic.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@good.test");
        string? refused = await client.AskAsync("RCPT TO:<anna@wrong.test>");
        Assert.StartsWith("451 4.7.5", refused, StringComparison.Ordinal);
        Assert.Contains("TLSA records of mx.wrong.test", refused, StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(["RCPT TO:<anna@good.test>"], Assert.Single(scene.Server.Messages).Recipients);
    }

    private async Task<(string? Reply, RecordedMessage? Message)> SendAsync(BoxProcess box, string domain, bool serverTls)
    {
        scene.Server.Messages.Clear();
        scene.Server.Tls = serverTls ? scene.Tls : null;
        using var client = new RawClient(box.InsidePort);
        await client.ReadReplyAsync();
        await client.AskAsync("EHLO client.test");
        string? reply = await client.AskAsync("MAIL FROM:<juro@amd.test>");
        if (reply!.StartsWith("250", StringComparison.Ordinal))
            reply = await client.AskAsync($"RCPT TO:<anna@{domain}>");
        if (reply!.StartsWith("250", StringComparison.Ordinal))
            reply = await client.SendMessageAsync(Message);
        scene.Server.Messages.TryDequeue(out RecordedMessage? message);
        return (reply, message);
    }

    /// <summary>Made once for all tests of the class.</summary>
    public sealed class Scene : IAsyncLifetime
    {
        private readonly TlsWorkshop _root = new();
        private readonly TlsWorkshop _workshop;
        private readonly SignedZones _zones = new();

        // .NET's servers send the authorities below the root alone.
        public Scene() => _workshop = new TlsWorkshop(_root);

        internal RecordingServer Server { get; } = new();

        internal System.Net.Security.SslServerAuthenticationOptions Tls { get; private set; } = null!;

        internal BoxProcess Opportunistic { get; private set; } = null!;

        internal BoxProcess Required { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            using X509Certificate2 other = _workshop.Issue("mx.authority.test");
            X509Certificate2 own = _workshop.Issue("mx.authority.test");
            Tls = _workshop.Server(own);
            string right = $"3 1 1 {Key(own)}", wrong = $"3 1 1 {Key(other)}";
            await _zones.AddAsync("good.test", $"{Mail(right)}\nnomx A 127.0.0.1\n_{Server.Port}._tcp.nomx TLSA {right}");
            await _zones.AddAsync("authority.test", Mail($"2 0 1 {Convert.ToHexString(SHA256.HashData(_workshop.Authority.RawData))}"));
            await _zones.AddAsync("alias.test", $"@ MX 10 alias\nalias CNAME mx\nmx A 127.0.0.1\n_{Server.Port}._tcp.mx TLSA {right}\n_{Server.Port}._tcp.alias TLSA {wrong}");
            await _zones.AddAsync("wrong.test", Mail(wrong));
            await _zones.AddAsync("unusable.test", Mail($"1 1 1 {Key(own)}"));
            await _zones.AddAsync("insecure.test", Mail(wrong), isSigned: false);
            await _zones.AddAsync("bogus.test", Mail(right), isBogus: true);
            await _zones.AddAsync("elsewhere.test", Mail(wrong).Replace("127.0.0.1", "192.0.2.1", StringComparison.Ordinal));
            // Two hosts with one address, the first without records; a host that cannot be looked up before the right one.
            await _zones.AddAsync("two.test", $"{Mail(right)}\n@ MX 5 bare\nbare A 127.0.0.1");
            await _zones.AddAsync("lame.test", $"{Mail(right)}\n@ MX 5 mx.bogus.test.");
            await _zones.StartAsync();
            Opportunistic = await BoxAsync("opportunistic");
            Required = await BoxAsync("required");
        }

        public async ValueTask DisposeAsync()
        {
            if (Opportunistic is not null)
                await Opportunistic.DisposeAsync();
            if (Required is not null)
                await Required.DisposeAsync();
            await Server.DisposeAsync();
            await _zones.DisposeAsync();
            _workshop.Dispose();
            _root.Dispose();
        }

        private string Mail(string tlsa) => $"@ MX 10 mx\nmx A 127.0.0.1\n_{Server.Port}._tcp.mx TLSA {tlsa}";

        private async Task<BoxProcess> BoxAsync(string policy)
        {
            BoxProcess box = await BoxProcess.InitAsync("amd.test", Server.Port, 9);
            box.Configure("starttls = \"hide\"", "starttls = \"terminate\"");
            box.Configure("#= client = \"opportunistic\"", "client = \"none\"");
            box.Configure("#= server = \"opportunistic\"", $"server = \"{policy}\"");
            box.Configure("#= verify = \"none\"", "verify = \"dane\"");
            box.Configure("# resolver = \"127.0.0.1:53\"", $"resolver = \"127.0.0.1:{_zones.Port}\"");
            await box.StartAsync();
            return box;
        }

        private static string Key(X509Certificate2 certificate) => TlsWorkshop.Pin(certificate);
    }
}
