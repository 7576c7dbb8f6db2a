using System.ComponentModel.DataAnnotations;
using Cstp.Abstractions;

namespace Cstp.Core.Securing.Rules;

/// <summary>One entry of <c>[[securing.aliases]]</c>: a further address of a user.</summary>
internal sealed record AddressAlias : IValidatableObject
{
    /// <summary>The further address.</summary>
    public required string Address { get; init; }

    /// <summary>The address that the user's certificates and keys are stored under.</summary>
    public required string User { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string member, string? text) in new[] { (nameof(Address), Address), (nameof(User), User) })
        {
            if (text is not null && !Mailbox.TryParse(text, out _))
                yield return new ValidationResult($"'{text}' is no mail address", [member]);
        }
    }
}
