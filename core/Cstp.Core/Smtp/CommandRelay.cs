using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>Passes commands and replies on between the two ends of a session, pipelined as they came, until one of them ends it.</summary>
/// <param name="session">The session, connected to its server.</param>
/// <param name="commands">What each command does.</param>
/// <param name="services">What all sessions share.</param>
/// <param name="drain">No new work shall begin.</param>
internal sealed class CommandRelay(SmtpSession session, SessionCommands commands, SmtpServices services, CancellationToken drain)
{
    /// <summary>Commands under way at most: their replies fit into the system's socket buffers, so that nobody waits in a circle.</summary>
    private const int MaxPending = 100;

    /// <summary>How long pipelined commands are gathered before they are sent; reading them takes microseconds.</summary>
    private static readonly TimeSpan s_turn = TimeSpan.FromSeconds(1);

    private readonly CommandLineReader _lines = new(services.Options.MaxCommandLine);
    private readonly WakeSignal _wake = new();
    private Task<ReadResult>? _awaitedFromClient;
    private Task<ReadResult>? _awaitedFromServer;
    private bool _clientEnded;

    /// <summary>Relays until the session ends.</summary>
    /// <exception cref="SessionClosedException">We end it.</exception>
    /// <exception cref="OperationCanceledException">A time ran out.</exception>
    /// <exception cref="ConnectionLostException">One of the two is gone.</exception>
    /// <exception cref="SmtpProtocolException">The server does not speak SMTP.</exception>
    public async Task RunAsync()
    {
        using CancellationTokenRegistration late = session.Deadline.UnsafeRegister(static raise => ((Action)raise!)(), _wake.Raise);
        using CancellationTokenRegistration draining = drain.UnsafeRegister(static raise => ((Action)raise!)(), _wake.Raise);
        long waitingSince = services.Time.GetTimestamp();
        while (true)
        {
            if (session.EmitLocalReplies())
                waitingSince = services.Time.GetTimestamp();
            if (session.Client.HasUnsent)
                await session.Client.FlushAsync(session.Within(services.Options.ReplyTimeout));
            if (session.Server is { HasUnsent: true })
                await session.Server.FlushAsync(session.Within(services.Options.ReplyTimeout));
            if (session.IsClosing)
            {
                await session.Client.LingerAsync(services.Time);
                return;
            }
            bool idle = session.Pending.Count == 0;
            if (idle && drain.IsCancellationRequested && session.Transaction is null)
                throw new SessionClosedException(new Reply(421, "4.3.2", "Service shutting down; try again in a moment"), "drained");

            TimeSpan limit = (idle ? services.Options.CommandTimeout : services.Options.ReplyTimeout) - services.Time.GetElapsedTime(waitingSince);
            CancellationToken cancel = session.Within(limit > TimeSpan.Zero ? limit : TimeSpan.Zero);
            bool readClient = !_clientEnded && session.Pending.Count < MaxPending && (idle || !_lines.IsHeldBack);
            Task<ReadResult>? fromClient = readClient ? session.Client.ReadAsync() : null;
            Task<ReadResult>? fromServer = session.Server?.ReadAsync();
            if (fromClient is null && fromServer is null)
                return;

            if (fromClient is not { IsCompleted: true } && fromServer is not { IsCompleted: true })
            {
                WakeAfter(fromClient, ref _awaitedFromClient);
                WakeAfter(fromServer, ref _awaitedFromServer);
                await _wake.WaitAsync();
                cancel.ThrowIfCancellationRequested();
            }
            if (fromServer is { IsCompleted: true })
            {
                if (await ReadServerAsync(await fromServer))
                    waitingSince = services.Time.GetTimestamp();
            }
            if (fromClient is { IsCompleted: true } && !session.IsClosing)
            {
                if (await ReadClientAsync(await fromClient))
                    waitingSince = services.Time.GetTimestamp();
            }
        }
    }

    /// <summary>A read may be awaited through several turns; it is told once whom to wake.</summary>
    private void WakeAfter(Task<ReadResult>? read, ref Task<ReadResult>? awaited)
    {
        if (read is null || read == awaited)
            return;
        awaited = read;
        read.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_wake.Raise);
    }

    private async Task<bool> ReadServerAsync(ReadResult read)
    {
        if (session.Server!.TakeReply(read) is not { } reply)
        {
            if (!read.IsCompleted)
                return false;
            session.LoseServer();
            if (session.Pending.Count > 0 || !_clientEnded)
                await LoseServerWithClientAsync();
            session.IsClosing = true;
            return true;
        }
        if (!session.Pending.TryDequeue(out PendingCommand? command))
        {
            if (reply.Code != 421)
                throw new SmtpProtocolException($"reply {reply.Code} that no command asked for");
            session.WriteReply(reply);
            session.IsClosing = true;
            return true;
        }
        if (reply.FirstDigit == 3)
            throw new SmtpProtocolException($"reply {reply.Code} to {command.Verb}");
        switch (command.Verb)
        {
            case "MAIL" when reply.IsPositive:
                session.Transaction = command.Transaction;
                break;
            case "RCPT" when reply.IsPositive && session.Transaction is not null:
                if (DecideRecipient(session.Transaction, command.Recipient!) is { } refusal)
                {
                    session.Transaction.Refuse(command.Recipient!.Mailbox, refusal);
                    session.AnswerCommand(command.Verb, refusal);
                    return true;
                }
                session.Transaction.Keep(command.Recipient!);
                break;
            case "RSET" when reply.IsPositive:
                session.Transaction = null;
                break;
            case "QUIT":
                session.IsClosing = true;
                break;
        }
        session.AnswerCommand(command.Verb, reply);
        if (reply.Code == 421)
            session.IsClosing = true;
        return true;
    }

    /// <returns>Null to keep a recipient that the server accepted, or the refusal.</returns>
    private Reply? DecideRecipient(Transaction transaction, TransactionRecipient candidate)
    {
        if (!services.Ledger.IsEmpty)
        {
            // Who has a message that others wait for does not share a transaction with these: each kind then gets an answer of its own.
            bool isAhead = services.Ledger.IsAhead(session.Side, transaction.ReversePath, candidate.Mailbox);
            if ((transaction.IsAhead ??= isAhead) != isAhead)
            {
                return new Reply(452, "4.5.3", $"<{candidate.Mailbox}> in a further message, please: "
                    + (isAhead ? "this recipient has a message of an earlier attempt that the others here have not" : "the others here have a message of an earlier attempt that this recipient has not"));
            }
            // Nothing is sent to them again; where it is a different message after all, the policy is asked then.
            if (isAhead)
                return null;
        }
        return services.Security.DecideRecipient(session.Envelope, transaction.Described, candidate.Mailbox, NotificationRequest.Of(candidate));
    }

    private async Task LoseServerWithClientAsync()
    {
        while (session.Pending.TryDequeue(out PendingCommand? command))
        {
            if (command.Verb == "QUIT")
            {
                session.AnswerCommand(command.Verb, new Reply(221, "2.0.0", "Bye"));
                return;
            }
            session.AnswerCommand(command.Verb, command.Local ?? new Reply(451, "4.4.2", "The mail server closed the connection; try again later"));
        }
        session.WriteReply(new Reply(421, "4.4.2", "The mail server closed the connection; try again later"));
        await session.Client.FlushAsync(session.Within(services.Options.ReplyTimeout));
    }

    /// <returns>Whether a whole command was read.</returns>
    private async Task<bool> ReadClientAsync(ReadResult read)
    {
        bool any = false;
        long since = services.Time.GetTimestamp();
        ReadOnlySequence<byte> buffer = read.Buffer;
        while (true)
        {
            ReadOnlySequence<byte> before = buffer;
            CommandLine line = _lines.Take(ref buffer);
            switch (line.Kind)
            {
                case CommandLineKind.Incomplete:
                    session.Client.AdvanceTo(buffer.Start, buffer.End);
                    if (read.IsCompleted)
                    {
                        _clientEnded = true;
                        if (session.Server is not null)
                            await session.Server.ShutdownSendAsync();
                        session.IsClosing = session.Server is null;
                    }
                    return any;
                case CommandLineKind.Endless:
                    throw new SessionClosedException(new Reply(421, "4.7.0", "Command line too long; connection closed"), "an endless command line");
                case CommandLineKind.BadLineEnd:
                    throw new SessionClosedException(new Reply(500, "5.5.2", "Bare CR, LF or NUL in a command; lines end in CRLF"), "bare CR, LF or NUL in a command");
                case CommandLineKind.TooLong:
                    any = true;
                    commands.Refuse("", new Reply(500, "5.5.2", $"Command line too long; {services.Options.MaxCommandLine} octets at most"));
                    continue;
            }
            any = true;
            session.Heard();
            SmtpCommand command = SmtpCommand.Parse(line.Text!);
            if (SessionCommands.StandsAlone(command))
            {
                if (session.Pending.Count > 0)
                {
                    // It ends a pipelined group: taken up again when the replies before it are given (RFC 2920 3.1).
                    _lines.HoldBack();
                    session.Client.AdvanceTo(before.Start, before.Start);
                    return any;
                }
                session.Client.AdvanceTo(buffer.Start, buffer.Start);
                await commands.RunAloneAsync(command);
                return true;
            }
            await commands.ForwardAsync(command);
            // Where interceptors take their time, what was said so far does not wait for the next command's turn, too.
            if (session.Pending.Count >= MaxPending || session.IsClosing || services.Time.GetElapsedTime(since) > s_turn)
            {
                session.Client.AdvanceTo(buffer.Start, buffer.Start);
                return any;
            }
        }
    }
}
