using Cstp.Abstractions;

namespace Cstp.Core.Securing.Rules;

/// <summary>Finds under which address a user's certificates and keys are stored. Immutable; safe for all threads.</summary>
internal sealed class UserAddresses
{
    private readonly Dictionary<string, Mailbox> _aliases = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _separators;

    /// <summary>Takes a table that was validated.</summary>
    /// <param name="aliases">The aliases.</param>
    /// <param name="separators">Characters of which the first in a local part begins the detail (RFC 5233 1); empty for none.</param>
    public UserAddresses(IReadOnlyList<AddressAlias> aliases, string separators)
    {
        foreach (AddressAlias alias in aliases)
            _aliases[Mailbox.Parse(alias.Address).ToString()] = Mailbox.Parse(alias.User);
        _separators = separators;
    }

    /// <summary>The user of an address.</summary>
    /// <param name="address">The address as it stands in the transaction.</param>
    /// <returns>The address itself where the table does not know it. An alias of an alias is not followed.</returns>
    public Mailbox UserOf(Mailbox address)
    {
        if (_aliases.TryGetValue(address.ToString(), out Mailbox? user))
            return user;
        int detail = _separators.Length == 0 || address.LocalPart.StartsWith('"') ? -1 : address.LocalPart.IndexOfAny(_separators.ToCharArray());
        if (detail <= 0 || !Mailbox.TryParse($"{address.LocalPart[..detail]}@{address.Domain}", out Mailbox? plain))
            return address;
        return _aliases.GetValueOrDefault(plain.ToString(), plain);
    }
}
