using System.Net.Sockets;
using Cstp.Abstractions;
using Cstp.Core.Tls;

namespace Cstp.Core.Smtp;

/// <summary>The way for parts of a message that cannot go to the client's own server. For clients on the inside alone: nobody else relays through the box.</summary>
/// <param name="server">The server.</param>
/// <param name="hello">The box's name.</param>
/// <param name="options">Limits.</param>
/// <param name="credentials">The box's user and password there; null where it does not authenticate.</param>
internal sealed class Relay(RelayServer server, string hello, SmtpOptions options, RelayCredentials? credentials)
{
    /// <summary>The server, for people.</summary>
    public string Name => server.ToString();

    /// <summary>The box's name towards it.</summary>
    public string Hello => hello;

    private bool NeedsTls => credentials is not null && !server.IsLoopback;

    /// <summary>Connects, greets, and authenticates where that is configured.</summary>
    /// <param name="tls">The TLS of the session, than which the relay's is never less; null where the box terminates none.</param>
    /// <param name="cancel">The deadline.</param>
    /// <returns>The connection, and what the relay offers.</returns>
    /// <exception cref="IOException">It cannot be reached, refuses, has less TLS than the session, or is not the one that may have the password.</exception>
    public async Task<(SmtpConnection Connection, ServerExtensions Offer)> ConnectAsync(SessionTls? tls, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, cancel);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"the relay {Name} cannot be reached: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var connection = new SmtpConnection(socket);
        try
        {
            ServerReply banner = await connection.ReadReplyAsync(cancel);
            if (!banner.IsPositive)
                throw new IOException($"the relay {Name} refuses the connection: {banner.Text}");
            (ServerReply reply, TlsLegs? legs) = await GreetAsync(connection, tls, cancel);
            if (reply.IsPositive)
            {
                if (credentials is not null)
                    reply = await AuthenticateAsync(credentials, connection, reply, legs, cancel);
                EhloResponse.Rewrite(reply, Side.Outside, options, out ServerExtensions offer, legs);
                return (connection, offer);
            }
            if (credentials is not null)
                throw new IOException($"the relay {Name} refuses EHLO, without which nobody authenticates: {reply.Text}");
            reply = await AskAsync(connection, "HELO", cancel);
            return reply.IsPositive ? (connection, ServerExtensions.None) : throw new IOException($"the relay {Name} refuses the greeting: {reply.Text}");
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    private async Task<(ServerReply Reply, TlsLegs? Legs)> GreetAsync(SmtpConnection connection, SessionTls? tls, CancellationToken cancel)
    {
        if (tls is null)
            return (await AskAsync(connection, "EHLO", cancel), null);
        TlsRule rule = NeedsTls ? tls.Options.RuleForPassword(connection.Peer.Address, server.Host) : tls.Options.RuleFor(connection.Peer.Address);
        try
        {
            return await tls.GreetAgainAsync(connection, rule, server.Host, $"EHLO {hello}", cancel);
        }
        catch (IOException e) when (NeedsTls && e is not ConnectionLostException)
        {
            throw NoPassword(e.Message);
        }
    }

    /// <returns>What the relay offers to whom it let in, which may be more: servers like Dovecot's ask the next one only then.</returns>
    private async Task<ServerReply> AuthenticateAsync(RelayCredentials own, SmtpConnection connection, ServerReply ehlo, TlsLegs? legs, CancellationToken cancel)
    {
        if (NeedsTls && legs is not { ServerIsSecured: true, ServerIsVerified: true })
            throw NoPassword("it is not verified in TLS");
        try
        {
            await own.AuthenticateAsync(connection, ehlo, cancel);
        }
        catch (IOException e)
        {
            throw new IOException($"the relay {Name} does not let the box in: {e.Message}", e);
        }
        ServerReply again = await AskAsync(connection, "EHLO", cancel);
        return again.IsPositive ? again : throw new IOException($"the relay {Name} let the box in and then answers EHLO with {again.Code}; look at its log");
    }

    private IOException NoPassword(string cause) =>
        new($"the relay {Name} gets no password: {cause}. It must have TLS and a certificate for the host name in [relay] server, or what [[tls.destinations]] asks of its address");

    private async Task<ServerReply> AskAsync(SmtpConnection connection, string verb, CancellationToken cancel)
    {
        await connection.SendAsync($"{verb} {hello}\r\n", cancel);
        return await connection.ReadReplyAsync(cancel);
    }
}
