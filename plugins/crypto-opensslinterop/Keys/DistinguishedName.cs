using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>Compares names as people read them (RFC 5280 7.1): some writers change the string type of a name that they copy.</summary>
internal static partial class DistinguishedName
{
    /// <summary>Whether two names are the same.</summary>
    /// <param name="one">A Name.</param>
    /// <param name="other">A Name.</param>
    public static bool Same(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one.SequenceEqual(other))
            return true;
        try
        {
            return Plain(one) == Plain(other);
        }
        catch (CryptographicException)
        {
            // It is no Name, and so not the same one.
            return false;
        }
    }

    private static string Plain(ReadOnlySpan<byte> name) =>
        Spaces().Replace(new X500DistinguishedName(name).Decode(X500DistinguishedNameFlags.UseNewLines).Trim().ToLowerInvariant(), " ");

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
