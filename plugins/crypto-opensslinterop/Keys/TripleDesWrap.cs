using System.Security.Cryptography;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>Triple DES key wrap (RFC 3217 3), for reading alone.</summary>
internal static class TripleDesWrap
{
    /// <summary>id-alg-CMS3DESwrap.</summary>
    public const string Oid = "1.2.840.113549.1.9.16.3.6";

    /// <summary>Octets of the key that wraps.</summary>
    public const int KeyLength = 24;

    private static readonly byte[] s_iv = [0x4A, 0xDD, 0xA2, 0x2C, 0x79, 0xE8, 0x21, 0x05];

    /// <summary>Unwraps.</summary>
    /// <param name="encryptionKey">The key that wrapped.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <returns>The key; null where it is not one that was wrapped so.</returns>
    public static byte[]? Unwrap(byte[] encryptionKey, byte[] wrapped)
    {
        if (wrapped.Length != 40)
            return null;
        using var cipher = TripleDES.Create();
        try
        {
            cipher.Key = encryptionKey;
        }
        catch (CryptographicException)
        {
            // A weak key, which .NET does not take: nobody wraps with one in earnest.
            return null;
        }
        byte[] outer = cipher.DecryptCbc(wrapped, s_iv, PaddingMode.None);
        outer.AsSpan().Reverse();
        byte[] inner = cipher.DecryptCbc(outer.AsSpan(8), outer.AsSpan(0, 8), PaddingMode.None);
        byte[] key = inner[..24];
        bool holds = SHA1.HashData(key).AsSpan(0, 8).SequenceEqual(inner.AsSpan(24));
        CryptographicOperations.ZeroMemory(inner);
        return holds ? key : null;
    }
}
