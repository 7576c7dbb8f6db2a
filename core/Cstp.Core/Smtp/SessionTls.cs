using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Tls;

namespace Cstp.Core.Smtp;

/// <summary>
/// TLS at the two ends of one session, where the box terminates it. The server's end comes first: it is secured when the client
/// greets, so that the client is never offered what the server lacks.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
/// <param name="termination">Handshakes and verification.</param>
internal sealed class SessionTls(SmtpSession session, SmtpServices services, TlsTermination termination)
{
    /// <summary>What may be said where mail may not.</summary>
    private static readonly HashSet<string> s_harmless = new(StringComparer.Ordinal) { "EHLO", "HELO", "NOOP", "RSET", "QUIT", "HELP", "STARTTLS" };

    private readonly Dictionary<string, ServerVerdict?> _domains = new(StringComparer.OrdinalIgnoreCase);
    private ServerGreeting? _server;
    private ServerVerdict? _verdict;
    private bool _mustGreet = true;

    /// <summary>Section <c>[tls]</c>.</summary>
    public TlsOptions Options => termination.Options;

    private bool IsServerSecured => session.Server?.IsSecured == true;

    private bool OffersStartTls => Options.Client != TlsPolicy.None && !session.Client.IsSecured && (IsServerSecured || Options.OfferWithoutServer);

    /// <summary>How it stands, for the answer to EHLO.</summary>
    public TlsLegs Legs => new(OffersStartTls, session.Client.IsSecured, IsServerSecured, _verdict?.Result == VerdictKind.Held, Options.AuthRequiresTls);

    /// <summary>Greets the server, after TLS with it where that is to be.</summary>
    /// <param name="line">The client's EHLO or HELO.</param>
    /// <returns>The server's reply for the client.</returns>
    /// <exception cref="ConnectionLostException">The server closed.</exception>
    /// <exception cref="SmtpProtocolException">What came is no reply.</exception>
    public async Task<ServerReply> GreetAsync(string line)
    {
        SmtpConnection server = session.Server!;
        TlsRule rule = Options.RuleFor(server.Peer.Address);
        CancellationToken cancel = session.Within(services.Options.ReplyTimeout);
        if (server.IsSecured)
        {
            ServerGreeting again = await ServerGreeting.RunAsync(server, line, null, cancel);
            _mustGreet &= !again.Reply.IsPositive;
            return again.Reply;
        }
        _domains.Clear();
        _server = await GreetAsync(server, rule, session.BannerName, line, cancel);
        _verdict = await JudgeAsync(server.Peer, rule, _server, cancel);
        _mustGreet &= !_server.Reply.IsPositive;
        if (_server.IsBroken)
            session.LoseServer();
        return _server.Reply;
    }

    /// <summary>Greets on a further connection: its TLS is that of the first, or the attempt fails.</summary>
    /// <param name="server">The connection, its banner read: to the same server, or to the relay.</param>
    /// <param name="rule">What holds for it.</param>
    /// <param name="name">The name that it is asked for in TLS where none is configured; null for that in the server's banner.</param>
    /// <param name="line">EHLO or HELO.</param>
    /// <param name="cancel">The deadline.</param>
    /// <returns>The server's reply, and how it stands there.</returns>
    /// <exception cref="IOException">TLS there is less than on the first connection, or the server is another.</exception>
    public async Task<(ServerReply Reply, TlsLegs Legs)> GreetAgainAsync(SmtpConnection server, TlsRule rule, string? name, string line, CancellationToken cancel)
    {
        ServerGreeting greeting = await GreetAsync(server, rule, name ?? session.BannerName, line, cancel);
        ServerVerdict verdict = await JudgeAsync(server.Peer, rule, greeting, cancel);
        if ((verdict.Refusal ?? (greeting.IsBroken ? greeting.Failure : null)) is { } refusal)
            throw new IOException($"a further connection: {refusal}");
        if (_server?.Peer is not null && greeting.Peer is null)
            throw new IOException($"TLS on the first connection and none on a further one: {greeting.Failure}");
        if (_verdict?.Result == VerdictKind.Held && verdict.Result != VerdictKind.Held)
            throw new IOException($"verified on the first connection and not on a further one: {verdict.Problem}");
        foreach (string domain in session.Transaction?.Recipients.Select(r => r.Mailbox.Domain).Distinct(StringComparer.OrdinalIgnoreCase) ?? [])
        {
            if (await termination.Verification.JudgeForAsync(rule, domain, server.Peer, greeting.Peer, greeting.Failure, cancel) is { Refusal: { } why })
                throw new IOException($"a further connection, for {domain}: {why}");
        }
        return (greeting.Reply, Legs with { ServerIsSecured = greeting.Peer is not null, ServerIsVerified = verdict.Result == VerdictKind.Held });
    }

    /// <summary>Looks whether TLS forbids a command.</summary>
    /// <param name="command">The command.</param>
    /// <returns>Null where it may go on, else our reply.</returns>
    /// <exception cref="SessionClosedException">Nothing may be said to this server.</exception>
    public Reply? Refuse(SmtpCommand command)
    {
        if (s_harmless.Contains(command.Verb))
            return null;
        if (_verdict?.Refusal is { } refusal)
            throw Refused(refusal);
        if (_server is { IsBroken: true })
            throw Refused(_server.Failure!);
        // Before a greeting there is no TLS with the server; what was said before the client's is forgotten (RFC 3207 4.2).
        if (_mustGreet)
            return new Reply(503, "5.5.1", session.Client.IsSecured ? "Say EHLO again, in TLS" : "Say EHLO first");
        if (Options.Client == TlsPolicy.Required && !session.Client.IsSecured)
        {
            return OffersStartTls
                ? new Reply(530, "5.7.0", "Must issue a STARTTLS command first")
                : throw Refused("TLS is required of the client, which is offered none where the server has none");
        }
        if (command.Verb == "AUTH" && Legs is { AuthRequiresTls: true, AreSecured: false })
            return new Reply(538, "5.7.11", "Encryption required for requested authentication mechanism");
        return null;
    }

    /// <summary>Looks whether mail to a recipient's domain may go to this server, before the server hears of the recipient.</summary>
    /// <param name="domain">The domain.</param>
    /// <returns>Null where it may, else our reply.</returns>
    public async Task<Reply?> RefuseRecipientAsync(string domain)
    {
        if (session.Server is not { } server || _server is null)
            return null;
        if (!_domains.TryGetValue(domain, out ServerVerdict? verdict))
        {
            if (_domains.Count >= services.Options.MaxRecipients)
                _domains.Clear();
            TlsRule rule = Options.RuleFor(server.Peer.Address);
            verdict = await termination.Verification.JudgeForAsync(rule, domain, server.Peer, _server.Peer, _server.Failure, session.Within(services.Options.ReplyTimeout));
            _domains[domain] = verdict;
            if (verdict is not null)
                Report(server.Peer, rule, verdict);
        }
        return verdict?.Refusal is { } refusal ? TlsReply(refusal) : null;
    }

    /// <summary>The client's STARTTLS (RFC 3207).</summary>
    /// <param name="command">The command; no other is under way.</param>
    /// <returns>Null where the client is in TLS now, else our refusal.</returns>
    /// <exception cref="SessionClosedException">Octets in clear came behind the command, or the handshake failed.</exception>
    public async Task<Reply?> BeginWithClientAsync(SmtpCommand command)
    {
        if (command.Argument.Length > 0)
            return new Reply(501, "5.5.4", "STARTTLS takes no argument");
        // What was authenticated in clear may not have been this client (RFC 3207 6).
        if (session.IsAuthenticated)
            return new Reply(503, "5.5.1", "STARTTLS comes before AUTH");
        if (session.Client.HasBuffered || session.Client.HasUnread)
        {
            services.Metrics.TlsFailed("client", "injection");
            throw new SessionClosedException(new Reply(501, "5.5.4", "Nothing may follow STARTTLS before TLS; connection closed"), "octets in clear behind STARTTLS");
        }
        session.Client.Write(session.Format(new Reply(220, "2.0.0", "Ready to start TLS")) + "\r\n");
        await session.Client.FlushAsync(session.Within(services.Options.ReplyTimeout));
        try
        {
            CancellationToken cancel = session.Within(Options.HandshakeTimeout);
            await session.Client.SecureAsync(transport => termination.AcceptAsync(transport, session.Server?.Peer.Address ?? IPAddress.Loopback, ServerNames(), cancel));
        }
        catch (Exception e) when (e is TlsHandshakeException or OperationCanceledException)
        {
            // Nobody reads words in clear any more.
            Fail("client", "handshake", e.Message);
            throw new SessionClosedException(null, "the client's TLS handshake failed");
        }
        Succeed("client", session.Client.Secured!);
        _mustGreet = true;
        return null;
    }

    private async Task<ServerGreeting> GreetAsync(SmtpConnection server, TlsRule rule, string? name, string line, CancellationToken cancel)
    {
        ServerGreeting greeting = await ServerGreeting.RunAsync(server, line, rule.Policy == TlsPolicy.None ? null : SecureAsync, cancel);
        if (greeting.Failure is { } failure && greeting.IsBroken)
            Fail("server", "handshake", failure);
        return greeting;

        async Task<TlsPeer?> SecureAsync(SmtpConnection connection)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var clock = new CancellationTokenSource(Options.HandshakeTimeout, services.Time);
            using CancellationTokenRegistration late = clock.Token.UnsafeRegister(static p => ((CancellationTokenSource)p!).Cancel(), patience);
            TlsPeer? peer = await connection.SecureAsync(transport => termination.ConnectAsync(transport, rule.Name ?? name, patience.Token));
            Succeed("server", connection.Secured!);
            return peer;
        }
    }

    private async Task<ServerVerdict> JudgeAsync(IPEndPoint server, TlsRule rule, ServerGreeting greeting, CancellationToken cancel)
    {
        ServerVerdict verdict = await termination.Verification.JudgeAsync(rule, server, greeting.Peer, greeting.Failure, cancel);
        Report(server, rule, verdict);
        return verdict;
    }

    private void Report(IPEndPoint server, TlsRule rule, ServerVerdict verdict)
    {
        if (verdict.Result != VerdictKind.NotAsked)
        {
            services.Metrics.TlsVerified(rule.Verify.ToString().ToLowerInvariant(), verdict.Result.ToString().ToLowerInvariant());
            TlsLog.Verified(services.Logger, session.Id, server, rule.Verify.ToString(), verdict.Result.ToString(), LogText.Escape(verdict.Problem ?? ""));
        }
        if (verdict.Refusal is { } refusal)
            TlsLog.Refused(services.Logger, session.Id, server, LogText.Escape(refusal));
    }

    private IEnumerable<string> ServerNames()
    {
        IReadOnlyList<string> own = _server?.Peer?.Names() ?? [];
        return own.Count > 0 ? own : session.BannerName is { } banner ? [banner] : [];
    }

    private void Succeed(string leg, SslStream secured)
    {
        string version = secured.SslProtocol == SslProtocols.Tls13 ? "1.3" : "1.2";
        services.Metrics.TlsBegan(leg, version);
        TlsLog.Secured(services.Logger, session.Id, leg, version, string.Create(CultureInfo.InvariantCulture, $"{secured.NegotiatedCipherSuite}"));
    }

    private void Fail(string leg, string cause, string message)
    {
        services.Metrics.TlsFailed(leg, cause);
        TlsLog.Failed(services.Logger, session.Id, leg, LogText.Escape(message));
    }

    private static SessionClosedException Refused(string cause) => new(TlsReply(cause), cause);

    /// <summary>The cause is told as far as it is fit for a reply; what a server said is not.</summary>
    private static Reply TlsReply(string cause) => new(451, "4.7.5", $"No mail without the TLS that is required towards this server: {LogText.Escape(cause)}");
}

/// <summary>How TLS stands at both ends.</summary>
/// <param name="OffersStartTls">Whether the client is offered it.</param>
/// <param name="ClientIsSecured">Whether the client is in it.</param>
/// <param name="ServerIsSecured">Whether the server is in it.</param>
/// <param name="ServerIsVerified">Whether the server is known to be the right one.</param>
/// <param name="AuthRequiresTls">Whether AUTH needs both.</param>
internal sealed record TlsLegs(bool OffersStartTls, bool ClientIsSecured, bool ServerIsSecured, bool ServerIsVerified, bool AuthRequiresTls)
{
    /// <summary>Whether both ends are in TLS.</summary>
    public bool AreSecured => ClientIsSecured && ServerIsSecured;
}
