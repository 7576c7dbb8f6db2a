using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>
/// Brings every delivery of a message to the server's 354: the keeper on the client's own connection, others on further ones, or through the
/// relay where the server takes no second connection or the plan says so.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
/// <param name="transaction">The transaction, with the recipients that the plan speaks of.</param>
/// <param name="planned">The deliveries.</param>
internal sealed class DeliveryPreparation(SmtpSession session, SmtpServices services, Transaction transaction, IReadOnlyList<PlannedDelivery> planned)
{
    private readonly PreparedDelivery?[] _prepared = new PreparedDelivery?[planned.Count];

    /// <summary>The first protected delivery to the server, else the first one there: its reply is the client's. -1 where all go elsewhere.</summary>
    private readonly int _keeper = KeeperOf(planned);

    /// <summary>Relaying is for clients on the inside alone: the box is no open relay.</summary>
    private readonly Relay? _relay = session.Side == Side.Inside ? services.Relay : null;

    /// <summary>The deliveries in the plan's order; all there once <see cref="RunAsync"/> answered null.</summary>
    public IReadOnlyList<PreparedDelivery> Deliveries => [.. _prepared.Select(d => d!)];

    /// <summary>The way of each delivery in the plan's order; null where none was found.</summary>
    public IEnumerable<string?> Ways => _prepared.Select(d => d?.Way);

    /// <summary>The delivery on the client's own connection; null where there is none.</summary>
    public PreparedDelivery? Keeper => _keeper < 0 ? null : _prepared[_keeper];

    /// <summary>
    /// The deliveries in the order of their commit. Reports come first: should another one fail, those withheld count as served, and are not sent
    /// alone, and then unprotected, when the message comes again. Then the keeper, since what it refuses the others would, too.
    /// </summary>
    public IReadOnlyList<PreparedDelivery> CommitOrder => [.. Deliveries.OrderBy(d => d.Planned.IsReport ? 0 : d == Keeper ? 1 : 2)];

    /// <summary>Which delivery goes on the client's own connection.</summary>
    /// <param name="planned">The deliveries.</param>
    /// <returns>Its index, or -1.</returns>
    public static int KeeperOf(IReadOnlyList<PlannedDelivery> planned)
    {
        List<PlannedDelivery> all = [.. planned];
        int first = all.FindIndex(p => p.Route == DeliveryRoute.Server && p.Protection != Protection.None);
        return first >= 0 ? first : all.FindIndex(p => p.Route == DeliveryRoute.Server);
    }

    /// <summary>Connects, addresses, and says DATA everywhere.</summary>
    /// <param name="cancel">The session ends, or the time for the transfer.</param>
    /// <returns>Null where all servers wait for content, else the answer for the client.</returns>
    public async Task<MessageAnswer?> RunAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(services.Options.PreparationTimeout);
        try
        {
            foreach (int i in Enumerable.Range(0, planned.Count).OrderBy(i => i == _keeper))
            {
                if (await (i == _keeper ? PrepareKeeperAsync(patience.Token) : PrepareFurtherAsync(i, patience.Token)) is { } answer)
                    return answer;
            }
            return null;
        }
        catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !session.Within(Timeout.InfiniteTimeSpan).IsCancellationRequested))
        {
            if (Keeper is not null)
                session.LoseServer();
            return Later(e.Message);
        }
    }

    /// <summary>Takes leave of the further connections; the client need not wait for their goodbyes.</summary>
    public void Leave()
    {
        foreach (PreparedDelivery? delivery in _prepared)
        {
            if (delivery is not null && delivery != Keeper)
                _ = delivery.Outgoing.LeaveAsync();
        }
    }

    private async Task<MessageAnswer?> PrepareKeeperAsync(CancellationToken cancel)
    {
        PlannedDelivery delivery = planned[_keeper];
        OutgoingDelivery outgoing = Take(_keeper, session.Server!, session.Extensions, "same connection");
        string mail = transaction.LineFor(delivery);
        if (delivery.Recipients.Count < transaction.Recipients.Count || transaction.HasWithheld || mail != transaction.Line)
        {
            ServerReply? refused = await outgoing.AddressAsync(mail, Recipients(delivery).Select(r => r.Line), session.Extensions.Has("PIPELINING"), reset: true, cancel);
            if (refused is not null)
                return ChangedItsMind(refused);
        }
        return await BeginAsync(outgoing, cancel);
    }

    private async Task<MessageAnswer?> PrepareFurtherAsync(int i, CancellationToken cancel)
    {
        if (planned[i].Route == DeliveryRoute.Server && !session.IsAuthenticated)
        {
            string destination = session.ServerName;
            bool isKnown = services.Routes.RefusesSecond(destination);
            if (!isKnown || _relay is null)
            {
                (string? refusal, MessageAnswer? answer) = await PrepareSecondAsync(i, cancel);
                if (refusal is null)
                {
                    if (isKnown)
                        await services.Routes.ForgetAsync(destination);
                    return answer;
                }
                if (!isKnown)
                    await services.Routes.LearnAsync(destination, refusal);
                if (_relay is null)
                    return Later(refusal);
            }
        }
        if (_relay is not null)
            return await PrepareRelayedAsync(i, _relay, cancel);
        return planned[i].Route == DeliveryRoute.Server
            ? new MessageAnswer.Ours(
                new Reply(451, "4.7.5", "This message would have to be split, which an authenticated session does not allow; send it to each kind of recipient alone"), "an authenticated session is never split")
            : new MessageAnswer.Ours(
                new Reply(451, "4.3.5", "No relay is configured for a part of this message; ask the administrator"), "the plan needs a relay and there is none for this session ([relay] server)");
    }

    /// <returns>Why the server takes no second connection, or null; and then the answer for the client, or null where the server waits for content.</returns>
    private async Task<(string? Refusal, MessageAnswer? Answer)> PrepareSecondAsync(int i, CancellationToken cancel)
    {
        SmtpConnection server;
        ServerExtensions offer;
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            patience.CancelAfter(services.Options.ConnectTimeout);
            try
            {
                (server, offer) = await session.ConnectAgainAsync(patience.Token);
            }
            catch (SecondConnectionException e)
            {
                return (e.Message, null);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return ($"the server does not answer on a second connection within {services.Options.ConnectTimeout}", null);
            }
        }
        OutgoingDelivery outgoing = Take(i, server, offer, "second connection");
        var lines = new DeliveryLines(offer, "the server, on a second connection,");
        ServerReply? refused = await outgoing.AddressAsync(
            lines.Mail(transaction, planned[i], isVouched: true), Recipients(planned[i]).Select(lines.Recipient), offer.Has("PIPELINING"), reset: false, cancel);
        if (refused is { FirstDigit: 4 })
        {
            // What it took on the first connection a moment ago it does not take on a second.
            server.Abort();
            _prepared[i] = null;
            return ($"the server refuses on a second connection: {refused.Text}", null);
        }
        return (null, refused is not null ? ChangedItsMind(refused) : await BeginAsync(outgoing, cancel));
    }

    private async Task<MessageAnswer?> PrepareRelayedAsync(int i, Relay relay, CancellationToken cancel)
    {
        (SmtpConnection connection, ServerExtensions offer) = await relay.ConnectAsync(session.Tls, cancel);
        OutgoingDelivery outgoing = Take(i, connection, offer, $"relay {relay.Name}");
        PlannedDelivery delivery = planned[i];
        if (delivery is { IsReport: true, IsInternational: true } && !offer.Has(SmtpParameters.International))
            return Unreportable(relay);
        var lines = new DeliveryLines(offer, $"the relay {relay.Name}");
        (string mail, IEnumerable<string> recipients) = delivery.IsReport
            ? (lines.ReportMail(delivery), [lines.ReportRecipient(transaction.ReversePath!)])
            : (lines.Mail(transaction, delivery, isVouched: false), Recipients(delivery).Select(lines.Recipient));
        ServerReply? refused = await outgoing.AddressAsync(mail, recipients, offer.Has("PIPELINING"), reset: false, cancel);
        return refused is not null ? RefusedBy(relay, refused) : await BeginAsync(outgoing, cancel);
    }

    private OutgoingDelivery Take(int i, SmtpConnection server, ServerExtensions offer, string way)
    {
        ChunkWriter? chunks = transaction.BodyOf(planned[i]) == BodyValue.Binary ? new ChunkWriter(server, offer.Has("PIPELINING"), services.Options, services.Time) : null;
        var outgoing = new OutgoingDelivery(server, services.Options, services.Time, chunks);
        _prepared[i] = new PreparedDelivery(planned[i], [.. planned[i].Recipients.Select(r => transaction.Mailboxes[r])], outgoing, way);
        return outgoing;
    }

    private IEnumerable<TransactionRecipient> Recipients(PlannedDelivery delivery) => delivery.Recipients.Select(r => transaction.Recipients[r]);

    private static async Task<MessageAnswer?> BeginAsync(OutgoingDelivery outgoing, CancellationToken cancel) =>
        await outgoing.BeginAsync(cancel) is { } refused ? new MessageAnswer.FromServer(refused) : null;

    private static MessageAnswer.Ours Later(string cause) => new(new Reply(451, "4.4.2", "A part of this message cannot be delivered now; try again later"), cause);

    private static MessageAnswer.Ours Unreportable(Relay relay) => new(
        new Reply(550, "5.7.1", "Nobody got this message: some recipients have no certificate, and no report about them can be sent from here, since it would have an address beyond ASCII; send to the others alone"),
        $"the relay {relay.Name} does not offer SMTPUTF8 with 8BITMIME, which a report needs where the sender's address, or the box's own in [box] name, is beyond ASCII (RFC 6531); switch it on there, or name another relay");

    private static MessageAnswer.Ours ChangedItsMind(ServerReply reply) => new(
        new Reply(451, "4.3.0", $"The mail server changed its mind about a recipient ({reply.Text}); try again later"), $"the mail server refused when the message was addressed anew: {reply.Text}");

    private static MessageAnswer.Ours RefusedBy(Relay relay, ServerReply reply) => new(
        new Reply(451, "4.3.0", $"The relay refuses a part of this message ({reply.Text}); try again later"),
        $"the relay {relay.Name} refuses the sender or a recipient: {reply.Text}; it must take mail of the box for any domain");
}
