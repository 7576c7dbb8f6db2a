using System.Text.Json;

namespace Cstp.Host.Demo;

/// <summary>One delivery of the demo: what was sent, what was on the wire, what arrived.</summary>
/// <param name="Name">The message.</param>
/// <param name="Size">Octets that the client sent.</param>
/// <param name="Recipients">Its recipients.</param>
/// <param name="Layers">The layers on the wire, as in the report of <c>cstp message open</c>; empty for an unprotected one.</param>
/// <param name="WireSize">Octets on the wire.</param>
/// <param name="MustBeSecured">Whether there must be layers.</param>
/// <param name="OctetEqual">Whether what arrived is what was sent, but for the Authentication-Results field.</param>
/// <param name="Time">From the client's first octet to the server's acceptance.</param>
internal sealed record DemoDelivery(
    string Name, long Size, IReadOnlyList<string> Recipients, IReadOnlyList<JsonElement> Layers, long WireSize, bool MustBeSecured, bool OctetEqual, TimeSpan Time)
{
    /// <summary>Whether everything is as it must be.</summary>
    public bool IsAsItMustBe => OctetEqual && MustBeSecured == (Layers.Count > 0);
}
