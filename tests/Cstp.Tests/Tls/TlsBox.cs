using System.Security.Cryptography.X509Certificates;
using Cstp.Abstractions;
using Cstp.Core.Smtp;
using Cstp.Core.Tls;
using Cstp.Tests.EndToEnd;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.Tls;

/// <summary>amd.test with TLS terminated, between a client and a server of the tests.</summary>
internal sealed class TlsBox : IAsyncDisposable
{
    public const string Message = "From: juro@amd.test\r\nTo: max@elsewhere.test\r\nSubject: s\r\n\r\nHello\r\n";

    private readonly TemporaryFolder _folder = new();

    /// <param name="change">Changes the settings; null for the defaults, and the box's own authority.</param>
    /// <param name="serverTls">Whether the server has TLS.</param>
    /// <param name="interceptors">Of the box.</param>
    /// <param name="smtp">Of the box; STARTTLS is terminated in any case.</param>
    /// <param name="relay">Of the box.</param>
    /// <param name="loggers">Of the box.</param>
    public TlsBox(Func<TlsOptions, TlsOptions>? change = null, bool serverTls = true, IReadOnlyList<ISmtpInterceptor>? interceptors = null, SmtpOptions? smtp = null, RelayOptions? relay = null, ILoggerFactory? loggers = null)
    {
        ServerCertificate = Workshop.Issue("mx.elsewhere.test");
        Server.Tls = serverTls ? Workshop.Server(ServerCertificate) : null;
        (string certificate, string key) = TlsAuthority.Create("CSTP TLS authority of amd.test", DateTimeOffset.UtcNow);
        TlsOptions options = new() { AuthorityCertificateFile = _folder.Write("authority.pem", certificate), AuthorityKeyFile = _folder.Write("authority.key", key) };
        File.SetUnixFileMode(options.AuthorityKeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        BoxAuthority = X509Certificate2.CreateFromPem(certificate);
        Box = new TestBox(
            "amd.test", Server.Port, Server.Port, interceptors: interceptors,
            smtp: (smtp ?? new SmtpOptions()) with { Starttls = StartTlsHandling.Terminate }, tls: change is null ? options : change(options), relay: relay, loggers: loggers);
    }

    public TlsWorkshop Workshop { get; } = new();

    public X509Certificate2 ServerCertificate { get; }

    public X509Certificate2 BoxAuthority { get; }

    public RecordingServer Server { get; } = new();

    public TestBox Box { get; }

    public string Folder => _folder.Root;

    /// <summary>One destination that is known better: the server of the tests.</summary>
    public static IReadOnlyList<TlsDestination> Known(TlsPolicy? policy = null, TlsVerification? verify = null, string? name = null, params string[] pins) =>
        [new TlsDestination { Address = "127.0.0.1", Server = policy, Verify = verify, Name = name, Pins = pins }];

    public Task<RawClient> GreetedAsync() => RawClient.GreetedAsync(Box.InsidePort);

    /// <summary>Greets, begins TLS, and greets again.</summary>
    public async Task<RawClient> SecuredAsync()
    {
        RawClient client = await GreetedAsync();
        await client.StartTlsAsync();
        Assert.StartsWith("250", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        return client;
    }

    /// <summary>What the client is offered when it greets.</summary>
    public async Task<string> OfferAsync()
    {
        using var client = new RawClient(Box.InsidePort);
        await client.ReadReplyAsync();
        return (await client.AskAsync("EHLO client.test"))!;
    }

    /// <summary>Sends a message, and gives the reply to its end, or the first that refuses.</summary>
    public static async Task<string?> SendAsync(RawClient client, params string[] recipients)
    {
        string? reply = await client.AskAsync("MAIL FROM:<juro@amd.test>");
        foreach (string recipient in recipients.Length > 0 ? recipients : ["max@elsewhere.test"])
        {
            if (reply?.StartsWith("250", StringComparison.Ordinal) != true)
                return reply;
            reply = await client.AskAsync($"RCPT TO:<{recipient}>");
        }
        return reply?.StartsWith("250", StringComparison.Ordinal) == true ? await client.SendMessageAsync(Message) : reply;
    }

    public async ValueTask DisposeAsync()
    {
        await Box.DisposeAsync();
        await Server.DisposeAsync();
        Workshop.Dispose();
        _folder.Dispose();
    }
}
