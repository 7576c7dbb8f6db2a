using System.Net;
using Cstp.Abstractions;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>
/// One SMTP session between a client and the server that it meant: what stands between them, and how it begins and ends. Commands
/// go on through <see cref="CommandRelay"/>, messages through <see cref="MessageTransfer"/>. One flow, no locks.
/// </summary>
internal sealed class SmtpSession : ISmtpSessionInfo
{
    private readonly SmtpServices _services;
    private readonly SmtpListener _listener;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationToken _drain;
    private readonly InterceptorChain _interceptors;
    private readonly SessionCommands _commands;
    private readonly ServerConnector _connector;

    private IPEndPoint ClientEndPoint { get; }

    private IPEndPoint Destination { get; }

    private SmtpConnection? _server;
    private CancellationTokenSource? _deciding;
    private bool? _spokeBeforeGreeting;
    private Func<Task>? _whenHeard;

    /// <summary>Makes a session.</summary>
    /// <param name="id">Its name in the log.</param>
    /// <param name="client">The accepted connection; owned from now on.</param>
    /// <param name="listener">Where it was accepted.</param>
    /// <param name="clientEndPoint">The client's address.</param>
    /// <param name="destination">The accepted socket's own address.</param>
    /// <param name="services">What all sessions share.</param>
    /// <param name="drain">No new work shall begin.</param>
    public SmtpSession(
        string id, SmtpConnection client, SmtpListener listener, IPEndPoint clientEndPoint, IPEndPoint destination, SmtpServices services, CancellationToken drain)
    {
        Id = id;
        Client = client;
        _listener = listener;
        ClientEndPoint = clientEndPoint;
        Destination = destination;
        _services = services;
        _drain = drain;
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, services.Time);
        _interceptors = new InterceptorChain(this, services);
        _commands = new SessionCommands(this, services);
        Tls = services.Tls is { } termination ? new SessionTls(this, services, termination) : null;
        _connector = new ServerConnector(services, listener, clientEndPoint, destination);
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public Side Side => _listener.Side;

    EndPoint ISmtpSessionInfo.Client => ClientEndPoint;

    EndPoint ISmtpSessionInfo.Server => Destination;

    bool ISmtpSessionInfo.SpokeBeforeGreeting => _spokeBeforeGreeting ?? Client.HasUnread;

    /// <inheritdoc/>
    public IDictionary<string, string> Notes { get; } = new Dictionary<string, string>();

    /// <summary>The client's connection.</summary>
    public SmtpConnection Client { get; }

    /// <summary>The server's connection; null once it is lost.</summary>
    public SmtpConnection? Server => _server;

    /// <summary>The server's address, as the store knows it.</summary>
    public string ServerName { get; private set; } = "";

    /// <summary>What the server offers and we let through.</summary>
    public ServerExtensions Extensions { get; set; } = ServerExtensions.None;

    /// <summary>The line by which the client greeted, without CRLF.</summary>
    public string? HelloLine { get; set; }

    /// <summary>Whether the client authenticated: such a session is never split onto a second connection.</summary>
    public bool IsAuthenticated { get; set; }

    /// <summary>The transaction that is open, or null.</summary>
    public Transaction? Transaction { get; set; }

    /// <summary>TLS at both ends; null where the box terminates none.</summary>
    public SessionTls? Tls { get; }

    /// <summary>What the server calls itself in its banner, which proves nothing.</summary>
    public string? BannerName { get; private set; }

    /// <summary>Commands whose replies the client has not got yet, in their order.</summary>
    public Queue<PendingCommand> Pending { get; } = new();

    /// <summary>Whether the session ends once everything written is sent.</summary>
    public bool IsClosing { get; set; }

    private SmtpOptions Options => _services.Options;

    /// <summary>Runs the session to its end and closes both connections.</summary>
    /// <param name="kill">Ends it at once.</param>
    public async Task RunAsync(CancellationToken kill)
    {
        _services.Metrics.SessionOpened(SideName);
        SmtpLog.Connected(_services.Logger, Id, SideName, ClientEndPoint, Destination);
        if (!_interceptors.IsEmpty)
            _deciding = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, kill);
        using CancellationTokenRegistration killing = kill.Register(static s => ((SmtpSession)s!).Abort(), this);
        try
        {
            if (await ConnectAsync())
                await new CommandRelay(this, _commands, _services, _drain).RunAsync();
        }
        catch (SmtpProtocolException e)
        {
            await CloseAsync(new Reply(421, "4.5.0", "The server broke the protocol; try again later"), e.Message);
        }
        catch (SessionClosedException e)
        {
            await CloseAsync(e.Reply, e.Message);
        }
        catch (OperationCanceledException) when (kill.IsCancellationRequested)
        {
            // Both connections are cut already.
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(new Reply(421, "4.4.2", "Timeout; connection closed"), "a timeout passed");
        }
        catch (ConnectionLostException)
        {
            // One of the two is gone; the finally block tells the other by closing.
        }
        catch (Exception e)
        {
            SmtpLog.SessionFault(_services.Logger, Id, e);
            await CloseAsync(new Reply(421, "4.3.0", "Internal error; try again later"), "a fault of ours");
        }
        finally
        {
            Observe(new SmtpEvent.Closed());
            _server?.Dispose();
            Client.Dispose();
            _deciding?.Dispose();
            _deadline.Dispose();
            _services.Metrics.SessionClosed();
            SmtpLog.Closed(_services.Logger, Id);
        }
    }

    /// <summary>The side's name in log and metrics.</summary>
    public string SideName => Side == Side.Inside ? "inside" : "outside";

    /// <summary>Ends what <see cref="Within"/> started the clock for, and with it the session.</summary>
    public CancellationToken Deadline => _deadline.Token;

    /// <summary>Starts the clock for what comes next, and gives the token that ends it.</summary>
    /// <param name="time">How long it may take.</param>
    public CancellationToken Within(TimeSpan time)
    {
        _deadline.CancelAfter(time);
        return _deadline.Token;
    }

    /// <summary>The envelope of the open transaction; its recipients grow with the transaction's.</summary>
    public MessageEnvelope Envelope => new(Id, Side, Transaction!.ReversePath, Transaction.Mailboxes, Transaction.Declared, Extensions.Has(SmtpParameters.EightBitMime))
    {
        ServerTakesBinary = Extensions.Has(SmtpParameters.BinaryMime),
        IsInternational = Transaction.IsInternational,
        ServerTakesInternational = Extensions.Has(SmtpParameters.International),
        EnvelopeId = NotificationRequest.EnvelopeId(Transaction),
        Notifications = Transaction.Notifications,
        CanReport = Side == Side.Inside && _services.Relay is not null && Transaction.ReversePath is not null,
    };

    /// <summary>Writes a reply of ours, with an enhanced code only where the server offered them (RFC 2034 4).</summary>
    /// <param name="reply">The reply.</param>
    public void WriteReply(Reply reply)
    {
        if (reply.Code >= 400)
            _services.Metrics.Refused(reply.Code, reply.EnhancedStatusCode);
        if (reply.Code == 421)
            IsClosing = true;   // RFC 5321 3.8
        Client.Write(Format(reply) + "\r\n");
    }

    /// <summary>A reply as it stands on the wire, without CRLF.</summary>
    /// <param name="reply">The reply.</param>
    public string Format(Reply reply) => Extensions.Has("ENHANCEDSTATUSCODES") ? reply.ToString() : $"{reply.Code} {reply.Text}";

    /// <summary>Writes a server's reply as it came.</summary>
    /// <param name="reply">The reply.</param>
    public void WriteReply(ServerReply reply)
    {
        foreach (string line in reply.Lines)
            Client.Write(line + "\r\n");
    }

    /// <summary>Answers a command with a reply of ours.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="reply">The reply.</param>
    public void AnswerCommand(string verb, Reply reply)
    {
        WriteReply(reply);
        if (!_interceptors.IsEmpty)
            Observe(new SmtpEvent.Replied(verb, reply.Code, IsFromServer: false));
    }

    /// <summary>Answers a command with the server's reply.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="reply">The reply.</param>
    public void AnswerCommand(string verb, ServerReply reply)
    {
        WriteReply(reply);
        if (!_interceptors.IsEmpty)
            Observe(new SmtpEvent.Replied(verb, reply.Code, IsFromServer: true));
    }

    /// <summary>Asks the interceptors. They have a time of their own: neither client nor server is waited for.</summary>
    /// <param name="about">What is about to happen.</param>
    /// <returns>Null to go on, or the refusal.</returns>
    /// <exception cref="SessionClosedException">One dropped the session.</exception>
    public ValueTask<Reply?> DecideAsync(SmtpEvent about)
    {
        if (_deciding is null)
            return default;
        // While content flows, no such clock runs at all.
        if (about is not SmtpEvent.Message)
            Within(Options.ReplyTimeout);
        return _interceptors.DecideAsync(about, _deciding.Token);
    }

    /// <summary>Tells the interceptors.</summary>
    /// <param name="happened">What happened.</param>
    public void Observe(SmtpEvent happened) => _interceptors.Observe(happened);

    /// <summary>Connects once more to the session's server and greets as the client did.</summary>
    /// <param name="cancel">The deadline.</param>
    /// <returns>The connection, and what the server offers there.</returns>
    /// <exception cref="IOException">It cannot be reached, or refuses.</exception>
    public Task<(SmtpConnection Connection, ServerExtensions Offer)> ConnectAgainAsync(CancellationToken cancel) => _connector.ConnectAgainAsync(HelloLine, Tls, cancel);

    /// <summary>Reads a chunk that nobody wants to its end (RFC 3030 2).</summary>
    /// <param name="chunk">The chunk; its octets are the next ones.</param>
    /// <exception cref="SessionClosedException">It did not come.</exception>
    public async Task DiscardAsync(ChunkCommand chunk)
    {
        if (!await ChunkSource.DiscardAsync(Client, chunk.Size, Options, _services.Time, Within(Timeout.InfiniteTimeSpan)))
            throw new SessionClosedException(new Reply(421, "4.4.2", "Timeout while a chunk was sent; connection closed"), "a chunk that did not come to its end");
    }

    /// <summary>The server's connection is of no use any more.</summary>
    public void LoseServer()
    {
        _server?.Abort();
        _server = null;
        Transaction = null;
    }

    /// <summary>The message's transaction is over.</summary>
    /// <param name="accepted">Whether the server took the message.</param>
    public void EndTransaction(bool accepted)
    {
        Transaction = null;
        if (accepted)
            _commands.MessageAccepted();
    }

    /// <summary>Has something done once the client speaks again: then it heard our last reply (one that pipelines beyond its dot is taken at its word).</summary>
    /// <param name="action">What to do; nobody waits for it.</param>
    public void WhenHeard(Func<Task> action) => _whenHeard += action;

    /// <summary>The client speaks.</summary>
    public void Heard()
    {
        if (_whenHeard is null)
            return;
        foreach (Func<Task> action in _whenHeard.GetInvocationList().Cast<Func<Task>>())
            _ = action();
        _whenHeard = null;
    }

    /// <returns>Whether there is a server; otherwise the client was told.</returns>
    private async Task<bool> ConnectAsync()
    {
        if (await DecideAsync(new SmtpEvent.Connected()) is { } refusal)
            return await TurnAwayAsync(refusal.Code < 500 ? 421 : 554, refusal.Text);
        try
        {
            _server = await _connector.ConnectAsync(Within(Options.ConnectTimeout));
            ServerName = _server.Peer.ToString();
            ServerReply greeting = await _server.ReadReplyAsync(Within(Options.ReplyTimeout));
            BannerName = greeting.Lines[0].Length > 4 ? greeting.Lines[0][4..].Split(' ', 2)[0] : null;
            _spokeBeforeGreeting = !_interceptors.IsEmpty && Client.HasUnread;
            WriteReply(greeting);
            return true;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException or OperationCanceledException)
        {
            SmtpLog.ServerUnreachable(_services.Logger, Id, Destination, e.Message);
            return await TurnAwayAsync(421, "Service not available: the mail server behind this address cannot be reached; try again later");
        }
    }

    /// <summary>A banner has no enhanced code (RFC 2034 4).</summary>
    private async Task<bool> TurnAwayAsync(int code, string text)
    {
        _services.Metrics.Refused(code, null);
        await Client.SendAsync($"{code} {text}\r\n", CancellationToken.None);
        await Client.LingerAsync(_services.Time);
        return false;
    }

    /// <summary>Replies of ours are given when those before them are.</summary>
    public bool EmitLocalReplies()
    {
        bool any = false;
        while (Pending.TryPeek(out PendingCommand? head) && head.Local is { } reply)
        {
            Pending.Dequeue();
            AnswerCommand(head.Verb, reply);
            any = true;
        }
        return any;
    }

    /// <summary>Cuts the server's connection before any end of data, then says why to the client where that is still possible.</summary>
    private async Task CloseAsync(Reply? reply, string cause)
    {
        SmtpLog.ClosedByUs(_services.Logger, Id, cause);
        _server?.Abort();
        _server = null;
        if (reply is null)
            return;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), _services.Time);
        try
        {
            while (Pending.TryDequeue(out PendingCommand? command) && command.Local is { } earlier)
                AnswerCommand(command.Verb, earlier);
            WriteReply(reply);
            await Client.FlushAsync(patience.Token);
            await Client.LingerAsync(_services.Time);
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            // The client did not wait for the reason.
        }
    }

    private void Abort()
    {
        _server?.Abort();
        Client.Abort();
    }

}
