using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Trust;
using Cstp.Core.Trust.Revocation;
using Cstp.Tests.EndToEnd;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Ocsp;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust.Revocation;

/// <summary>Lists and answers from a web server of the test's own, on loopback.</summary>
public sealed class RevocationFetcherTests : IAsyncDisposable
{
    private static readonly Mailbox s_mila = Mailbox.Parse("mila@usi.test");
    private readonly HttpListener _web = new();
    private readonly int _port = FreePort();
    private readonly TestCertificate _root;
    private readonly TestCertificate _leaf;
    private readonly List<X509Crl> _kept = [];
    private Func<HttpListenerContext, byte[]?> _answer = _ => null;
    private int _requests;

    public RevocationFetcherTests()
    {
        (DateTimeOffset from, DateTimeOffset until) = (DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        _root = TestCertificate.Authority("root") with { NotBefore = from, NotAfter = until };
        _leaf = TestCertificate.Of("mila@usi.test") with { Issuer = _root, NotBefore = from, NotAfter = until, Extensions = [List($"http://127.0.0.1:{_port}/root.crl")] };
        _web.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _web.Start();
        _ = ServeAsync();
    }

    public ValueTask DisposeAsync()
    {
        _web.Close();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_list_is_fetched_while_mail_waits_and_kept()
    {
        _answer = _ => Crl(_leaf);
        await using var box = new Fetching(this);
        await box.Trust.WaitForRevocationAsync([(_leaf.Encoded, [])], default);
        Assert.Equal(SignerStanding.Revoked, box.Trust.Judge(_leaf.Encoded, [], s_mila).Standing);
        Assert.Equal(1, _requests);
        Assert.Single(_kept);
        await box.Trust.WaitForRevocationAsync([(_leaf.Encoded, [])], default);
        Assert.Equal(1, _requests);
    }

    [Fact]
    public async Task A_responder_is_asked_where_there_is_no_list()
    {
        TestCertificate leaf = _leaf with { Extensions = [Responder($"http://127.0.0.1:{_port}/")] };
        _answer = context =>
        {
            var question = new MemoryStream();
            context.Request.InputStream.CopyTo(question);
            return new TestResponder(_root) { Status = new RevokedStatus(DateTime.UtcNow, CrlReason.KeyCompromise), ThisUpdate = DateTimeOffset.UtcNow.AddMinutes(-1), NextUpdate = DateTimeOffset.UtcNow.AddHours(1) }
                .Answer(question.ToArray());
        };
        await using var box = new Fetching(this);
        await box.Trust.WaitForRevocationAsync([(leaf.Encoded, [])], default);
        Assert.Equal(SignerStanding.Revoked, box.Trust.Judge(leaf.Encoded, [], s_mila).Standing);
    }

    [Fact]
    public async Task X7_no_stranger_makes_the_box_connect_anywhere()
    {
        TestCertificate stranger = _leaf with { Issuer = TestCertificate.Authority("nobody") with { NotBefore = _root.NotBefore, NotAfter = _root.NotAfter } };
        await using var box = new Fetching(this);
        await box.Trust.WaitForRevocationAsync([(stranger.Encoded, [stranger.Issuer!.Encoded])], default);
        Assert.Equal(0, _requests);
    }

    [Theory]
    [InlineData("not allowed")]
    [InlineData("too large")]
    [InlineData("endless")]
    [InlineData("garbage")]
    [InlineData("foreign")]
    [InlineData("ran out")]
    [InlineData("404")]
    [InlineData("redirect")]
    [InlineData("file")]
    public async Task X7_what_cannot_be_fetched_stays_unknown_and_is_left_alone_for_a_while(string fault)
    {
        _answer = fault switch
        {
            "too large" => _ => new byte[200_000],
            "endless" => context =>
            {
                context.Response.SendChunked = true;
                for (int i = 0; i < 100; i++)
                    context.Response.OutputStream.Write(new byte[4096]);
                return [];
            }
            ,
            "garbage" => _ => [1, 2, 3],
            "foreign" => _ => new TestCrl(_root, DateTimeOffset.UtcNow.AddDays(-1)) { Signer = TestCertificate.Authority("root") }.Issue().GetEncoded(),
            "ran out" => _ => new TestCrl(_root, DateTimeOffset.UtcNow.AddDays(-9)).Issue().GetEncoded(),
            "redirect" => context =>
            {
                context.Response.Redirect($"http://127.0.0.1:{_port}/other");
                return [];
            }
            ,
            _ => _ => null,
        };
        TestCertificate leaf = fault == "file" ? _leaf with { Extensions = [List("file:///etc/passwd")] } : _leaf;
        await using var box = new Fetching(this, allowed: fault != "not allowed");
        for (int i = 0; i < 2; i++)
        {
            await box.Trust.WaitForRevocationAsync([(leaf.Encoded, [])], default);
            Assert.Equal(SignerStanding.RevocationUnknown, box.Trust.Judge(leaf.Encoded, [], s_mila).Standing);
        }
        Assert.Equal(fault is "not allowed" or "file" ? 0 : 1, _requests);
        Assert.Empty(_kept);
    }

    [Theory]
    [InlineData(false, "smime=pass")]
    [InlineData(true, "smime=temperror")]
    public async Task X7_a_server_that_never_answers_holds_mail_up_for_the_limit_and_no_longer(bool hard, string result)
    {
        var silent = new ManualResetEventSlim();
        _answer = _ =>
        {
            silent.Wait();
            return null;
        };
        await using var box = new Fetching(this, hard: hard);
        await using var server = new RecordingServer();
        await using var intel = new TestBox("intel.test", server.Port, server.Port, revocation: box.Knowledge);
        intel.Add(_root.Encoded, CertificateRole.Authority, "");
        string message = SmimeWorkshop.Message("mila@usi.test", await SmimeWorkshop.ClearSignedAsync(InboundRows.Entity, _leaf.Identity));
        using var client = new RawClient(intel.OutsidePort);
        await client.BeginAsync("mila@usi.test", "anna@intel.test");
        long start = Stopwatch.GetTimestamp();
        Assert.StartsWith("250", await client.SendMessageAsync(message), StringComparison.Ordinal);
        // A timer counts in ticks of the system's clock, and may be one early by another.
        Assert.InRange(Stopwatch.GetElapsedTime(start), Fetching.Wait * 0.95, Fetching.Wait + TimeSpan.FromSeconds(10));
        Assert.True(server.Messages.TryDequeue(out RecordedMessage? arrived));
        Assert.Contains(result, arrived.Text, StringComparison.Ordinal);
        silent.Set();
    }

    [Fact]
    public async Task The_openssl_responder_is_understood()
    {
        using var folder = new TemporaryFolder();
        int port = FreePort();
        TestCertificate leaf = _leaf with { Extensions = [Responder($"http://127.0.0.1:{port}/")] };
        var parsed = new X509Certificate(leaf.Encoded.Der.ToArray());
        await File.WriteAllTextAsync(folder["ca.pem"], CertificateFile.WritePem([_root.Encoded]));
        await File.WriteAllTextAsync(folder["ca.key"], System.Security.Cryptography.PemEncoding.WriteString("PRIVATE KEY", _root.Pkcs8));
        await File.WriteAllTextAsync(folder["index.txt"], $"R\t{leaf.NotAfter:yyMMddHHmmss}Z\t{DateTime.UtcNow.AddDays(-1):yyMMddHHmmss}Z,keyCompromise\t{parsed.SerialNumber.ToString(16).ToUpperInvariant().PadLeft(16, '0')}\tunknown\t/CN=someone\n");
        using Process openssl = Process.Start(new ProcessStartInfo("openssl", ["ocsp", "-port", $"{port}", "-index", folder["index.txt"], "-CA", folder["ca.pem"], "-rsigner", folder["ca.pem"], "-rkey", folder["ca.key"], "-nmin", "60"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            // One that only looks whether it is there would occupy it for good.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (await openssl.StandardError.ReadLineAsync(patience.Token) is { } line && !line.Contains("waiting", StringComparison.Ordinal))
                continue;
            await using var box = new Fetching(this);
            await box.Trust.WaitForRevocationAsync([(leaf.Encoded, [])], default);
            Assert.Equal(SignerStanding.Revoked, box.Trust.Judge(leaf.Encoded, [], s_mila).Standing);
        }
        finally
        {
            openssl.Kill();
        }
    }

    private static (string, bool, Asn1Encodable) List(string address) => (
        X509Extensions.CrlDistributionPoints.Id, false,
        new CrlDistPoint([new DistributionPoint(new DistributionPointName(new GeneralNames(new GeneralName(GeneralName.UniformResourceIdentifier, address))), null, null)]));

    private static (string, bool, Asn1Encodable) Responder(string address) => (
        X509Extensions.AuthorityInfoAccess.Id, false,
        new AuthorityInformationAccess(new AccessDescription(X509ObjectIdentifiers.OcspAccessMethod, new GeneralName(GeneralName.UniformResourceIdentifier, address))));

    private byte[] Crl(params TestCertificate[] revoked) => new TestCrl(_root, DateTimeOffset.UtcNow.AddDays(-1)) { Revoked = revoked }.Issue().GetEncoded();

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _web.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
            _ = Task.Run(() =>
            {
                Interlocked.Increment(ref _requests);
                try
                {
                    byte[]? content = _answer(context);
                    if (content is null)
                        context.Response.StatusCode = 404;
                    else if (content.Length > 0)
                        context.Response.OutputStream.Write(content);
                    context.Response.Close();
                }
                catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
                {
                    // The box did not want the rest.
                }
            });
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A store in memory that trusts the root, with a fetcher.</summary>
    private sealed class Fetching : IAsyncDisposable
    {
        public static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

        private readonly CstpMetrics _metrics = new();
        private readonly RevocationFetcher _fetcher;

        public Fetching(RevocationFetcherTests tests, bool allowed = true, bool hard = true)
        {
            var options = new RevocationOptions
            {
                Fetch = true,
                Unknown = hard ? UnknownRevocation.Hard : UnknownRevocation.Soft,
                AllowedNetworks = allowed ? ["127.0.0.0/8"] : [],
                MailWait = Wait,
                MaxList = 100_000,
            };
            Knowledge = new RevocationKnowledge(options, TimeProvider.System);
            Trust = new TrustSnapshot([tests._root.Stored(CertificateRole.Authority, "")], [], TimeProvider.System, ["intel.test"], revocation: Knowledge);
            _fetcher = new RevocationFetcher(
                Knowledge,
                options,
                () => Trust,
                (list, _) =>
                {
                    tests._kept.Add(list);
                    Knowledge.TakeLists([.. tests._kept]);
                },
                _metrics,
                TimeProvider.System,
                NullLogger.Instance);
        }

        public RevocationKnowledge Knowledge { get; }

        public TrustSnapshot Trust { get; }

        public async ValueTask DisposeAsync()
        {
            await _fetcher.DisposeAsync();
            _metrics.Dispose();
        }
    }
}
