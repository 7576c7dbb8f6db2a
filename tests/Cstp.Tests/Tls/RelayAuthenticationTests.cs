using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cstp.Core.Smtp;
using Cstp.Core.Tls;
using Cstp.Core.Trust;
using Cstp.Tests.EndToEnd;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.Tls;

/// <summary>The box at its relay, with a password (RFC 4954): never in clear, never to a server that is not verified, never in the log.</summary>
public sealed class RelayAuthenticationTests : IAsyncDisposable
{
    private const string User = "box@amd.test";
    private const string Password = "corr\u00e9ct horse";
    private const string Anna = "anna@intel.test", Max = "max@elsewhere.test";

    private readonly TemporaryFolder _folder = new();
    private readonly RecordingServer _relay = new();
    private readonly TlsWorkshop _workshop = new();
    private readonly X509Certificate2 _certificate;
    private readonly LogLines _log = new();
    private readonly ILoggerFactory _loggers;

    public RelayAuthenticationTests()
    {
        _certificate = _workshop.Issue("relay.test");
        _relay.Tls = _workshop.Server(_certificate);
        _relay.SecuredExtensions = "AUTH LOGIN PLAIN";
        _relay.Answer = Answer;
        _loggers = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(_log));
        File.SetUnixFileMode(_folder.Write("relay.password", Password + "\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Not 127.0.0.1, which as a relay on this machine may be spoken to in clear; the system leads it there all the same.</summary>
    private string Remote => $"0.0.0.0:{_relay.Port}";

    private static string Plain => $"AUTH PLAIN {Base64($"\0{User}\0{Password}")}";

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        _loggers.Dispose();
        _log.Dispose();
        _certificate.Dispose();
        _workshop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_box_authenticates_by_PLAIN_in_TLS_and_says_nothing_of_who_its_client_is()
    {
        await using TlsBox box = Box(Remote);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(box, "MAIL FROM:<juro@amd.test> AUTH=juro@amd.test"));
        RecordedMessage relayed = Assert.Single(_relay.Messages);
        Assert.True(relayed.IsSecured);
        Assert.Equal("MAIL FROM:<juro@amd.test>", relayed.Mail);
        Assert.Equal([$"RCPT TO:<{Max}>"], relayed.Recipients);
        Assert.Single(_relay.SecuredCommands, line => line == Plain);
        AssertNoSecretIsTold();
    }

    [Fact]
    public async Task Where_only_LOGIN_is_offered_it_takes_that()
    {
        _relay.SecuredExtensions = "AUTH=LOGIN";
        await using TlsBox box = Box(Remote);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(box));
        Assert.Single(_relay.Messages);
        Assert.Equal(["AUTH LOGIN", Base64(User), Base64(Password)], _relay.SecuredCommands.SkipWhile(line => !line.StartsWith("AUTH", StringComparison.Ordinal)).Take(3));
    }

    [Fact]
    public async Task What_it_offers_only_to_whom_it_let_in_counts()
    {
        _relay.Extensions = "PIPELINING";
        bool isIn = false;
        _relay.Answer = line =>
        {
            isIn |= line == Plain;
            return isIn && line.StartsWith("EHLO", StringComparison.Ordinal) ? "250-relay.test\r\n250 DSN" : Answer(line);
        };
        await using TlsBox box = Box(Remote);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(box, "MAIL FROM:<juro@amd.test> RET=HDRS"));
        Assert.Equal("MAIL FROM:<juro@amd.test> RET=HDRS", Assert.Single(_relay.Messages).Mail);
    }

    [Fact]
    public async Task What_would_make_the_line_too_long_comes_after_it()
    {
        string password = new('x', 400), response = Base64($"\0{User}\0{password}");
        File.WriteAllText(_folder["relay.password"], password);
        _relay.Answer = line => line == "AUTH PLAIN" ? "334 " : line == response ? "235 2.7.0 Welcome" : Answer(line);
        await using TlsBox box = Box(Remote);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(box));
        Assert.Single(_relay.Messages);
    }

    [Fact]
    public async Task A_relay_that_goes_before_it_is_greeted_is_not_said_to_lack_a_certificate()
    {
        _relay.Answer = line => line.StartsWith("EHLO", StringComparison.Ordinal) ? "CUT" : Answer(line);
        await using TlsBox box = Box(Remote);
        Assert.StartsWith("451 4.4.2", await SendAsync(box), StringComparison.Ordinal);
        AssertNothingArrived(box);
        Assert.DoesNotContain(_log.All, line => line.Contains("gets no password", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_it_refuses_is_told_as_its_refusal()
    {
        _relay.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "553 5.7.1 not yours" : Answer(line);
        await using TlsBox box = Box(Remote);
        Assert.Equal("451 4.3.0 The relay refuses a part of this message (553 5.7.1 not yours); try again later", await SendAsync(box));
        AssertNothingArrived(box);
    }

    [Theory]
    [InlineData("AUTH PLAIN", "535 5.7.8 No: ")]
    [InlineData("AUTH PLAIN", "454 4.7.0 Later: ")]
    [InlineData("AUTH PLAIN", "334 ")]
    [InlineData("AUTH PLAIN", "250 2.0.0 ")]
    [InlineData("AUTH LOGIN", "535 5.7.8 No: ")]
    [InlineData("AUTH LOGIN", "235 2.7.0 ")]
    public async Task A_relay_that_does_not_let_the_box_in_gets_nothing_and_its_words_which_may_repeat_the_password_are_told_nobody(string offered, string reply)
    {
        _relay.SecuredExtensions = offered;
        _relay.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? reply + line : null;
        await using TlsBox box = Box(Remote);
        Assert.StartsWith("451 4.4.2 A part of this message cannot be delivered now", await SendAsync(box), StringComparison.Ordinal);
        AssertNothingArrived(box);
        Assert.Contains(_log.All, line => line.Contains($"the relay {Remote} does not let the box in: it answers AUTH with {reply[..3]}; look at [relay] user and password_file", StringComparison.Ordinal));
        AssertNoSecretIsTold();
    }

    [Theory]
    [InlineData("")]
    [InlineData("AUTH GSSAPI SCRAM-SHA-256")]
    public async Task A_relay_that_offers_neither_PLAIN_nor_LOGIN_gets_nothing(string offered)
    {
        _relay.SecuredExtensions = offered;
        await using TlsBox box = Box(Remote);
        Assert.StartsWith("451 4.4.2", await SendAsync(box), StringComparison.Ordinal);
        AssertNothingArrived(box);
        Assert.DoesNotContain(_relay.Commands, line => line.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.Contains(_log.All, line => line.Contains("it offers neither AUTH PLAIN nor AUTH LOGIN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_relay_without_TLS_gets_no_password_whatever_the_section_says_of_servers()
    {
        _relay.Tls = null;
        _relay.Extensions += "\nAUTH PLAIN";
        await using TlsBox box = Box(Remote, o => o with { Server = TlsPolicy.None, Destinations = Pinned(_certificate, TlsPolicy.Opportunistic) }, serverTls: false);
        Assert.StartsWith("451 4.4.2", await SendAsync(box), StringComparison.Ordinal);
        AssertNothingArrived(box);
        Assert.DoesNotContain(_relay.Commands, line => line.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.Contains(_log.All, line => line.Contains($"the relay {Remote} gets no password: a further connection: the server offers no TLS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_box_that_does_not_terminate_TLS_sends_no_password_either()
    {
        _relay.Tls = null;
        _relay.Extensions += "\nAUTH PLAIN";
        await using var server = new RecordingServer();
        await using var box = new TestBox("amd.test", server.Port, server.Port, relay: Options(Remote), loggers: _loggers);
        Assert.StartsWith("451 4.4.2", await SendAsync(box, server), StringComparison.Ordinal);
        Assert.Empty(_relay.Messages);
        Assert.DoesNotContain(_relay.Commands, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_relay_that_is_not_the_one_gets_no_password()
    {
        using X509Certificate2 other = _workshop.Issue("relay.test");
        await using TlsBox box = Box(Remote, o => o with { Destinations = Pinned(other) });
        Assert.StartsWith("451 4.4.2", await SendAsync(box), StringComparison.Ordinal);
        AssertNothingArrived(box);
        Assert.DoesNotContain(_relay.Commands, line => line.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.Contains(_log.All, line => line.Contains("its key is not a pinned one", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_relay_whose_certificate_nothing_verifies_gets_no_password()
    {
        await using TlsBox box = Box(Remote, o => o);
        Assert.StartsWith("451 4.4.2", await SendAsync(box), StringComparison.Ordinal);
        Assert.DoesNotContain(_relay.Commands, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_relay_on_this_machine_may_be_spoken_to_in_clear()
    {
        _relay.Tls = null;
        _relay.Extensions += "\nAUTH PLAIN";
        await using var server = new RecordingServer();
        await using var box = new TestBox("amd.test", server.Port, server.Port, relay: Options($"127.0.0.1:{_relay.Port}"), loggers: _loggers);
        Assert.Equal("250 2.0.0 Ok: queued", await SendAsync(box, server));
        Assert.Single(_relay.Commands, line => line == Plain);
        Assert.Single(_relay.Messages);
    }

    [Theory]
    [InlineData(null, false, "Pkix")]
    [InlineData("", false, "Pkix")]
    [InlineData("", true, "Pin")]
    [InlineData("None", false, "Pkix")]
    [InlineData("None", true, "Pin")]
    [InlineData("Pkix", true, "Pkix")]
    [InlineData("Pin", true, "Pin")]
    [InlineData("Dane", false, "Dane")]
    public void Who_gets_a_password_is_verified_as_its_own_destination_says_else_by_its_own_name(string? configured, bool isPinned, string expected)
    {
        var destination = new TlsDestination
        {
            Address = "192.0.2.0/24",
            Server = TlsPolicy.None,
            Verify = configured is null or "" ? null : Enum.Parse<TlsVerification>(configured),
            Pins = isPinned ? [new string('0', 64)] : [],
        };
        TlsRule rule = new TlsOptions { Server = TlsPolicy.None, Verify = TlsVerification.Dane, Destinations = configured is null ? [] : [destination] }
            .RuleForPassword(IPAddress.Parse("192.0.2.1"), "relay.test");
        Assert.Equal((TlsPolicy.Required, Enum.Parse<TlsVerification>(expected), "relay.test"), (rule.Policy, rule.Verify, rule.Name));
    }

    private TlsBox Box(string server, Func<TlsOptions, TlsOptions>? change = null, bool serverTls = true) =>
        new(change ?? (o => o with { Destinations = Pinned(_certificate) }), serverTls, relay: Options(server), loggers: _loggers);

    private RelayOptions Options(string server) => new() { Server = server, User = User, PasswordFile = _folder["relay.password"] };

    private static IReadOnlyList<TlsDestination> Pinned(X509Certificate2 certificate, TlsPolicy? policy = null) => TlsBox.Known(policy, null, null, TlsWorkshop.Pin(certificate));

    private static Task<string?> SendAsync(TlsBox box, string mail = "MAIL FROM:<juro@amd.test>") => SendAsync(box.Box, box.Server, mail);

    /// <summary>To one with certificate and one without, whose part the server does not take on a second connection.</summary>
    private static async Task<string?> SendAsync(TestBox box, RecordingServer server, string mail = "MAIL FROM:<juro@amd.test>")
    {
        box.Add(SmimeWorkshop.Identity("cstpbox@intel.test").Certificate, CertificateRole.Gateway, "intel.test");
        server.Extensions += "\nAUTH PLAIN";
        int connections = 0;
        server.Answer = line => line == "CONNECT" && ++connections > 1 ? "421 4.7.0 One is enough" : null;
        using RawClient client = await RawClient.GreetedAsync(box.InsidePort);
        foreach (string command in (string[])[mail, $"RCPT TO:<{Anna}>", $"RCPT TO:<{Max}>"])
            Assert.StartsWith("250", await client.AskAsync(command), StringComparison.Ordinal);
        return await client.SendMessageAsync(MixedBox.Message());
    }

    private void AssertNothingArrived(TlsBox box)
    {
        Assert.Empty(_relay.Messages);
        Assert.Empty(box.Server.Messages);
    }

    private void AssertNoSecretIsTold()
    {
        string all = string.Join('\n', _log.All);
        Assert.NotEmpty(all);
        Assert.All((string[])[Password, "horse", Base64(Password), Base64($"\0{User}\0{Password}")], secret => Assert.DoesNotContain(secret, all, StringComparison.Ordinal));
    }

    private static string? Answer(string line) =>
        line == Plain || line == Base64(Password) ? "235 2.7.0 Welcome"
        : line == "AUTH LOGIN" ? "334 VXNlcm5hbWU6"
        : line == Base64(User) ? "334 UGFzc3dvcmQ6"
        : line.StartsWith("AUTH", StringComparison.Ordinal) ? "535 5.7.8 No"
        : null;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
