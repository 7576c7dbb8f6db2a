using System.ComponentModel.DataAnnotations;

namespace Cstp.Core.Securing.Rules;

/// <summary>Which way the mail of a rule goes.</summary>
internal enum RuleDirection
{
    /// <summary>Both ways.</summary>
    Both,

    /// <summary>From local to remote users.</summary>
    Outbound,

    /// <summary>From remote to local users.</summary>
    Inbound,
}

/// <summary>
/// One entry of <c>[[securing.rules]]</c>. For each kind of protection the first rule that matches and speaks of it decides; where
/// none does, it is <see cref="Demand.Prefer"/>.
/// </summary>
internal sealed record SecuringRule : IValidatableObject
{
    /// <summary>Which way the mail goes.</summary>
    public RuleDirection Direction { get; init; }

    /// <summary>The local users it speaks of: addresses, domains, <c>*</c>. Outbound that is the reverse-path, inbound the recipient.</summary>
    public IReadOnlyList<string> Local { get; init; } = ["*"];

    /// <summary>The remote users it speaks of. Outbound that is the recipient, inbound the reverse-path and the From addresses, of which the strictest counts.</summary>
    public IReadOnlyList<string> Remote { get; init; } = ["*"];

    /// <summary>Whether it is encrypted; inbound <c>never</c> leaves an encrypted message closed.</summary>
    public Demand? Encrypt { get; init; }

    /// <summary>Whether it is signed; inbound <c>never</c> leaves signatures unchecked.</summary>
    public Demand? Sign { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string member, IReadOnlyList<string> texts) in new[] { (nameof(Local), Local), (nameof(Remote), Remote) })
        {
            if (texts.Count == 0)
                yield return new ValidationResult("names nobody; write \"*\" for everybody, or take it out", [member]);
            foreach (string text in texts.Where(text => !AddressPattern.TryParse(text, out _)))
                yield return new ValidationResult($"'{text}' is no address, domain, \".domain\" (all below), \"<>\" (no sender) or \"*\"", [member]);
        }
        if (Encrypt is null && Sign is null)
            yield return new ValidationResult("demands nothing; give encrypt or sign (\"require\", \"prefer\" or \"never\")");
    }
}
