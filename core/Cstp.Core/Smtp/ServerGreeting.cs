using Cstp.Core.Tls;

namespace Cstp.Core.Smtp;

/// <summary>How a server was greeted in the client's name, and what TLS came of it.</summary>
/// <param name="Reply">Its reply to the greeting: to the one inside TLS, where there is TLS.</param>
/// <param name="Peer">What it showed; null without TLS.</param>
/// <param name="Failure">Why there is no TLS; null where there is, or nobody wanted it.</param>
/// <param name="IsBroken">Whether the connection is of no use any more.</param>
internal sealed record ServerGreeting(ServerReply Reply, TlsPeer? Peer, string? Failure, bool IsBroken)
{
    /// <summary>Greets, and begins TLS where the server offers it (RFC 3207 4).</summary>
    /// <param name="server">The connection, in clear, with no command under way.</param>
    /// <param name="line">The client's EHLO or HELO.</param>
    /// <param name="secure">Shakes hands; null where TLS is not wanted.</param>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="ConnectionLostException">The server closed.</exception>
    /// <exception cref="SmtpProtocolException">What came is no reply.</exception>
    public static async Task<ServerGreeting> RunAsync(SmtpConnection server, string line, Func<SmtpConnection, Task<TlsPeer?>>? secure, CancellationToken cancel)
    {
        bool isHelo = !line.StartsWith("EHLO", StringComparison.OrdinalIgnoreCase);
        if (secure is null)
            return new(await AskAsync(server, line, cancel), null, null, IsBroken: false);
        // Whoever says HELO gets TLS towards the server, too: only EHLO tells whether there is any.
        ServerReply offer = await AskAsync(server, isHelo ? $"EHLO{line[4..]}" : line, cancel);
        if (!offer.IsPositive || !Offers(offer))
        {
            const string None = "the server offers no TLS";
            return new(isHelo ? await AskAsync(server, line, cancel) : offer, null, None, IsBroken: false);
        }
        ServerReply go = await AskAsync(server, "STARTTLS", cancel);
        if (go.Code != 220)
            return new(isHelo ? await AskAsync(server, line, cancel) : offer, null, $"the server offers TLS and answers '{go.Text}' to STARTTLS", IsBroken: false);
        if (server.HasBuffered)
            return new(offer, null, "the server sent octets in clear behind its reply to STARTTLS", IsBroken: true);
        TlsPeer? peer;
        try
        {
            peer = await secure(server);
        }
        catch (Exception e) when (e is TlsHandshakeException or OperationCanceledException)
        {
            return new(offer, null, $"the server's TLS handshake failed: {e.Message}", IsBroken: true);
        }
        return new(await AskAsync(server, line, cancel), peer, null, IsBroken: false);
    }

    private static bool Offers(ServerReply ehlo) =>
        ehlo.Lines.Skip(1).Any(line => line.Length > 4 && line[4..].Split(' ', 2)[0].Equals("STARTTLS", StringComparison.OrdinalIgnoreCase));

    private static async Task<ServerReply> AskAsync(SmtpConnection server, string line, CancellationToken cancel)
    {
        await server.SendAsync(line + "\r\n", cancel);
        return await server.ReadReplyAsync(cancel);
    }
}
