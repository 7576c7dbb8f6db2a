using System.Security.Cryptography;

namespace Cstp.Core.Tls;

/// <summary>A public key, by SHA-256 of its SubjectPublicKeyInfo.</summary>
internal static class TlsPin
{
    /// <summary>Reads one.</summary>
    /// <param name="text">Hexadecimal or Base64.</param>
    /// <returns>The octets; null where it is neither.</returns>
    public static byte[]? Parse(string text)
    {
        byte[] octets = new byte[SHA256.HashSizeInBytes];
        return (text.Length == 2 * octets.Length && Convert.FromHexString(text, octets, out _, out int written) == System.Buffers.OperationStatus.Done && written == octets.Length)
            || (Convert.TryFromBase64String(text, octets, out int decoded) && decoded == octets.Length) ? octets : null;
    }

    /// <summary>Whether a key is a pinned one.</summary>
    /// <param name="subjectPublicKeyInfo">The key.</param>
    /// <param name="pins">The pins.</param>
    public static bool Matches(byte[] subjectPublicKeyInfo, IEnumerable<string> pins)
    {
        byte[] hash = SHA256.HashData(subjectPublicKeyInfo);
        return pins.Any(pin => Parse(pin) is { } wanted && wanted.AsSpan().SequenceEqual(hash));
    }
}
