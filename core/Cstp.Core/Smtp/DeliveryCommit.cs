using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Ledger;

namespace Cstp.Core.Smtp;

/// <summary>
/// Sends the final dots, one after the other: what fails before the first was accepted fails for all. What was accepted before another failed is
/// remembered, so that it is not sent once more when the message comes again.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
internal sealed class DeliveryCommit(SmtpSession session, SmtpServices services)
{
    /// <summary>Commits the one delivery of a message.</summary>
    /// <param name="delivery">Sent to just before its final dot.</param>
    /// <returns>The answer for the client.</returns>
    /// <exception cref="SmtpProtocolException">The server answered what is no answer to a final dot.</exception>
    public async Task<MessageAnswer> RunAsync(OutgoingDelivery delivery) =>
        await CommitAsync(delivery, services.Options.FinalReplyTimeout) is { } reply
            ? new MessageAnswer.FromServer(reply)
            : new MessageAnswer.Ours(new Reply(451, "4.4.2", "The mail server was lost after the message; its reply is unknown"), "the server was lost after the final dot");

    /// <summary>Commits several.</summary>
    /// <param name="deliveries">Each sent to just before its final dot.</param>
    /// <param name="keeper">The one whose reply is the client's; null for the first.</param>
    /// <param name="message">The message for the ledger; null for one that cannot be told from others.</param>
    /// <returns>The answer for the client.</returns>
    /// <exception cref="SmtpProtocolException">A server answered what is no answer to a final dot.</exception>
    public async Task<MessageAnswer> RunAsync(IReadOnlyList<PreparedDelivery> deliveries, PreparedDelivery? keeper, LedgerMessage? message)
    {
        Mailbox[] all = [.. deliveries.SelectMany(d => d.Recipients)];
        if (message is not null)
        {
            try
            {
                await services.Ledger.OpenAsync(message, all);
            }
            catch (LedgerException e)
            {
                session.LoseServer();
                return MessageAnswer.Unavailable($"the ledger of partial deliveries cannot be written: {e.Message}");
            }
        }
        // The client waits for all of them within one and the same time.
        long began = services.Time.GetTimestamp();
        ServerReply? answer = null;
        for (int i = 0; i < deliveries.Count; i++)
        {
            TimeSpan left = services.Options.FinalReplyTimeout - services.Time.GetElapsedTime(began);
            ServerReply? reply = left > TimeSpan.Zero ? await CommitAsync(deliveries[i].Outgoing, left) : null;
            if (reply is not { IsPositive: true })
                return await FailAsync(deliveries, i, reply, message, all);
            if (message is not null)
                await (i < deliveries.Count - 1 ? services.Ledger.ServedAsync(message, deliveries[i].Recipients) : services.Ledger.CompletedAsync(message, all));
            if (deliveries[i] == (keeper ?? deliveries[0]))
                answer = reply;
        }
        if (message is not null)
            session.WhenHeard(() => services.Ledger.CloseAsync(message, all));
        return new MessageAnswer.FromServer(answer!);
    }

    private async Task<MessageAnswer> FailAsync(IReadOnlyList<PreparedDelivery> deliveries, int failed, ServerReply? reply, LedgerMessage? message, Mailbox[] all)
    {
        if (deliveries.Skip(failed).Any(rest => rest.Outgoing.Server == session.Server && rest.Outgoing.IsInData))
            session.LoseServer();
        Mailbox[] served = [.. deliveries.Take(failed).SelectMany(d => d.Recipients)];
        if (message is not null)
            await services.Ledger.CloseAsync(message, [.. all.Except(served)]);
        if (failed > 0)
        {
            string cause = reply?.Text ?? "the server was lost after the final dot";
            SmtpLog.PartialCommit(services.Logger, session.Id, failed, deliveries.Count, deliveries[failed].Way, cause, LogText.Escape(string.Join(' ', served.AsEnumerable())));
            return new MessageAnswer.Ours(
                new Reply(451, "4.4.2", "A part of the deliveries was not accepted; try again later, and those who have the message do not get it once more"), $"a partial delivery: {cause}");
        }
        return reply is not null
            ? new MessageAnswer.FromServer(reply)
            : new MessageAnswer.Ours(new Reply(451, "4.4.2", "The mail server was lost after the message; its reply is unknown"), "the server was lost after the final dot");
    }

    /// <returns>The server's word; null where it was lost, and nobody knows: the sender keeps the message (RFC 1047).</returns>
    private async Task<ServerReply?> CommitAsync(OutgoingDelivery delivery, TimeSpan patience)
    {
        try
        {
            ServerReply reply = await delivery.CommitAsync(patience, session.Within(Timeout.InfiniteTimeSpan));
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
