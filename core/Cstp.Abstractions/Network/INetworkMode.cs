using System.Net;
using System.Net.Sockets;

namespace Cstp.Abstractions;

/// <summary>A listener of the box.</summary>
/// <param name="Side">The side of every session accepted there.</param>
/// <param name="EndPoint">The local address; port 0 lets the system choose.</param>
public sealed record SmtpListener(Side Side, IPEndPoint EndPoint);

/// <summary>One thing that a network mode found out about its surroundings.</summary>
/// <param name="Healthy">Whether it is as it must be.</param>
/// <param name="Subject">What was looked at.</param>
/// <param name="Finding">What was found, and where it is not healthy what to do.</param>
public sealed record NetworkFinding(bool Healthy, string Subject, string Finding);

/// <summary>How the network stands that a mode makes.</summary>
/// <param name="IsUp">Whether everything that <see cref="INetworkMode.UpAsync"/> makes is there.</param>
/// <param name="Facts">What there is to tell, each with its name, in order.</param>
public sealed record NetworkStatus(bool IsUp, IReadOnlyList<KeyValuePair<string, string>> Facts);

/// <summary>
/// How SMTP sessions come to the box and go on to the server: makes the network ready, supplies the listening sockets, connects upstream.
/// </summary>
/// <remarks>
/// A proxy that starts calls <see cref="UpAsync"/>, opens the listeners, and calls <see cref="ListeningAsync"/>; one that stops calls
/// <see cref="DrainingAsync"/> before it closes them. What was made stays, so that what shall happen while no proxy runs can happen;
/// <see cref="DownAsync"/> is an administrator's command. Both may be repeated and change nothing that already is as it shall be.
/// <see cref="ConnectAsync"/> is called by many threads.
/// </remarks>
public interface INetworkMode
{
    /// <summary>The listeners; at least one.</summary>
    IReadOnlyList<SmtpListener> Listeners { get; }

    /// <summary>
    /// Null where the box can reach other hosts by itself; else why it cannot and what to do: settings that need a way of its own, like
    /// <c>[relay]</c>, are then a mistake.
    /// </summary>
    string? WhyIsolated => null;

    /// <summary>Makes the network ready.</summary>
    /// <param name="cancel">Ends the attempt; what was done stays to be taken back.</param>
    /// <exception cref="IOException">The network cannot be made ready; the message names cause and mend.</exception>
    ValueTask UpAsync(CancellationToken cancel);

    /// <summary>Takes back everything that <see cref="UpAsync"/> did.</summary>
    /// <param name="cancel">Ends the attempt.</param>
    ValueTask DownAsync(CancellationToken cancel);

    /// <summary>Everything that <see cref="UpAsync"/> would do now, as a script that an administrator can read.</summary>
    /// <param name="cancel">Ends the look.</param>
    /// <exception cref="IOException">The network cannot be made ready; the message names cause and mend.</exception>
    ValueTask<string> PlanAsync(CancellationToken cancel) => ValueTask.FromResult("# this network mode changes nothing\n");

    /// <summary>How things stand, without changing anything.</summary>
    /// <param name="cancel">Ends the look.</param>
    ValueTask<NetworkStatus> StatusAsync(CancellationToken cancel) => ValueTask.FromResult(new NetworkStatus(true, []));

    /// <summary>The listeners accept: from now on sessions may be led to them.</summary>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="IOException">They cannot be led there; the message names cause and mend.</exception>
    ValueTask ListeningAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>The listeners are about to close: from now on only sessions in progress may be led to the box.</summary>
    ValueTask DrainingAsync() => ValueTask.CompletedTask;

    /// <summary>Looks whether everything is as it must be, without changing anything.</summary>
    /// <param name="cancel">Ends the look.</param>
    ValueTask<IReadOnlyList<NetworkFinding>> CheckAsync(CancellationToken cancel);

    /// <summary>Makes the bound, not yet listening socket of a listener.</summary>
    /// <param name="listener">One of <see cref="Listeners"/>.</param>
    /// <returns>A socket that belongs to the caller.</returns>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    Socket Bind(SmtpListener listener);

    /// <summary>Connects to the server of a session.</summary>
    /// <param name="listener">The listener that accepted it.</param>
    /// <param name="client">The client's address.</param>
    /// <param name="destination">The local address of the accepted socket; in the bridge modes this is the server that the client meant.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>A connected socket that belongs to the caller.</returns>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    ValueTask<Socket> ConnectAsync(SmtpListener listener, IPEndPoint client, IPEndPoint destination, CancellationToken cancel);
}
