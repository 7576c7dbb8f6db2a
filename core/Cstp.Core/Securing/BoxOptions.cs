namespace Cstp.Core.Securing;

/// <summary>Section <c>[box]</c>: who this box is and whom it serves.</summary>
internal sealed record BoxOptions
{
    /// <summary>The address in the gateway certificate.</summary>
    public required string Name { get; init; }

    /// <summary>The local domains: mailboxes behind this box. At least one.</summary>
    public required IReadOnlyList<string> Domains { get; init; }

    /// <summary>The identifier in Authentication-Results (RFC 8601 2.5); by default <c>cstp.</c> and the first domain.</summary>
    public string? AuthservId { get; init; }

    /// <summary>The identifier that is in force.</summary>
    public string EffectiveAuthservId => AuthservId ?? $"cstp.{Domains[0]}";
}
