using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Smtp;

/// <summary>What each command of a client does: passed on, passed on changed, or answered by us and never forwarded (RFC 5321 4.1).</summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
internal sealed class SessionCommands(SmtpSession session, SmtpServices services)
{
    private int _badCommands;
    private int _junkCommands;
    private int _overflowingRecipients;

    /// <summary>Whether a command ends a pipelined group: it is taken up when the replies before it are given (RFC 2920 3.1).</summary>
    /// <param name="command">The command.</param>
    public static bool StandsAlone(SmtpCommand command) => command.Verb is "EHLO" or "HELO" or "DATA" or "AUTH" or "STARTTLS" or "BDAT";

    /// <summary>The server took a message: commands without mail are counted anew.</summary>
    public void MessageAccepted() => _junkCommands = 0;

    /// <summary>Runs a command that stands alone, to its reply.</summary>
    /// <param name="command">The command; no other is under way.</param>
    public async Task RunAloneAsync(SmtpCommand command)
    {
        if (session.Server is null)
        {
            await ForwardAsync(command);
            return;
        }
        if (session.Tls?.Refuse(command) is { } refusal)
        {
            if (command.Verb == "BDAT")
                throw new SessionClosedException(refusal, "BDAT, whose octets would be read as commands");
            Refuse(command.Verb, refusal);
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
            case "BDAT":
                await ChunkAsync(command);
                break;
            default:
                await DataAsync(command);
                break;
        }
    }

    /// <summary>Passes a command on, or answers it.</summary>
    /// <param name="command">The command.</param>
    public async Task ForwardAsync(SmtpCommand command)
    {
        if (session.Tls?.Refuse(command) is { } tls)
        {
            Refuse(command.Verb, tls);
            return;
        }
        if (session.Server is null)
        {
            Refuse(command.Verb, command.Verb == "QUIT" ? new Reply(221, "2.0.0", "Bye") : new Reply(421, "4.4.2", "The connection to the mail server is lost; try again later"));
            session.IsClosing = true;
            session.EmitLocalReplies();
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
            case "ETRN" when session.Extensions.Has("ETRN"):
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
        if (SmtpParameters.RefuseMail(path!, session.Extensions) is { } unfit)
        {
            Refuse(command.Verb, unfit);
            return;
        }
        List<(string Keyword, string? Value)> parameters = [];
        BodyValue declared = BodyValue.SevenBit;
        foreach ((string keyword, string? value) in path!.Parameters)
        {
            if (keyword == "BODY" && SmtpParameters.TryParseBody(value, out declared) && session.Side == Side.Outside && declared != BodyValue.Binary)
                continue;
            string? sent = keyword == "SIZE" && session.Side == Side.Inside && long.TryParse(value, out long size)
                ? RaisedSize(size).ToString(CultureInfo.InvariantCulture)
                : value;
            parameters.Add((keyword, sent));
        }
        // Opened content may be 8-bit though what came was not; without the offer no 8-bit octet may be sent (RFC 6152 3).
        if (session.Side == Side.Outside && declared != BodyValue.Binary && session.Extensions.Has(SmtpParameters.EightBitMime))
            parameters.Add(("BODY", SmtpParameters.EightBitMime));

        if (await session.DecideAsync(new SmtpEvent.Mail(path.Mailbox, Words(parameters))) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        var transaction = new Transaction(path.Mailbox, path.Path, parameters, declared);
        Send(new PendingCommand(command.Verb) { Transaction = transaction }, transaction.Line);
    }

    private static string Words(IEnumerable<(string Keyword, string? Value)> parameters) =>
        string.Join(' ', parameters.Select(p => p.Value is null ? p.Keyword : $"{p.Keyword}={p.Value}"));

    /// <summary>Whether the transaction in which a RCPT stands said SMTPUTF8; its MAIL may not be answered yet.</summary>
    private bool IsInternational => (session.Pending.LastOrDefault(p => p.Transaction is not null)?.Transaction ?? session.Transaction)?.IsInternational == true;

    private long RaisedSize(long size) => session.Extensions.Size is > 0 and { } limit && size <= EhloResponse.Lowered(limit)
        ? Math.Min(EhloResponse.Raised(size), limit)
        : EhloResponse.Raised(size);

    private async Task RecipientAsync(SmtpCommand command)
    {
        if (PathArgument.TryParse(command.Argument, "TO:", out PathArgument? path) is { } syntax)
        {
            Refuse(command.Verb, syntax);
            return;
        }
        if (SmtpParameters.RefuseRecipient(path!, session.Extensions, IsInternational) is { } unfit)
        {
            Refuse(command.Verb, unfit);
            return;
        }
        if ((session.Transaction?.Recipients.Count ?? 0) + session.Pending.Count(p => p.Verb == "RCPT" && p.Local is null) >= services.Options.MaxRecipients)
        {
            if (++_overflowingRecipients > services.Options.MaxRecipients)
                throw new SessionClosedException(new Reply(421, "4.7.0", "Too many recipients; connection closed"), "recipients without end");
            session.Pending.Enqueue(new PendingCommand(command.Verb) { Local = new Reply(452, "4.5.3", $"Too many recipients; {services.Options.MaxRecipients} at most, send the rest in a further message") });
            return;
        }
        if (session.Tls is not null && await session.Tls.RefuseRecipientAsync(path!.Mailbox!.Domain) is { } insecure)
        {
            Refuse(command.Verb, insecure);
            return;
        }
        if (await session.DecideAsync(new SmtpEvent.Recipient(path!.Mailbox!, Words(path.Parameters))) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        Send(new PendingCommand(command.Verb) { Recipient = new TransactionRecipient(path.Mailbox!, path.Path, command.Line, path.Parameters) }, command.Line);
    }

    private async Task HelloAsync(SmtpCommand command)
    {
        if (await session.DecideAsync(new SmtpEvent.Hello(command.Argument)) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        ServerReply reply = session.Tls is null ? await AskAsync(command.Line) : await GreetAsync(session.Tls, command.Line);
        if (reply.FirstDigit == 3)
            throw new SmtpProtocolException($"reply {reply.Code} to {command.Verb}");
        if (reply.IsPositive)
        {
            session.HelloLine = command.Line;
            session.Transaction = null;
            session.Extensions = ServerExtensions.None;
            if (command.Verb == "EHLO")
            {
                reply = EhloResponse.Rewrite(reply, session.Side, services.Options, out ServerExtensions extensions, session.Tls?.Legs);
                session.Extensions = extensions;
            }
        }
        session.AnswerCommand(command.Verb, reply);
    }

    private async Task AuthenticateAsync(SmtpCommand command)
    {
        CountJunk();
        if (!session.Extensions.Has("AUTH"))
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
            if (reply.Code != 334)
            {
                session.AnswerCommand(command.Verb, reply);
                session.IsAuthenticated |= reply.IsPositive;
                return;
            }
            session.WriteReply(reply);
            await session.Client.FlushAsync(session.Within(services.Options.ReplyTimeout));
            line = await ReadContinuationAsync();
        }
    }

    private async Task<string> ReadContinuationAsync()
    {
        var lines = new CommandLineReader(12_288);
        CancellationToken cancel = session.Within(services.Options.CommandTimeout);
        while (true)
        {
            ReadResult read = await session.Client.ReadAsync().WaitAsync(cancel);
            ReadOnlySequence<byte> buffer = read.Buffer;
            CommandLine line = lines.Take(ref buffer);
            session.Client.AdvanceTo(buffer.Start, line.Kind == CommandLineKind.Incomplete ? buffer.End : buffer.Start);
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
        if (!session.Extensions.Has("STARTTLS"))
        {
            Refuse(command.Verb, new Reply(502, "5.5.1", "STARTTLS not offered here"));
            return;
        }
        if (session.Tls is not null)
        {
            await TerminateTlsAsync(session.Tls, command);
            return;
        }
        ServerReply reply = await AskAsync(command.Line);
        session.AnswerCommand(command.Verb, reply);
        if (!reply.IsPositive)
            return;
        await session.Client.FlushAsync(session.Within(services.Options.ReplyTimeout));
        SmtpLog.BlindTls(services.Logger, session.Id);
        services.Metrics.WentBlind();
        await BlindRelay.RunAsync(session.Client, session.Server!, session.Within(Timeout.InfiniteTimeSpan));
        throw new SessionClosedException(null, "the end of a TLS session that went by unseen");
    }

    /// <summary>After the handshake everything is forgotten that was learned before it (RFC 3207 4.2).</summary>
    private async Task TerminateTlsAsync(SessionTls tls, SmtpCommand command)
    {
        if (await tls.BeginWithClientAsync(command) is { } refusal)
        {
            Refuse(command.Verb, refusal);
            return;
        }
        session.Observe(new SmtpEvent.Replied(command.Verb, 220, IsFromServer: false));
        session.HelloLine = null;
        session.Transaction = null;
        session.Extensions = ServerExtensions.None;
    }

    private async Task<ServerReply> GreetAsync(SessionTls tls, string line)
    {
        await session.Client.FlushAsync(session.Within(services.Options.ReplyTimeout));
        try
        {
            return await tls.GreetAsync(line);
        }
        catch (ConnectionLostException)
        {
            throw ServerClosed();
        }
    }

    private static SessionClosedException ServerClosed() =>
        new(new Reply(421, "4.4.2", "The mail server closed the connection; try again later"), "the server closed the connection");

    private async Task DataAsync(SmtpCommand command)
    {
        if (command.Argument.Length > 0)
        {
            Refuse(command.Verb, new Reply(501, "5.5.4", "DATA takes no argument"));
            return;
        }
        if (session.Transaction is null)
        {
            Refuse(command.Verb, new Reply(503, "5.5.1", "No transaction; give MAIL and RCPT first"));
            return;
        }
        if (session.Transaction.Recipients.Count == 0)
        {
            Refuse(command.Verb, new Reply(554, "5.5.1", "No valid recipients"));
            return;
        }
        if (session.Transaction.Declared == BodyValue.Binary)
        {
            Refuse(command.Verb, new Reply(503, "5.5.1", "A message with BODY=BINARYMIME comes by BDAT (RFC 3030 3)"));
            return;
        }
        await new MessageTransfer(session, services).RunAsync();
    }

    /// <summary>The first chunk of a message, or one that belongs to none (RFC 3030 2). Its octets are read whatever becomes of it: they are never commands.</summary>
    private async Task ChunkAsync(SmtpCommand command)
    {
        if (!session.Extensions.Has("CHUNKING"))
            throw new SessionClosedException(new Reply(502, "5.5.1", "BDAT not offered here; use DATA"), "BDAT, whose octets would be read as commands");
        if (ChunkCommand.TryParse(command.Argument) is not { } chunk)
            throw new SessionClosedException(ChunkCommand.Unreadable, "a chunk whose size is not known");
        if (session.Transaction is { Recipients.Count: > 0 })
        {
            await new MessageTransfer(session, services, chunk).RunAsync();
            return;
        }
        await session.DiscardAsync(chunk);
        Refuse(command.Verb, session.Transaction is null ? new Reply(503, "5.5.1", "No transaction; give MAIL and RCPT first") : new Reply(554, "5.5.1", "No valid recipients"));
    }

    /// <summary>Sends a command while no other is under way, and waits for the reply.</summary>
    private async Task<ServerReply> AskAsync(string line)
    {
        CancellationToken cancel = session.Within(services.Options.ReplyTimeout);
        await session.Client.FlushAsync(cancel);
        await session.Server!.SendAsync(line + "\r\n", cancel);
        try
        {
            return await session.Server.ReadReplyAsync(cancel);
        }
        catch (ConnectionLostException)
        {
            throw ServerClosed();
        }
    }

    private void Send(PendingCommand pending, string line)
    {
        session.Pending.Enqueue(pending);
        session.Server!.Write(line + "\r\n");
    }

    /// <summary>Answers a command ourselves; the server never sees it.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="reply">The reply.</param>
    public void Refuse(string verb, Reply reply)
    {
        if (reply.Code >= 500 && ++_badCommands > services.Options.MaxBadCommands)
            throw new SessionClosedException(new Reply(421, "4.7.0", "Too many errors; connection closed"), "too many bad commands");
        session.Pending.Enqueue(new PendingCommand(verb) { Local = reply });
    }

    private void CountJunk()
    {
        if (++_junkCommands > services.Options.MaxJunkCommands)
            throw new SessionClosedException(new Reply(421, "4.7.0", "Too many commands without mail; connection closed"), "too many commands without mail");
    }
}
