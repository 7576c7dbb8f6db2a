using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Securing;

namespace Cstp.Core.Smtp;

/// <summary>Who got a message, how protected, by which way, and why: the words of the log's one line a message.</summary>
/// <param name="Deliveries">One text for each delivery; null where the octets flowed past.</param>
/// <param name="Served">Who had the message before.</param>
internal sealed record DeliveryStory(IReadOnlyList<string>? Deliveries, IReadOnlyList<Mailbox> Served)
{
    /// <summary>Recipients that are named; a line of a thousand is read by nobody.</summary>
    public const int MaxNamed = 10;

    /// <summary>A message at which nobody looked.</summary>
    public static DeliveryStory Relayed { get; } = new(null, []);

    /// <summary>Some had it before.</summary>
    /// <param name="served">Who.</param>
    public DeliveryStory Before(IReadOnlyList<Mailbox> served) => this with { Served = served };

    /// <summary>A plan was made, and ways were looked for.</summary>
    /// <param name="planned">The plan.</param>
    /// <param name="preparation">The ways.</param>
    /// <param name="recipients">The transaction's recipients.</param>
    public DeliveryStory Planned(IReadOnlyList<PlannedDelivery> planned, DeliveryPreparation preparation, IReadOnlyList<Mailbox> recipients) => this with
    {
        Deliveries = [.. planned.Zip(preparation.Ways, (delivery, way) =>
            $"{(delivery.IsReport ? "withheld from" : "to")} {Names(delivery.Recipients.Select(r => recipients[r]), delivery.Recipients.Count)} "
            + $"({(delivery.IsReport ? "reported to the sender" : Name(delivery.Protection))}: {delivery.Why}; {way ?? "no way"})")],
    };

    /// <summary>All of it.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="code">The final reply's.</param>
    public string Tell(Transaction transaction, int code)
    {
        List<string> parts = [.. Deliveries ?? (transaction.Mailboxes.Count > Served.Count ? [$"to {Names(transaction.Mailboxes, transaction.Mailboxes.Count)}{(code < 400 ? " (as it came)" : "")}"] : [])];
        if (Served.Count > 0)
            parts.Add($"not again to {Names(Served, Served.Count)} (delivered in an earlier attempt)");
        if (transaction.FirstRefusal is { } refusal)
            parts.Add($"not to {Names(transaction.Refused, transaction.RefusedCount)} (refused: {LogText.Escape(refusal.ToString())})");
        return string.Join(", ", parts);
    }

    private static string Names(IEnumerable<Mailbox> recipients, int count) =>
        string.Join(' ', recipients.Take(MaxNamed).Select(r => $"<{r}>")) + (count > MaxNamed ? $" and {count - MaxNamed} more" : "");

    private static string Name(Protection protection) => protection switch
    {
        Protection.None => "as it came",
        Protection.Signed => "signed",
        Protection.Encrypted => "encrypted",
        _ => "signed and encrypted",
    };
}
