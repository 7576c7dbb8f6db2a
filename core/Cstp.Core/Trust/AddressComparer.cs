using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Cstp.Core.Trust;

/// <summary>Compares written mailboxes as <see cref="CertificateAddresses.Same"/> does: without case, beyond ASCII octet for octet.</summary>
internal sealed class AddressComparer : IEqualityComparer<string>
{
    private AddressComparer()
    {
    }

    /// <summary>The one there is.</summary>
    public static AddressComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(string? one, string? other) => string.Equals(one, other, one is null || Ascii.IsValid(one) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] string address) => address.GetHashCode(StringComparison.OrdinalIgnoreCase);
}
