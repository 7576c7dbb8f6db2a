using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Securing;

/// <summary>One delivery, ready to be written to a server.</summary>
/// <param name="Recipients">Indices into the envelope's recipients.</param>
/// <param name="Protection">How it is protected.</param>
/// <param name="Route">By which way.</param>
/// <param name="Why">Why it is protected so, for the administrator.</param>
/// <param name="WriteAsync">Writes the message from its content (header section and body as the client sent them); a report reads none.</param>
internal sealed record PlannedDelivery(
    IReadOnlyList<int> Recipients,
    Protection Protection,
    DeliveryRoute Route,
    string Why,
    Func<PipeReader, PipeWriter, CancellationToken, Task> WriteAsync)
{
    /// <summary>What it holds; null for what the client declared.</summary>
    public BodyValue? Body { get; init; }

    /// <summary>Whether it needs SMTPUTF8 even where the client did not say so.</summary>
    public bool IsInternational { get; init; }

    /// <summary>Whether its recipients do not get the message, but its sender a report.</summary>
    public bool IsReport => Route == DeliveryRoute.Withheld;
}

/// <summary>What becomes of a message whose header section was read. Exactly one of the nested types.</summary>
internal abstract record MessageDecision
{
    private MessageDecision()
    {
    }

    /// <summary>The client's dot is answered with this.</summary>
    /// <param name="Reply">The refusal.</param>
    public sealed record Refuse(Reply Reply) : MessageDecision;

    /// <summary>The body streams into these deliveries while it arrives.</summary>
    /// <param name="Deliveries">At least one, each recipient in exactly one.</param>
    public sealed record Stream(IReadOnlyList<PlannedDelivery> Deliveries) : MessageDecision;

    /// <summary>The message is held to its end, and decided anew.</summary>
    /// <param name="OpenAsync">Decides over the held message: a <see cref="Refuse"/> or a <see cref="Stream"/> whose deliveries read the held message.</param>
    public sealed record Hold(Func<HeldMessage, CancellationToken, Task<MessageDecision>> OpenAsync) : MessageDecision;
}
