namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>Identifier and length of one element, or the end of the constructed element around it.</summary>
/// <param name="Tag">Class and number.</param>
/// <param name="Constructed">Whether the content is elements again.</param>
/// <param name="Length">Content octets; -1 where the length is indefinite.</param>
/// <param name="IsEnd">No element follows: the enclosing one, or the input, is at its end.</param>
internal readonly record struct BerHeader(BerTag Tag, bool Constructed, long Length, bool IsEnd)
{
    public const long Indefinite = -1;

    public static readonly BerHeader End = new(default, false, 0, true);
}
