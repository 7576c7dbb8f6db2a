using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Cstp.Abstractions;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>
/// One SMTP session between a client and the server that it meant: commands and replies go on line by line, pipelined as they
/// came; messages are handed to <see cref="MessageTransfer"/>. One flow, no locks.
/// </summary>
internal sealed class SmtpSession : ISmtpSessionInfo
{
    /// <summary>Commands under way at most: their replies fit into the system's socket buffers, so that nobody waits in a circle.</summary>
    private const int MaxPending = 100;

    private readonly SmtpServices _services;
    private readonly SmtpListener _listener;
    private readonly CancellationTokenSource _deadline;
    private readonly Task _drain;
    private readonly Queue<PendingCommand> _pending = new();
    private readonly CommandLineReader _lines;

    private IPEndPoint ClientEndPoint { get; }

    private IPEndPoint Destination { get; }

    private SmtpConnection? _server;
    private bool _clientEnded;
    private bool _closing;
    private int _badCommands;
    private int _junkCommands;
    private int _overflowingRecipients;

    /// <summary>Makes a session.</summary>
    /// <param name="id">Its name in the log.</param>
    /// <param name="client">The accepted connection; owned from now on.</param>
    /// <param name="listener">Where it was accepted.</param>
    /// <param name="clientEndPoint">The client's address.</param>
    /// <param name="destination">The accepted socket's own address.</param>
    /// <param name="services">What all sessions share.</param>
    /// <param name="drain">Completes when no new work shall begin.</param>
    public SmtpSession(
        string id, SmtpConnection client, SmtpListener listener, IPEndPoint clientEndPoint, IPEndPoint destination, SmtpServices services, Task drain)
    {
        Id = id;
        Client = client;
        _listener = listener;
        ClientEndPoint = clientEndPoint;
        Destination = destination;
        _services = services;
        _drain = drain;
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, services.Time);
        _lines = new CommandLineReader(services.Options.MaxCommandLine);
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public Side Side => _listener.Side;

    EndPoint ISmtpSessionInfo.Client => ClientEndPoint;

    EndPoint ISmtpSessionInfo.Server => Destination;

    /// <inheritdoc/>
    public IDictionary<string, string> Notes { get; } = new Dictionary<string, string>();

    /// <summary>The client's connection.</summary>
    public SmtpConnection Client { get; }

    /// <summary>The server's connection; null once it is lost.</summary>
    public SmtpConnection? Server => _server;

    /// <summary>What the server offers and we let through.</summary>
    public ServerExtensions Extensions { get; private set; } = ServerExtensions.None;

    /// <summary>The line by which the client greeted, without CRLF.</summary>
    public string? HelloLine { get; private set; }

    /// <summary>Whether the client authenticated: such a session is never split onto a second connection.</summary>
    public bool IsAuthenticated { get; private set; }

    /// <summary>The transaction that is open, or null.</summary>
    public Transaction? Transaction { get; private set; }

    private SmtpOptions Options => _services.Options;

    /// <summary>Runs the session to its end and closes both connections.</summary>
    /// <param name="kill">Ends it at once.</param>
    public async Task RunAsync(CancellationToken kill)
    {
        _services.Metrics.SessionOpened(SideName);
        SmtpLog.Connected(_services.Logger, Id, SideName, ClientEndPoint, Destination);
        using CancellationTokenRegistration killing = kill.Register(static s => ((SmtpSession)s!).Abort(), this);
        try
        {
            if (await ConnectAsync())
                await RelayAsync();
        }
        catch (SmtpProtocolException e)
        {
            await CloseAsync(new Reply(421, "4.5.0", "The server broke the protocol; try again later"), e.Message);
        }
        catch (SessionClosedException e)
        {
            await CloseAsync(e.Reply, e.Message);
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
            _deadline.Dispose();
            _services.Metrics.SessionClosed();
            SmtpLog.Closed(_services.Logger, Id);
        }
    }

    /// <summary>The side's name in log and metrics.</summary>
    public string SideName => Side == Side.Inside ? "inside" : "outside";

    /// <summary>Starts the clock for what comes next, and gives the token that ends it.</summary>
    /// <param name="time">How long it may take.</param>
    public CancellationToken Within(TimeSpan time)
    {
        _deadline.CancelAfter(time);
        return _deadline.Token;
    }

    /// <summary>The envelope of the open transaction.</summary>
    public MessageEnvelope Envelope => new(
        Id,
        Side,
        Transaction!.ReversePath,
        [.. Transaction.Recipients.Select(r => r.Mailbox)],
        Transaction.Declares8Bit,
        Extensions.Has("8BITMIME"));

    /// <summary>Writes a reply of ours, with an enhanced code only where the server offered them (RFC 2034 4).</summary>
    /// <param name="reply">The reply.</param>
    public void WriteReply(Reply reply)
    {
        if (reply.Code >= 400)
            _services.Metrics.Refused(reply.Code, reply.EnhancedStatusCode);
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

    /// <summary>Connects once more to the session's server and greets as the client did.</summary>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="IOException">It cannot be reached, refuses, or lacks an extension that is in force.</exception>
    public async Task<SmtpConnection> ConnectAgainAsync(CancellationToken cancel)
    {
        var connection = new SmtpConnection(await _services.Network.ConnectAsync(_listener, ClientEndPoint, Destination, cancel));
        try
        {
            ServerReply banner = await connection.ReadReplyAsync(cancel);
            if (!banner.IsPositive)
                throw new IOException($"the server refuses a second connection: {banner.Text}");
            await connection.SendAsync((HelloLine ?? "HELO localhost") + "\r\n", cancel);
            ServerReply hello = await connection.ReadReplyAsync(cancel);
            if (!hello.IsPositive)
                throw new IOException($"the server refuses the greeting on a second connection: {hello.Text}");
            if (HelloLine?.StartsWith("EHLO", StringComparison.OrdinalIgnoreCase) == true)
            {
                EhloResponse.Rewrite(hello, Side, Options, out ServerExtensions offered);
                if (Extensions.Keywords.FirstOrDefault(k => !offered.Has(k)) is { } missing)
                    throw new IOException($"the server does not offer {missing} on a second connection");
            }
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
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
            _junkCommands = 0;
    }

    /// <summary>Asks the interceptors in their order.</summary>
    /// <param name="about">What is about to happen.</param>
    /// <returns>Null to go on, or the refusal.</returns>
    /// <exception cref="SessionClosedException">One dropped the session.</exception>
    public async ValueTask<Reply?> DecideAsync(SmtpEvent about)
    {
        foreach (NamedInterceptor named in _services.Interceptors)
        {
            InterceptorVerdict verdict;
            try
            {
                verdict = await named.Interceptor.DecideAsync(this, about, _deadline.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException || !_deadline.IsCancellationRequested)
            {
                SmtpLog.InterceptorThrew(_services.Logger, Id, named.Name, e);
                return new Reply(451, "4.7.5", "A check of this message failed; try again later");
            }
            switch (verdict)
            {
                case InterceptorVerdict.Refuse refuse:
                    return refuse.Reply.Code >= 400 ? refuse.Reply : new Reply(451, "4.7.5", "A check of this message failed; try again later");
                case InterceptorVerdict.Drop:
                    throw new SessionClosedException(null, $"interceptor {named.Name} dropped the session");
                case InterceptorVerdict.Delay delay:
                    TimeSpan wait = delay.Duration < TimeSpan.FromMinutes(1) ? delay.Duration : TimeSpan.FromMinutes(1);
                    await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, _services.Time, _deadline.Token);
                    break;
            }
        }
        Observe(about);
        return null;
    }

    /// <summary>Tells the interceptors.</summary>
    /// <param name="happened">What happened.</param>
    public void Observe(SmtpEvent happened)
    {
        foreach (NamedInterceptor named in _services.Interceptors)
        {
            try
            {
                named.Interceptor.Observe(this, happened);
            }
            catch (Exception e)
            {
                // Observing decides nothing, so there is nothing to refuse; the log says who is broken.
                SmtpLog.InterceptorThrew(_services.Logger, Id, named.Name, e);
            }
        }
    }

    private async Task<bool> ConnectAsync()
    {
        CancellationToken cancel = Within(Options.ConnectTimeout);
        if (await DecideAsync(new SmtpEvent.Connected()) is { } refusal)
        {
            Client.Write($"{(refusal.Code is 421 or 554 ? refusal.Code : 554)} {refusal.Text}\r\n");
            await Client.FlushAsync(cancel);
            await LingerAsync();
            return false;
        }
        try
        {
            _server = new SmtpConnection(await _services.Network.ConnectAsync(_listener, ClientEndPoint, Destination, cancel));
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException or OperationCanceledException)
        {
            SmtpLog.ServerUnreachable(_services.Logger, Id, Destination, e.Message);
            _services.Metrics.Refused(421, "4.4.1");
            await Client.SendAsync("421 Service not available: the mail server behind this address cannot be reached; try again later\r\n", CancellationToken.None);
            await LingerAsync();
            return false;
        }
        ServerReply banner;
        try
        {
            banner = await _server.ReadReplyAsync(Within(Options.ReplyTimeout));
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            SmtpLog.ServerUnreachable(_services.Logger, Id, Destination, "it closed or stayed silent before its greeting");
            await Client.SendAsync("421 Service not available: the mail server behind this address does not answer; try again later\r\n", CancellationToken.None);
            await LingerAsync();
            return false;
        }
        WriteReply(banner);
        return true;
    }

    private async Task RelayAsync()
    {
        long waitingSince = _services.Time.GetTimestamp();
        while (true)
        {
            if (EmitLocalReplies())
                waitingSince = _services.Time.GetTimestamp();
            await Client.FlushAsync(Within(Options.ReplyTimeout));
            if (_server is not null)
                await _server.FlushAsync(Within(Options.ReplyTimeout));
            if (_closing)
            {
                await LingerAsync();
                return;
            }
            bool idle = _pending.Count == 0;
            if (idle && _drain.IsCompleted && Transaction is null)
                throw new SessionClosedException(new Reply(421, "4.3.2", "Service shutting down; try again in a moment"), "drained");

            TimeSpan limit = (idle ? Options.CommandTimeout : Options.ReplyTimeout) - _services.Time.GetElapsedTime(waitingSince);
            CancellationToken cancel = Within(limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
            bool readClient = !_clientEnded && _pending.Count < MaxPending && (idle || !_lines.IsHeldBack);
            Task<ReadResult>? fromClient = readClient ? Client.ReadAsync(CancellationToken.None) : null;
            Task<ReadResult>? fromServer = _server?.ReadAsync(CancellationToken.None);
            if (fromClient is null && fromServer is null)
                return;

            await AnyAsync(fromClient, fromServer, idle && Transaction is null ? _drain : null, cancel);
            if (fromServer is { IsCompleted: true })
            {
                if (await ReadServerAsync(await fromServer))
                    waitingSince = _services.Time.GetTimestamp();
            }
            if (fromClient is { IsCompleted: true } && !_closing)
            {
                if (await ReadClientAsync(await fromClient))
                    waitingSince = _services.Time.GetTimestamp();
            }
        }
    }

    private static async Task AnyAsync(Task? first, Task? second, Task? third, CancellationToken cancel)
    {
        if (first is { IsCompleted: true } || second is { IsCompleted: true })
            return;
        Task[] tasks = [.. new[] { first, second, third }.OfType<Task>()];
        await Task.WhenAny(tasks).WaitAsync(cancel);
    }

    /// <summary>Replies of ours are given when those before them are.</summary>
    private bool EmitLocalReplies()
    {
        bool any = false;
        while (_pending.TryPeek(out PendingCommand? head) && head.Local is { } reply)
        {
            _pending.Dequeue();
            WriteReply(reply);
            any = true;
        }
        return any;
    }

    private async Task<bool> ReadServerAsync(ReadResult read)
    {
        if (_server!.TakeReply(read) is not { } reply)
        {
            if (!read.IsCompleted)
                return false;
            LoseServer();
            if (_pending.Count > 0 || !_clientEnded)
                await LoseServerWithClientAsync();
            _closing = true;
            return true;
        }
        if (!_pending.TryDequeue(out PendingCommand? command))
        {
            if (reply.Code != 421)
                throw new SmtpProtocolException($"reply {reply.Code} that no command asked for");
            WriteReply(reply);
            _closing = true;
            return true;
        }
        if (reply.FirstDigit == 3)
            throw new SmtpProtocolException($"reply {reply.Code} to {command.Verb}");
        switch (command.Verb)
        {
            case "MAIL" when reply.IsPositive:
                Transaction = command.Transaction;
                break;
            case "RCPT" when reply.IsPositive && Transaction is not null:
                if (_services.Security.DecideRecipient(Envelope, command.Recipient!.Mailbox) is { } refusal)
                {
                    Transaction.HasWithheld = true;
                    WriteReply(refusal);
                    return true;
                }
                Transaction.Recipients.Add(command.Recipient);
                break;
            case "RSET" when reply.IsPositive:
                Transaction = null;
                break;
            case "QUIT":
                _closing = true;
                break;
        }
        WriteReply(reply);
        if (reply.Code == 421)
            _closing = true;
        return true;
    }

    private async Task LoseServerWithClientAsync()
    {
        while (_pending.TryDequeue(out PendingCommand? command))
        {
            if (command.Verb == "QUIT")
            {
                WriteReply(new Reply(221, "2.0.0", "Bye"));
                return;
            }
            WriteReply(command.Local ?? new Reply(451, "4.4.2", "The mail server closed the connection; try again later"));
        }
        WriteReply(new Reply(421, "4.4.2", "The mail server closed the connection; try again later"));
        await Client.FlushAsync(Within(Options.ReplyTimeout));
    }

    /// <returns>Whether a whole command was read.</returns>
    private async Task<bool> ReadClientAsync(ReadResult read)
    {
        bool any = false;
        ReadOnlySequence<byte> buffer = read.Buffer;
        while (true)
        {
            ReadOnlySequence<byte> before = buffer;
            CommandLine line = _lines.Take(ref buffer);
            switch (line.Kind)
            {
                case CommandLineKind.Incomplete:
                    Client.AdvanceTo(buffer.Start, buffer.End);
                    if (read.IsCompleted)
                    {
                        _clientEnded = true;
                        _server?.ShutdownSend();
                        _closing = _server is null;
                    }
                    return any;
                case CommandLineKind.Endless:
                    throw new SessionClosedException(new Reply(421, "4.7.0", "Command line too long; connection closed"), "an endless command line");
                case CommandLineKind.BadLineEnd:
                    throw new SessionClosedException(new Reply(500, "5.5.2", "Bare CR, LF or NUL in a command; lines end in CRLF"), "bare CR, LF or NUL in a command");
                case CommandLineKind.TooLong:
                    any = true;
                    Refuse("", new Reply(500, "5.5.2", $"Command line too long; {Options.MaxCommandLine} octets at most"));
                    continue;
            }
            any = true;
            SmtpCommand command = SmtpCommand.Parse(line.Text!);
            if (command.Verb is "EHLO" or "HELO" or "DATA" or "AUTH" or "STARTTLS" or "BDAT")
            {
                if (_pending.Count > 0)
                {
                    // It ends a pipelined group: taken up again when the replies before it are given (RFC 2920 3.1).
                    _lines.HoldBack();
                    Client.AdvanceTo(before.Start, before.Start);
                    return any;
                }
                Client.AdvanceTo(buffer.Start, buffer.Start);
                await RunAloneAsync(command);
                return true;
            }
            await ForwardAsync(command);
            if (_pending.Count >= MaxPending || _closing)
            {
                Client.AdvanceTo(buffer.Start, buffer.Start);
                return any;
            }
        }
    }

    private async Task ForwardAsync(SmtpCommand command)
    {
        if (_server is null)
        {
            Refuse(command.Verb, command.Verb == "QUIT" ? new Reply(221, "2.0.0", "Bye") : new Reply(421, "4.4.2", "The connection to the mail server is lost; try again later"));
            _closing = true;
            EmitLocalReplies();
            return;
        }
        switch (command.Verb)
        {
            case "MAIL":
                await MailAsync(command);
                break;
            case "RCPT":
                await RecipientAsync(command);
                break;
            case "RSET" or "NOOP" or "VRFY" or "EXPN" or "HELP":
            case "ETRN" when Extensions.Has("ETRN"):
                CountJunk();
                Send(new PendingCommand(command.Verb), command.Line);
                break;
            case "QUIT":
                Send(new PendingCommand(command.Verb), command.Line);
                break;
            case "BURL" or "XCLIENT" or "XFORWARD" or "ATRN" or "TURN" or "STARTTLS" or "X-EXPS" or "XEXCH50" or "X-ANONYMOUSTLS" or "CHECKPOINT" or "SEND" or "SOML" or "SAML":
                Refuse(command.Verb, new Reply(502, "5.5.1", "Command not implemented here"));
                break;
            default:
                Refuse(command.Verb, new Reply(500, "5.5.2", "Command not recognized"));
                break;
        }
    }

    private async Task MailAsync(SmtpCommand command)
    {
        if (PathArgument.TryParse(command.Argument, "FROM:", out PathArgument? path) is { } syntax)
        {
            Refuse(command.Verb, syntax);
            return;
        }
        List<string> parameters = [];
        bool declares8Bit = false;
        foreach ((string keyword, string? value) in path!.Parameters)
        {
            string? extension = keyword switch
            {
                "SIZE" => "SIZE",
                "BODY" when value?.ToUpperInvariant() is "7BIT" or "8BITMIME" => "8BITMIME",
                "RET" or "ENVID" => "DSN",
                "AUTH" => "AUTH",
                "BY" => "DELIVERBY",
                "MT-PRIORITY" => "MT-PRIORITY",
                "HOLDFOR" or "HOLDUNTIL" => "FUTURERELEASE",
                "SOLICIT" => "NO-SOLICITING",
                _ => null,
            };
            if (keyword == "SMTPUTF8")
            {
                Refuse(command.Verb, new Reply(555, "5.6.7", "SMTPUTF8 is not supported here; use ASCII addresses"));
                return;
            }
            if (extension is null || !Extensions.Has(extension))
            {
                Refuse(command.Verb, new Reply(555, "5.5.4", $"Parameter {keyword} not supported here"));
                return;
            }
            if (keyword == "BODY")
            {
                declares8Bit = value!.Equals("8BITMIME", StringComparison.OrdinalIgnoreCase);
                if (Side == Side.Outside)
                    continue;
            }
            string? sent = keyword == "SIZE" && Side == Side.Inside && long.TryParse(value, out long size)
                ? RaisedSize(size).ToString(System.Globalization.CultureInfo.InvariantCulture)
                : value;
            parameters.Add(sent is null ? keyword : $"{keyword}={sent}");
        }
        // Opened content may be 8-bit though what came was not; without the offer no 8-bit octet may be sent (RFC 6152 3).
        if (Side == Side.Outside && Extensions.Has("8BITMIME"))
            parameters.Add("BODY=8BITMIME");

        if (await DecideAsync(new SmtpEvent.Mail(path.Mailbox, string.Join(' ', parameters))) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        string line = string.Join(' ', [$"MAIL FROM:{path.Path}", .. parameters]);
        Send(new PendingCommand(command.Verb) { Transaction = new Transaction(path.Mailbox, line, declares8Bit) }, line);
    }

    private long RaisedSize(long size) => Extensions.Size is > 0 and { } limit && size <= EhloResponse.Lowered(limit)
        ? Math.Min(EhloResponse.Raised(size), limit)
        : EhloResponse.Raised(size);

    private async Task RecipientAsync(SmtpCommand command)
    {
        if (PathArgument.TryParse(command.Argument, "TO:", out PathArgument? path) is { } syntax)
        {
            Refuse(command.Verb, syntax);
            return;
        }
        foreach ((string keyword, _) in path!.Parameters)
        {
            string? extension = keyword switch
            {
                "NOTIFY" or "ORCPT" => "DSN",
                "RRVS" => "RRVS",
                _ => null,
            };
            if (extension is null || !Extensions.Has(extension))
            {
                Refuse(command.Verb, new Reply(555, "5.5.4", $"Parameter {keyword} not supported here"));
                return;
            }
        }
        if ((Transaction?.Recipients.Count ?? 0) + _pending.Count(p => p.Verb == "RCPT" && p.Local is null) >= Options.MaxRecipients)
        {
            if (++_overflowingRecipients > Options.MaxRecipients)
                throw new SessionClosedException(new Reply(421, "4.7.0", "Too many recipients; connection closed"), "recipients without end");
            Enqueue(new PendingCommand(command.Verb) { Local = new Reply(452, "4.5.3", $"Too many recipients; {Options.MaxRecipients} at most, send the rest in a further message") });
            return;
        }
        if (await DecideAsync(new SmtpEvent.Recipient(path.Mailbox!, string.Join(' ', path.Parameters.Select(p => p.Value is null ? p.Keyword : $"{p.Keyword}={p.Value}")))) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        Send(new PendingCommand(command.Verb) { Recipient = new TransactionRecipient(path.Mailbox!, command.Line) }, command.Line);
    }

    private async Task RunAloneAsync(SmtpCommand command)
    {
        if (_server is null || command.Verb is "BDAT")
        {
            if (command.Verb == "BDAT")
                throw new SessionClosedException(new Reply(502, "5.5.1", "BDAT not implemented here; use DATA"), "BDAT, whose octets would be read as commands");
            await ForwardAsync(command);
            return;
        }
        switch (command.Verb)
        {
            case "EHLO" or "HELO":
                await HelloAsync(command);
                break;
            case "AUTH":
                await AuthenticateAsync(command);
                break;
            case "STARTTLS":
                await StartTlsAsync(command);
                break;
            default:
                await DataAsync(command);
                break;
        }
    }

    private async Task HelloAsync(SmtpCommand command)
    {
        if (await DecideAsync(new SmtpEvent.Hello(command.Argument)) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        ServerReply reply = await AskAsync(command.Line);
        if (reply.FirstDigit == 3)
            throw new SmtpProtocolException($"reply {reply.Code} to {command.Verb}");
        if (reply.IsPositive)
        {
            HelloLine = command.Line;
            Transaction = null;
            Extensions = ServerExtensions.None;
            if (command.Verb == "EHLO")
            {
                reply = EhloResponse.Rewrite(reply, Side, Options, out ServerExtensions extensions);
                Extensions = extensions;
            }
        }
        WriteReply(reply);
    }

    private async Task AuthenticateAsync(SmtpCommand command)
    {
        CountJunk();
        if (!Extensions.Has("AUTH"))
        {
            Refuse(command.Verb, new Reply(502, "5.5.1", "AUTH not offered here"));
            return;
        }
        string line = command.Line;
        while (true)
        {
            ServerReply reply = await AskAsync(line);
            if (reply.FirstDigit == 3 && reply.Code != 334)
                throw new SmtpProtocolException($"reply {reply.Code} to AUTH");
            WriteReply(reply);
            if (reply.Code != 334)
            {
                IsAuthenticated |= reply.IsPositive;
                return;
            }
            await Client.FlushAsync(Within(Options.ReplyTimeout));
            line = await ReadContinuationAsync();
        }
    }

    private async Task<string> ReadContinuationAsync()
    {
        var lines = new CommandLineReader(12_288);
        CancellationToken cancel = Within(Options.CommandTimeout);
        while (true)
        {
            ReadResult read = await Client.ReadAsync(CancellationToken.None).WaitAsync(cancel);
            ReadOnlySequence<byte> buffer = read.Buffer;
            CommandLine line = lines.Take(ref buffer);
            Client.AdvanceTo(buffer.Start, line.Kind == CommandLineKind.Incomplete ? buffer.End : buffer.Start);
            switch (line.Kind)
            {
                case CommandLineKind.Line:
                    return line.Text!;
                case CommandLineKind.Incomplete when read.IsCompleted:
                    throw new ConnectionLostException("the client closed during AUTH");
                case CommandLineKind.Incomplete:
                    continue;
                default:
                    throw new SessionClosedException(new Reply(500, "5.5.6", "Authentication exchange line is too long or broken"), "a broken AUTH exchange");
            }
        }
    }

    private async Task StartTlsAsync(SmtpCommand command)
    {
        if (!Extensions.Has("STARTTLS"))
        {
            Refuse(command.Verb, new Reply(502, "5.5.1", "STARTTLS not offered here"));
            return;
        }
        ServerReply reply = await AskAsync(command.Line);
        WriteReply(reply);
        if (!reply.IsPositive)
            return;
        await Client.FlushAsync(Within(Options.ReplyTimeout));
        SmtpLog.BlindTls(_services.Logger, Id);
        _services.Metrics.WentBlind();
        await BlindRelay.RunAsync(Client, _server!, Within(Timeout.InfiniteTimeSpan));
        throw new SessionClosedException(null, "the end of a TLS session that went by unseen");
    }

    private async Task DataAsync(SmtpCommand command)
    {
        if (command.Argument.Length > 0)
        {
            Refuse(command.Verb, new Reply(501, "5.5.4", "DATA takes no argument"));
            return;
        }
        if (Transaction is null)
        {
            Refuse(command.Verb, new Reply(503, "5.5.1", "No transaction; give MAIL and RCPT first"));
            return;
        }
        if (Transaction.Recipients.Count == 0)
        {
            Refuse(command.Verb, new Reply(554, "5.5.1", "No valid recipients"));
            return;
        }
        await new MessageTransfer(this, _services).RunAsync();
    }

    /// <summary>Sends a command while no other is under way, and waits for the reply.</summary>
    private async Task<ServerReply> AskAsync(string line)
    {
        CancellationToken cancel = Within(Options.ReplyTimeout);
        await Client.FlushAsync(cancel);
        await _server!.SendAsync(line + "\r\n", cancel);
        try
        {
            return await _server.ReadReplyAsync(cancel);
        }
        catch (ConnectionLostException)
        {
            throw new SessionClosedException(new Reply(421, "4.4.2", "The mail server closed the connection; try again later"), "the server closed the connection");
        }
    }

    private void Send(PendingCommand pending, string line)
    {
        Enqueue(pending);
        _server!.Write(line + "\r\n");
    }

    private void Enqueue(PendingCommand pending) => _pending.Enqueue(pending);

    /// <summary>Answers a command ourselves; the server never sees it.</summary>
    private void Refuse(string verb, Reply reply)
    {
        if (reply.Code >= 500 && ++_badCommands > Options.MaxBadCommands)
            throw new SessionClosedException(new Reply(421, "4.7.0", "Too many errors; connection closed"), "too many bad commands");
        Enqueue(new PendingCommand(verb) { Local = reply });
    }

    private void CountJunk()
    {
        if (++_junkCommands > Options.MaxJunkCommands)
            throw new SessionClosedException(new Reply(421, "4.7.0", "Too many commands without mail; connection closed"), "too many commands without mail");
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
            while (_pending.TryDequeue(out PendingCommand? command) && command.Local is { } earlier)
                WriteReply(earlier);
            WriteReply(reply);
            await Client.FlushAsync(patience.Token);
            await LingerAsync();
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            // The client did not wait for the reason.
        }
    }

    /// <summary>Lets the client read the last reply: closing at once with octets unread would send RST, and with it the reply is lost.</summary>
    private async Task LingerAsync()
    {
        const int Most = 1024 * 1024;
        Client.ShutdownSend();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), _services.Time);
        try
        {
            for (long seen = 0; seen < Most;)
            {
                ReadResult read = await Client.ReadAsync(CancellationToken.None).WaitAsync(patience.Token);
                seen += read.Buffer.Length;
                Client.AdvanceTo(read.Buffer.End, read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            // It was given its chance.
        }
    }

    private void Abort()
    {
        _server?.Abort();
        Client.Abort();
    }

    private sealed record PendingCommand(string Verb)
    {
        /// <summary>Our own reply, where the server does not see the command.</summary>
        public Reply? Local { get; init; }

        public Transaction? Transaction { get; init; }

        public TransactionRecipient? Recipient { get; init; }
    }
}
