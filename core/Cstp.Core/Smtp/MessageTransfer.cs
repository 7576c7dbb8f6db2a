using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Mime;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>
/// What happens from DATA to the reply to the final dot. Every delivery is brought to just before its final dot, then all are
/// committed; the client hears 2xx only after the server said it.
/// </summary>
/// <param name="session">The session, with a transaction open and no command under way.</param>
/// <param name="services">What all sessions share.</param>
internal sealed class MessageTransfer(SmtpSession session, SmtpServices services)
{
    private readonly MessageEnvelope _envelope = session.Envelope;
    private readonly Transaction _transaction = session.Transaction!;
    private CancellationToken _late;
    private int _deliveries = 1;
    private string _protection = "as it came";

    private SmtpOptions Options => services.Options;

    /// <summary>Runs it.</summary>
    public async Task RunAsync()
    {
        Reply? refusal = await session.DecideAsync(new SmtpEvent.Data(_envelope.Recipients)) ?? services.Security.DecideData(_envelope);
        if (refusal is not null)
        {
            session.WriteReply(refusal);
            Record(refusal.Code, refusal.ToString());
            return;
        }
        if (!_transaction.HasWithheld && services.Interceptors.Count == 0 && !services.Security.Touches(_envelope))
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
        Reply? refusal = Refusal(await relay.RunAsync(session.Within(Timeout.InfiniteTimeSpan)), relay.Fault);
        if (relay.Failure is null && refusal is null)
        {
            Answer(await new DeliveryCommit(session, services).RunAsync([delivery]));
            return;
        }
        session.LoseServer();
        Answer(refusal is null ? Explain(relay.Failure!) : new MessageAnswer.Ours(refusal, relay.Fault ?? refusal.Text));
    }

    /// <summary>We answer DATA, read the header section, and ask what becomes of the message.</summary>
    private async Task TakeAsync()
    {
        session.Client.Write("354 End data with <CR><LF>.<CR><LF>\r\n");
        await session.Client.FlushAsync(session.Within(Options.ReplyTimeout));
        CancellationToken ended = session.Within(Timeout.InfiniteTimeSpan);
        await using DataSource source = DataSource.Start(session.Client, Options, services.Time, ended);
        // Started at the client's dot of a message that is held; from there to our final dot everything is on it.
        using var clock = new CancellationTokenSource(Timeout.InfiniteTimeSpan, services.Time);
        using var transfer = CancellationTokenSource.CreateLinkedTokenSource(ended, clock.Token);
        (_late, CancellationToken cancel) = (clock.Token, transfer.Token);
        HeldMessage? held = null;
        try
        {
            using var keepAlive = new ServerKeepAlive(session.Server!, Options, services.Time);
            (MessageDecision decision, held) = await DecideAsync(source, clock, cancel);
            if (!await keepAlive.StopAsync(cancel))
            {
                session.LoseServer();
                if (decision is not MessageDecision.Refuse)
                    decision = new MessageDecision.Refuse(MessageAnswer.ServerLost("the server did not answer NOOP while the message was held").Reply);
            }
            switch (decision)
            {
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

    private async Task<(MessageDecision, HeldMessage?)> DecideAsync(DataSource source, CancellationTokenSource clock, CancellationToken cancel)
    {
        try
        {
            HeaderSection? header = await HeaderSection.ReadAsync(source.Content, Options.MaxHeader, cancel);
            if (header is null)
                return (new MessageDecision.Refuse(new Reply(552, "5.3.4", $"Header section too large; {Options.MaxHeader} octets at most")), null);
            if (await session.DecideAsync(new SmtpEvent.Message(header.Raw)) is { } refusal)
                return (new MessageDecision.Refuse(refusal), null);
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

    private async Task DeliverAsync(DataSource source, IReadOnlyList<PlannedDelivery> planned, bool isHeld, CancellationToken cancel)
    {
        _deliveries = planned.Count;
        _protection = string.Join('+', planned.Select(p => p.Protection.ToString()));
        if (planned.Count > 1 && session.IsAuthenticated)
        {
            await AbandonAsync(source, new MessageAnswer.Ours(
                new Reply(451, "4.7.5", "This message would have to be split, which an authenticated session does not allow; send it to each kind of recipient alone"), "an authenticated session is never split"));
            return;
        }
        if (planned.Any(p => p.Route == DeliveryRoute.Relay))
        {
            await AbandonAsync(source, new MessageAnswer.Ours(
                new Reply(451, "4.3.5", "No relay is configured for a part of this message; ask the administrator"), "the plan needs a relay and none is configured"));
            return;
        }
        var preparation = new DeliveryPreparation(session, services, _transaction, planned);
        try
        {
            if (await preparation.RunAsync(cancel) is { } refusal)
                await AbandonAsync(source, refusal);
            else
                await FinishAsync(source, preparation.CommitOrder, () => WriteAllAsync(isHeld ? null : source.Content, planned, preparation.Deliveries, cancel));
        }
        finally
        {
            preparation.Leave();
        }
    }

    /// <summary>Every delivery reads the same body at the pace of the slowest.</summary>
    private async Task WriteAllAsync(PipeReader? body, IReadOnlyList<PlannedDelivery> planned, IReadOnlyList<OutgoingDelivery> outgoing, CancellationToken cancel)
    {
        await SocketThread.LeaveAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var tasks = new List<Task>();
        IReadOnlyList<PipeReader> bodies;
        if (body is null)
            bodies = [.. planned.Select(_ => PipeReader.Create(Stream.Null))];
        else if (planned.Count == 1)
            bodies = [body];
        else
        {
            Pipe[] copies = [.. planned.Select(_ => new Pipe(ContentPipes.Options))];
            bodies = [.. copies.Select(c => c.Reader)];
            tasks.Add(Stages.RunAsync(() => Stages.CopyAsync(body, [.. copies.Select(c => c.Writer)], stop.Token), null, [.. copies.Select(c => c.Writer)]));
        }
        for (int i = 0; i < planned.Count; i++)
        {
            int n = i;
            var message = new Pipe(ContentPipes.ToSocket);
            tasks.Add(Stages.RunAsync(() => planned[n].WriteAsync(bodies[n], message.Writer, stop.Token), bodies[n] == body ? null : bodies[n], message.Writer));
            tasks.Add(Stages.RunAsync(() => outgoing[n].SendAsync(message.Reader, stop.Token), message.Reader));
        }
        await Stages.WhenAllOrFirstFailureAsync(tasks, stop);
    }

    /// <summary>Waits for the client's end and ours, then commits or gives up.</summary>
    private async Task FinishAsync(DataSource source, IReadOnlyList<OutgoingDelivery> deliveries, Func<Task> write)
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
            Answer(new MessageAnswer.Ours(refusal, source.Fault ?? refusal.Text));
            return;
        }
        Answer(await new DeliveryCommit(session, services).RunAsync(deliveries));
    }

    /// <summary>Reads the client to its dot, then answers; the server hears nothing of it, or RSET.</summary>
    private async Task AbandonAsync(DataSource source, MessageAnswer answer)
    {
        Reply? other = await EndOfDataAsync(source);
        await ResetServerAsync();
        Answer(other is null ? answer : new MessageAnswer.Ours(other, source.Fault ?? other.Text));
    }

    /// <summary>Waits for the client's end of data.</summary>
    /// <returns>Null where it came as it must, else the refusal.</returns>
    /// <exception cref="SessionClosedException">Nothing that this client sends can be trusted any more.</exception>
    private async Task<Reply?> EndOfDataAsync(DataSource source)
    {
        await source.Content.CompleteAsync();
        return Refusal(await source.End, source.Fault);
    }

    /// <returns>Null where the message ended as it must, else the refusal.</returns>
    /// <exception cref="SessionClosedException">Nothing that this client sends can be trusted any more.</exception>
    private Reply? Refusal(DataEnd end, string? fault)
    {
        switch (end)
        {
            case DataEnd.Complete:
                return null;
            case DataEnd.ContainsNul:
                return new Reply(550, "5.6.0", "The message contains a NUL octet; encode it (RFC 2045 2.7)");
            case DataEnd.Broken:
                Record(550, $"line ends: {fault}");
                throw new SessionClosedException(new Reply(550, "5.5.2", "A line of the message does not end in CRLF; send CRLF (RFC 5321 2.3.8)"), $"smuggling is possible: {fault}");
            case DataEnd.TooSlow:
                throw new SessionClosedException(new Reply(421, "4.4.2", "Timeout while the message was sent; connection closed"), "the client sent too slowly");
            default:
                throw new SessionClosedException(null, "the client closed in the middle of a message");
        }
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
                session.EndTransaction(server.Reply.IsPositive);
                break;
            case MessageAnswer.Ours ours:
                SmtpLog.MessageFailed(services.Logger, session.Id, LogText.Escape(ours.Cause), ours.Reply.ToString());
                session.WriteReply(ours.Reply);
                Record(ours.Reply.Code, ours.Reply.ToString());
                session.EndTransaction(accepted: false);
                break;
        }
    }

    private void Record(int code, string reply)
    {
        services.Metrics.MessageAnswered(session.SideName, code);
        session.Observe(new SmtpEvent.Answered(code));
        SmtpLog.MessageAnswered(
            services.Logger, session.Id, session.SideName, _envelope.ReversePath?.ToString() ?? "", _envelope.Recipients.Count, _deliveries, _protection, reply);
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
