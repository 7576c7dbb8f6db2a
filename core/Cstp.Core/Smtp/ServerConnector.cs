using System.Net;
using System.Net.Sockets;
using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>A server takes no second connection from one source.</summary>
/// <param name="message">What it said; printable.</param>
internal sealed class SecondConnectionException(string message) : IOException(message);

/// <summary>Makes the connections of one session to its server.</summary>
/// <param name="services">What all sessions share.</param>
/// <param name="listener">Where the session was accepted.</param>
/// <param name="client">The client's address.</param>
/// <param name="destination">The accepted socket's own address.</param>
internal sealed class ServerConnector(SmtpServices services, SmtpListener listener, IPEndPoint client, IPEndPoint destination)
{
    /// <summary>Connects; nothing is read yet.</summary>
    /// <param name="cancel">The deadline.</param>
    public async Task<SmtpConnection> ConnectAsync(CancellationToken cancel) =>
        new(await services.Network.ConnectAsync(listener, client, destination, cancel));

    /// <summary>Connects and greets as the client did.</summary>
    /// <param name="helloLine">The client's EHLO or HELO line.</param>
    /// <param name="tls">The TLS of the session; null where the box terminates none.</param>
    /// <param name="cancel">The deadline.</param>
    /// <returns>The connection, and what the server offers there.</returns>
    /// <exception cref="SecondConnectionException">The server takes no second connection.</exception>
    /// <exception cref="IOException">The server was lost, refuses the greeting, or has less TLS.</exception>
    public async Task<(SmtpConnection Connection, ServerExtensions Offer)> ConnectAgainAsync(string? helloLine, SessionTls? tls, CancellationToken cancel)
    {
        SmtpConnection connection;
        try
        {
            connection = await ConnectAsync(cancel);
        }
        catch (SocketException e)
        {
            throw new SecondConnectionException($"the server refuses a second connection: {e.Message}");
        }
        try
        {
            ServerReply banner = await connection.ReadReplyAsync(cancel);
            if (!banner.IsPositive)
                throw new SecondConnectionException($"the server refuses a second connection: {banner.Text}");
            string line = helloLine ?? "HELO localhost";
            (ServerReply hello, TlsLegs? legs) = tls is null
                ? ((await ServerGreeting.RunAsync(connection, line, null, cancel)).Reply, null)
                : await tls.GreetAgainAsync(connection, tls.Options.RuleFor(connection.Peer.Address), null, line, cancel);
            if (!hello.IsPositive)
                throw new IOException($"the server refuses the greeting on a second connection: {hello.Text}");
            ServerExtensions offer = ServerExtensions.None;
            if (helloLine?.StartsWith("EHLO", StringComparison.OrdinalIgnoreCase) == true)
                EhloResponse.Rewrite(hello, listener.Side, services.Options, out offer, legs);
            return (connection, offer);
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }
}
