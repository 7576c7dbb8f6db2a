using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Ledger;
using Cstp.Core.Mime;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>
/// What happens from DATA to the reply to the final dot, or from the first chunk (RFC 3030) to the reply to the last. Every delivery
/// is brought to just before its final dot, then all are committed; the client hears 2xx only after the server said it.
/// </summary>
/// <param name="session">The session, with a transaction open and no command under way.</param>
/// <param name="services">What all sessions share.</param>
/// <param name="chunk">The first chunk, where the message comes by BDAT, its octets the next ones to be read; null for DATA.</param>
internal sealed class MessageTransfer(SmtpSession session, SmtpServices services, ChunkCommand? chunk = null)
{
    private readonly MessageEnvelope _envelope = session.Envelope;
    private readonly Transaction _transaction = session.Transaction!;
    private CancellationToken _late;
    private string? _digest;
    private Action? _whenAccepted;
    private DeliveryStory _story = DeliveryStory.Relayed;

    private SmtpOptions Options => services.Options;

    /// <summary>Runs it.</summary>
    public async Task RunAsync()
    {
        bool mayBeServed = !services.Ledger.IsEmpty && _transaction.Mailboxes.Any(m => services.Ledger.IsRemembered(session.Side, _transaction.ReversePath, m));
        Reply? refusal = await session.DecideAsync(new SmtpEvent.Data([.. _envelope.Recipients])) ?? (_transaction.IsAhead == true ? null : services.Security.DecideData(_envelope));
        if (refusal is not null)
        {
            if (chunk is not null)
                await session.DiscardAsync(chunk);
            session.WriteReply(refusal);
            Record(refusal.Code, refusal.ToString());
            return;
        }
        // Towards servers it is DATA always: what we make of a message need not have the sizes of what came.
        if (chunk is null && !mayBeServed && !_transaction.HasWithheld && services.Interceptors.Count == 0 && !services.Security.Touches(_envelope))
            await RelayAsync();
        else
            await TakeAsync();
    }

    /// <summary>Nobody looks at the content: the server itself answers DATA.</summary>
    private async Task RelayAsync()
    {
        var delivery = new OutgoingDelivery(session.Server!, Options, services.Time);
        ServerReply go;
        try
        {
            go = await delivery.BeginDataAsync(session.Within(Options.ReplyTimeout));
        }
        catch (ConnectionLostException)
        {
            session.LoseServer();
            Answer(MessageAnswer.ServerLost("the server was lost at DATA"));
            return;
        }
        session.WriteReply(go);
        if (!delivery.IsInData)
        {
            Record(go.Code, go.Text);
            return;
        }
        await session.Client.FlushAsync(session.Within(Options.ReplyTimeout));
        delivery.BeginContent();
        var relay = new ContentRelay(session.Client, delivery, Options, services.Time);
        MessageAnswer? refusal = AnswerAfter(await relay.RunAsync(session.Within(Timeout.InfiniteTimeSpan)), relay.Fault);
        if (relay.Failure is null && refusal is null)
        {
            Answer(await new DeliveryCommit(session, services).RunAsync(delivery));
            return;
        }
        session.LoseServer();
        Answer(refusal ?? Explain(relay.Failure!));
    }

    /// <summary>We answer DATA, read the header section, and ask what becomes of the message.</summary>
    private async Task TakeAsync()
    {
        if (chunk is null)
        {
            session.Client.Write("354 End data with <CR><LF>.<CR><LF>\r\n");
            await session.Client.FlushAsync(session.Within(Options.ReplyTimeout));
        }
        CancellationToken ended = session.Within(Timeout.InfiniteTimeSpan);
        await using ContentSource source = chunk is null
            ? DataSource.Start(session.Client, Options, services.Time, ended)
            : ChunkSource.Start(session, chunk, Options, services.Time, ended);
        // Started at the client's dot of a message that is held; from there to our final dot everything is on it.
        using var clock = new CancellationTokenSource(Timeout.InfiniteTimeSpan, services.Time);
        using var transfer = CancellationTokenSource.CreateLinkedTokenSource(ended, clock.Token);
        (_late, CancellationToken cancel) = (clock.Token, transfer.Token);
        HeldMessage? held = null;
        try
        {
            using var keepAlive = new ServerKeepAlive(session.Server!, Options, services.Time);
            (MessageDecision? decision, held) = await DecideAsync(source, clock, cancel);
            if (!await keepAlive.StopAsync(cancel))
            {
                session.LoseServer();
                if (decision is not MessageDecision.Refuse)
                    decision = new MessageDecision.Refuse(MessageAnswer.ServerLost("the server did not answer NOOP while the message was held").Reply);
            }
            switch (decision)
            {
                case null:
                    await AbandonAsync(source, new MessageAnswer.Before());
                    return;
                case MessageDecision.Refuse refuse:
                    await AbandonAsync(source, new MessageAnswer.Ours(refuse.Reply, refuse.Reply.Text));
                    return;
                case MessageDecision.Stream stream:
                    await DeliverAsync(source, stream.Deliveries, held is not null, cancel);
                    return;
                default:
                    throw new InvalidOperationException($"a held message cannot be decided as {decision.GetType().Name}");
            }
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <returns>The decision, null where all recipients have the message already; and the message, where it had to be held.</returns>
    private async Task<(MessageDecision?, HeldMessage?)> DecideAsync(ContentSource source, CancellationTokenSource clock, CancellationToken cancel)
    {
        try
        {
            HeaderSection? header = await HeaderSection.ReadAsync(source.Content, Options.MaxHeader, cancel);
            if (header is null)
                return (new MessageDecision.Refuse(new Reply(552, "5.3.4", $"Header section too large; {Options.MaxHeader} octets at most")), null);
            if (await session.DecideAsync(new SmtpEvent.Message(header.Raw)) is { } refusal)
                return (new MessageDecision.Refuse(refusal), null);
            _digest = MessageIdentity.Of(header);
            if (LeaveOutServed() is { } unplanned)
                return unplanned;
            MessageDecision decision = await services.Security.DecideAsync(_envelope, header, source.Content, cancel);
            if (decision is not MessageDecision.Hold hold)
                return (decision, null);

            await SocketThread.LeaveAsync();
            HeldMessage held = await services.Spool.HoldAsync(header.ToOctets(), source.Content, cancel);
            try
            {
                clock.CancelAfter(Options.TransferTimeout);
                return (await hold.OpenAsync(held, cancel), held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (IncompleteMessageException)
        {
            return (new MessageDecision.Refuse(new Reply(451, "4.4.2", "The message was cut short")), null);
        }
        catch (SpoolException e)
        {
            SmtpLog.SecuringFault(services.Logger, session.Id, e);
            return (new MessageDecision.Refuse(new Reply(452, "4.3.1", "Insufficient storage to check the message; try again later")), null);
        }
        catch (OperationCanceledException) when (_late.IsCancellationRequested)
        {
            return (new MessageDecision.Refuse(MessageAnswer.TooLate.Reply), null);
        }
        catch (Exception e) when (e is not SessionClosedException && (e is not OperationCanceledException || !cancel.IsCancellationRequested))
        {
            SmtpLog.SecuringFault(services.Logger, session.Id, e);
            return (new MessageDecision.Refuse(MessageAnswer.Unavailable(e.Message).Reply), null);
        }
    }

    /// <summary>Those who have this very message from an attempt that others missed do not get it once more.</summary>
    /// <returns>Null to go on with those who are left, else the decision.</returns>
    private (MessageDecision?, HeldMessage?)? LeaveOutServed()
    {
        if (services.Ledger.IsEmpty)
            return null;
        Mailbox[] served = [.. _transaction.Mailboxes.Where(m => services.Ledger.IsServed(session.Side, _transaction.ReversePath, m, _digest))];
        if (served.Length > 0)
        {
            var message = new LedgerMessage(session.Side, _transaction.ReversePath, _digest!);
            _whenAccepted = () => session.WhenHeard(() => services.Ledger.CloseAsync(message, served));
            _story = _story.Before(served);
            if (served.Length == _transaction.Mailboxes.Count)
                return (null, null);
            _transaction.LeaveOut(new HashSet<Mailbox>(served).Contains);
        }
        // The policy was not asked about those who seemed to have it: this is another message of the same sender.
        return _transaction.IsAhead == true && services.Security.DecideData(_envelope) is { } refusal ? (new MessageDecision.Refuse(refusal), null) : null;
    }

    private async Task DeliverAsync(ContentSource source, IReadOnlyList<PlannedDelivery> planned, bool isHeld, CancellationToken cancel)
    {
        var preparation = new DeliveryPreparation(session, services, _transaction, planned);
        try
        {
            MessageAnswer? refusal = await preparation.RunAsync(cancel);
            _story = _story.Planned(planned, preparation, _transaction.Mailboxes);
            if (refusal is not null)
                await AbandonAsync(source, refusal);
            else
                await FinishAsync(source, preparation, () => WriteAllAsync(isHeld ? null : source.Content, preparation.Deliveries, cancel));
        }
        finally
        {
            preparation.Leave();
        }
    }

    /// <summary>Every delivery reads the same body at the pace of the slowest; a report reads none.</summary>
    private static async Task WriteAllAsync(PipeReader? body, IReadOnlyList<PreparedDelivery> deliveries, CancellationToken cancel)
    {
        await SocketThread.LeaveAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var tasks = new List<Task>();
        var copies = new List<PipeWriter>();
        bool isShared = body is not null && deliveries.Count > 1;
        foreach (PreparedDelivery delivery in deliveries)
        {
            PipeReader content = PipeReader.Create(Stream.Null);
            if (isShared && !delivery.Planned.IsReport)
            {
                var copy = new Pipe(ContentPipes.Options);
                copies.Add(copy.Writer);
                content = copy.Reader;
            }
            else if (body is not null && !isShared)
            {
                content = body;
            }
            var message = new Pipe(ContentPipes.ToSocket);
            tasks.Add(Stages.RunAsync(() => delivery.Planned.WriteAsync(content, message.Writer, stop.Token), content == body ? null : content, message.Writer));
            tasks.Add(Stages.RunAsync(() => delivery.Outgoing.SendAsync(message.Reader, stop.Token), message.Reader));
        }
        if (isShared)
            tasks.Add(Stages.RunAsync(() => Stages.CopyAsync(body!, copies, stop.Token), null, [.. copies]));
        await Stages.WhenAllOrFirstFailureAsync(tasks, stop);
    }

    /// <summary>Waits for the client's end and ours, then commits or gives up.</summary>
    private async Task FinishAsync(ContentSource source, DeliveryPreparation preparation, Func<Task> write)
    {
        MessageAnswer? failure = null;
        try
        {
            await write();
        }
        catch (SmtpProtocolException)
        {
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException || !session.Within(Timeout.InfiniteTimeSpan).IsCancellationRequested)
        {
            failure = Explain(e);
        }
        if (failure is not null)
        {
            session.LoseServer();
            await AbandonAsync(source, failure);
            return;
        }
        if (await EndOfDataAsync(source) is { } refusal)
        {
            session.LoseServer();
            Answer(refusal);
            return;
        }
        var commit = new DeliveryCommit(session, services);
        IReadOnlyList<PreparedDelivery> deliveries = preparation.CommitOrder;
        if (preparation.Keeper is null)
            await ResetServerAsync();
        Answer(deliveries is [var only]
            ? await commit.RunAsync(only.Outgoing)
            : await commit.RunAsync(deliveries, preparation.Keeper, _digest is null ? null : new LedgerMessage(session.Side, _transaction.ReversePath, _digest)));
    }

    /// <summary>Reads the client to its dot, then answers; the server hears nothing of it, or RSET.</summary>
    private async Task AbandonAsync(ContentSource source, MessageAnswer answer)
    {
        MessageAnswer? other;
        using (ServerKeepAlive? keepAlive = session.Server is { } server ? new ServerKeepAlive(server, Options, services.Time) : null)
        {
            other = await EndOfDataAsync(source);
            if (keepAlive is not null && !await keepAlive.StopAsync(session.Within(Options.ReplyTimeout)))
                session.LoseServer();
        }
        await ResetServerAsync();
        Answer(other ?? answer);
    }

    /// <summary>Waits for the client's end of data.</summary>
    /// <returns>Null where it came as it must, else the answer.</returns>
    /// <exception cref="SessionClosedException">Nothing that this client sends can be trusted any more.</exception>
    private async Task<MessageAnswer?> EndOfDataAsync(ContentSource source)
    {
        await source.Content.CompleteAsync();
        return AnswerAfter(await source.End, source.Fault);
    }

    /// <exception cref="SessionClosedException">Nothing that this client sends can be trusted any more.</exception>
    private MessageAnswer? AnswerAfter(DataEnd end, string? fault)
    {
        if (end == DataEnd.Broken)
            Record(550, $"line ends: {fault}");
        return MessageAnswer.After(end, fault);
    }

    private async Task ResetServerAsync()
    {
        if (session.Server is null)
            return;
        try
        {
            CancellationToken cancel = session.Within(Options.ReplyTimeout);
            await session.Server.SendAsync("RSET\r\n", cancel);
            ServerReply reply = await session.Server.ReadReplyAsync(cancel);
            if (!reply.IsPositive)
                session.LoseServer();
        }
        catch (ConnectionLostException)
        {
            session.LoseServer();
        }
    }

    private void Answer(MessageAnswer answer)
    {
        switch (answer)
        {
            case MessageAnswer.FromServer server:
                session.WriteReply(server.Reply);
                Record(server.Reply.Code, server.Reply.Text);
                if (server.Reply.IsPositive)
                    _whenAccepted?.Invoke();
                session.EndTransaction(server.Reply.IsPositive);
                break;
            case MessageAnswer.Before before:
                session.WriteReply(before.Reply);
                Record(before.Reply.Code, before.Reply.ToString());
                _whenAccepted?.Invoke();
                session.EndTransaction(accepted: true);
                break;
            case MessageAnswer.Ours ours:
                SmtpLog.MessageFailed(services.Logger, session.Id, LogText.Escape(ours.Cause), ours.Reply.ToString());
                session.WriteReply(ours.Reply);
                Record(ours.Reply.Code, ours.Reply.ToString());
                session.EndTransaction(accepted: false);
                break;
            case MessageAnswer.None none:
                SmtpLog.MessageFailed(services.Logger, session.Id, none.Cause, "none");
                session.EndTransaction(accepted: false);
                break;
        }
    }

    private void Record(int code, string reply)
    {
        services.Metrics.MessageAnswered(session.SideName, code);
        session.Observe(new SmtpEvent.Answered(code));
        SmtpLog.MessageAnswered(services.Logger, session.Id, session.SideName, _envelope.ReversePath?.ToString() ?? "", _story.Tell(_transaction, code), reply);
    }

    private MessageAnswer Explain(Exception fault)
    {
        switch (fault)
        {
            case EarlyReplyException { Reply: { IsPositive: true } or { FirstDigit: 3 } } early:
                throw new SmtpProtocolException($"reply {early.Reply!.Code} before the final dot");
            case EarlyReplyException { Reply: { } reply }:
                return new MessageAnswer.FromServer(reply);
            case EarlyReplyException:
                return MessageAnswer.ServerLost("the server was lost while the message was sent");
            case IncompleteMessageException:
                return new MessageAnswer.Ours(new Reply(451, "4.4.2", "The message was cut short"), "the message was cut short");
            case OperationCanceledException or IOException when _late.IsCancellationRequested:
                return MessageAnswer.TooLate;
            case LineEndException:
                return new MessageAnswer.Ours(new Reply(554, "5.6.3", "The content cannot be transported: it has line ends that SMTP does not know"), fault.Message);
            default:
                SmtpLog.SecuringFault(services.Logger, session.Id, fault);
                return MessageAnswer.Unavailable(fault.Message);
        }
    }
}
