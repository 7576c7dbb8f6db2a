using System.Text;

namespace Cstp.Core.Smtp;

/// <summary>What arrives as one character an octet, read as UTF-8.</summary>
internal static class Utf8Octets
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a text.</summary>
    /// <param name="text">Characters.</param>
    /// <returns>Its UTF-8, one character an octet.</returns>
    public static string Encode(string text) => Encoding.Latin1.GetString(s_strict.GetBytes(text));

    /// <summary>Reads a text.</summary>
    /// <param name="octets">One character an octet.</param>
    /// <returns>The characters; null where the octets are no UTF-8.</returns>
    public static string? Decode(string octets)
    {
        if (Ascii.IsValid(octets))
            return octets;
        try
        {
            return s_strict.GetString(Encoding.Latin1.GetBytes(octets));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
