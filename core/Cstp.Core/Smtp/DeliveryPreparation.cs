using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>Brings every delivery of a message to the server's 354: the keeper on the client's own connection, others on further ones.</summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
/// <param name="transaction">The transaction as the client made it.</param>
/// <param name="planned">The deliveries.</param>
internal sealed class DeliveryPreparation(SmtpSession session, SmtpServices services, Transaction transaction, IReadOnlyList<PlannedDelivery> planned)
{
    private readonly OutgoingDelivery?[] _outgoing = new OutgoingDelivery?[planned.Count];

    /// <summary>The first protected delivery, else the first: its reply is the client's.</summary>
    private readonly int _keeper = Math.Max(0, planned.ToList().FindIndex(p => p.Protection != Protection.None));

    /// <summary>The deliveries in the plan's order; all there once <see cref="RunAsync"/> answered null.</summary>
    public IReadOnlyList<OutgoingDelivery> Deliveries => [.. _outgoing.Select(d => d!)];

    /// <summary>The deliveries in the order of their commit: the keeper first, since what it refuses the others would, too.</summary>
    public IReadOnlyList<OutgoingDelivery> CommitOrder => [_outgoing[_keeper]!, .. _outgoing.Where((_, i) => i != _keeper).Select(d => d!)];

    /// <summary>Connects, addresses, and says DATA everywhere.</summary>
    /// <param name="cancel">The session ends, or the time for the transfer.</param>
    /// <returns>Null where all servers wait for content, else the answer for the client.</returns>
    public async Task<MessageAnswer?> RunAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(services.Options.PreparationTimeout);
        try
        {
            foreach (int i in Enumerable.Range(0, planned.Count).Where(i => i != _keeper).Append(_keeper))
            {
                if (await PrepareAsync(i, patience.Token) is { } answer)
                    return answer;
            }
            return null;
        }
        catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !session.Within(Timeout.InfiniteTimeSpan).IsCancellationRequested))
        {
            if (_outgoing[_keeper] is not null)
                session.LoseServer();
            return new MessageAnswer.Ours(new Reply(451, "4.4.2", "A part of this message cannot be delivered now; try again later"), e.Message);
        }
    }

    /// <summary>Takes leave of the further connections; the client need not wait for their goodbyes.</summary>
    public void Leave()
    {
        for (int i = 0; i < _outgoing.Length; i++)
        {
            if (i != _keeper)
                _ = _outgoing[i]?.LeaveAsync();
        }
    }

    private async Task<MessageAnswer?> PrepareAsync(int i, CancellationToken cancel)
    {
        SmtpConnection server = i == _keeper ? session.Server! : await session.ConnectAgainAsync(cancel);
        var delivery = new OutgoingDelivery(server, services.Options, services.Time);
        _outgoing[i] = delivery;
        bool isWhole = planned[i].Recipients.Count == transaction.Recipients.Count && !transaction.HasWithheld;
        if (i != _keeper || !isWhole)
        {
            ServerReply? refused = await delivery.AddressAsync(transaction, planned[i].Recipients, session.Extensions.Has("PIPELINING"), reset: i == _keeper, cancel);
            if (refused is not null)
            {
                return new MessageAnswer.Ours(
                    new Reply(451, "4.3.0", $"The mail server changed its mind about a recipient ({refused.Text}); try again later"), $"the server refused when the message was addressed anew: {refused.Text}");
            }
        }
        ServerReply go = await delivery.BeginDataAsync(cancel);
        return delivery.IsInData ? null : new MessageAnswer.FromServer(go);
    }
}
