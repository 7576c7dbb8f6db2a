using Cstp.Abstractions;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>A delivery whose server waits for content.</summary>
/// <param name="Planned">What it is.</param>
/// <param name="Recipients">Who gets it, or, of a report, who does not.</param>
/// <param name="Outgoing">Its way to the server.</param>
/// <param name="Way">The way's name, for the administrator.</param>
internal sealed record PreparedDelivery(PlannedDelivery Planned, IReadOnlyList<Mailbox> Recipients, OutgoingDelivery Outgoing, string Way);
