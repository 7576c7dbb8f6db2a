using System.Diagnostics.CodeAnalysis;
using Cstp.Abstractions;

namespace Cstp.Core.Securing.Rules;

/// <summary>Which addresses a rule speaks of; local part and domain are compared without case (RFC 8550 3).</summary>
internal sealed class AddressPattern
{
    private readonly Func<Mailbox?, bool> _matches;

    private AddressPattern(Func<Mailbox?, bool> matches) => _matches = matches;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">
    /// <c>*</c> for every address and none, <c>&lt;&gt;</c> for the null reverse-path, <c>julia@intel.test</c> for one mailbox,
    /// <c>intel.test</c> or <c>*@intel.test</c> for a domain alone, <c>.intel.test</c> for all domains below it.
    /// </param>
    /// <param name="pattern">The pattern, or null.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out AddressPattern? pattern)
    {
        pattern = text switch
        {
            "*" => new(_ => true),
            "<>" => new(mailbox => mailbox is null),
            ['.', .. string below] when Mailbox.TryParseDomain(below, out string? parent) => new(mailbox => mailbox?.Domain.EndsWith("." + parent, StringComparison.Ordinal) == true),
            ['*', '@', .. string whole] when Mailbox.TryParseDomain(whole, out string? domain) => new(mailbox => mailbox?.Domain == domain),
            _ when Mailbox.TryParseDomain(text, out string? domain) => new(mailbox => mailbox?.Domain == domain),
            _ when Mailbox.TryParse(text, out Mailbox? one) => new(mailbox => mailbox?.ToString().Equals(one.ToString(), StringComparison.OrdinalIgnoreCase) == true),
            _ => null,
        };
        return pattern is not null;
    }

    /// <summary>Whether it speaks of an address.</summary>
    /// <param name="mailbox">The address; null for the null reverse-path.</param>
    public bool Matches(Mailbox? mailbox) => _matches(mailbox);
}
