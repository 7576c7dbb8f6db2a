using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>Sends the final dots, one after the other: what fails before the first was accepted fails for all.</summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
internal sealed class DeliveryCommit(SmtpSession session, SmtpServices services)
{
    /// <summary>Commits.</summary>
    /// <param name="deliveries">Each sent to just before its final dot; the first one's reply is the client's.</param>
    /// <returns>The answer for the client.</returns>
    /// <exception cref="SmtpProtocolException">A server answered what is no answer to a final dot.</exception>
    public async Task<MessageAnswer> RunAsync(IReadOnlyList<OutgoingDelivery> deliveries)
    {
        ServerReply? answer = null;
        for (int i = 0; i < deliveries.Count; i++)
        {
            ServerReply? reply = await CommitAsync(deliveries[i]);
            if (reply is { IsPositive: true })
            {
                answer ??= reply;
                continue;
            }
            if (deliveries.Skip(i + 1).Any(rest => rest.Server == session.Server))
                session.LoseServer();
            if (i > 0)
            {
                SmtpLog.PartialCommit(services.Logger, session.Id, i, reply?.Text ?? "the server was lost after the final dot");
                return new MessageAnswer.Ours(
                    new Reply(451, "4.4.2", "A part of the deliveries was not accepted; the message will be sent to all once more"), "a partial delivery");
            }
            return reply is not null
                ? new MessageAnswer.FromServer(reply)
                : new MessageAnswer.Ours(new Reply(451, "4.4.2", "The mail server was lost after the message; its reply is unknown"), "the server was lost after the final dot");
        }
        return new MessageAnswer.FromServer(answer!);
    }

    /// <returns>The server's word; null where it was lost, and nobody knows: the sender keeps the message (RFC 1047).</returns>
    private async Task<ServerReply?> CommitAsync(OutgoingDelivery delivery)
    {
        try
        {
            ServerReply reply = await delivery.CommitAsync(session.Within(Timeout.InfiniteTimeSpan));
            return reply.FirstDigit == 3 ? throw new SmtpProtocolException($"reply {reply.Code} to the final dot") : reply;
        }
        catch (EarlyReplyException e)
        {
            if (delivery.Server == session.Server)
                session.LoseServer();
            return e.Reply is null or { FirstDigit: 4 or 5 } ? e.Reply : throw new SmtpProtocolException($"reply {e.Reply.Code} before the final dot");
        }
    }
}
