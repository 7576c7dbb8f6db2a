using Cstp.Abstractions;

namespace Cstp.Core.Trust;

/// <summary>Whose key one of the box's own is.</summary>
/// <param name="Mailbox">The local user, or null for the gateway.</param>
internal sealed record KeyOwner(Mailbox? Mailbox)
{
    /// <summary>Whether it is the gateway's.</summary>
    public bool IsGateway => Mailbox is null;
}
