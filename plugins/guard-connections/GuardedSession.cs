using System.Net;

namespace Cstp.GuardConnections;

/// <summary>A session of a guarded client. Its calls come one after the other.</summary>
/// <param name="Address">The client's address.</param>
/// <param name="Account">What is known of it.</param>
internal sealed record GuardedSession(IPAddress Address, ClientAccount Account)
{
    /// <summary>Whether it has a place in the tar-pit.</summary>
    public bool IsSlowed { get; set; }

    /// <summary>Whether it was noticed that it spoke too early.</summary>
    public bool IsKnownEarly { get; set; }
}
