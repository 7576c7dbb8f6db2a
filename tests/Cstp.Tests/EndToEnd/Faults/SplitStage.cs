using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Cstp.Tests.EndToEnd.Faults;

/// <summary>One attempt of the sender as all of them see it: lets one fall, and knows who has what.</summary>
/// <param name="strike">What falls; null for nothing.</param>
/// <param name="killBox">Kills the box as a crash does.</param>
internal sealed class SplitStage(SplitStrike? strike, Func<Task> killBox)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Role, List<FaultSession>> _sessions = [];
    private bool _struck;
    private FaultSession? _lastTaker;

    /// <summary>The client's connection.</summary>
    public Socket? Client { get; set; }

    /// <summary>Whether the client knows the outcome.</summary>
    public bool ClientHeard { get; set; }

    /// <summary>Whether it came to the fall.</summary>
    public bool HasStruck => _struck;

    /// <summary>Who may get a further copy, since a server took the message and its word was lost (RFC 1047).</summary>
    public ConcurrentQueue<(string Window, string Recipient)> Windows { get; } = new();

    /// <summary>A server's session begins.</summary>
    /// <returns>Its role: the first connection to the server is the client's own.</returns>
    public Role Enter(FaultSession session, bool isRelay)
    {
        lock (_gate)
        {
            Role role = isRelay || _sessions.ContainsKey(Role.FirstServer) ? Role.FurtherServer : Role.FirstServer;
            if (!_sessions.TryGetValue(role, out List<FaultSession>? list))
                _sessions[role] = list = [];
            list.Add(session);
            return role;
        }
    }

    /// <summary>A server took the message.</summary>
    public void Took(FaultSession session)
    {
        lock (_gate)
            _lastTaker = session;
    }

    /// <summary>One of them has come to a point.</summary>
    public async Task ReachAsync(Role witness, Point at)
    {
        lock (_gate)
        {
            if (_struck || strike is null || strike.Witness != witness || strike.At != at)
                return;
            _struck = true;
            if (strike.Victim is Role.FirstServer or Role.FurtherServer)
            {
                foreach (FaultSession session in _sessions.GetValueOrDefault(strike.Victim, []))
                {
                    if (session.Taken is { } taken)
                        Open("a server fell between taking the message and its reply's arrival", taken);
                    Cut(session.Socket);
                }
            }
        }
        if (strike.Victim == Role.Client && Client is not null)
            Cut(Client);
        if (strike.Victim == Role.Box)
            await killBox();
    }

    /// <summary>The attempt is over on all connections.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (ClientHeard || !Windows.IsEmpty)
                return;
            if (_struck && strike!.Victim == Role.Box)
            {
                // Before the next dot the box writes down who has the message: only the last one can be unknown.
                if (_lastTaker?.Recipients is { } last)
                    Open("the box fell between a server's taking the message and writing it down", last);
                return;
            }
            FaultSession[] addressed = [.. _sessions.Values.SelectMany(s => s).Where(s => s.SawData)];
            // What is not split is not written down: there a lost reply is a lost reply.
            if (addressed is [{ Recipients: { } recipients }])
                Open("the client fell, or its connection, before it heard of a message that was not split", recipients);
        }
    }

    private void Open(string window, IReadOnlyList<string> recipients)
    {
        foreach (string recipient in recipients)
            Windows.Enqueue((window, recipient));
    }

    private static void Cut(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }
}

/// <summary>One session of a server.</summary>
internal sealed class FaultSession(Socket socket)
{
    public Socket Socket => socket;

    /// <summary>Whether DATA was accepted here.</summary>
    public bool SawData { get; set; }

    /// <summary>Whom the message was taken for; null as long as it was not.</summary>
    public IReadOnlyList<string>? Recipients { get; set; }

    /// <summary>The same, as long as nobody can know whether the reply arrived.</summary>
    public IReadOnlyList<string>? Taken { get; set; }
}
