namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>What a reader accepts before it calls the input malformed.</summary>
internal static class BerLimits
{
    /// <summary>Constructed elements within each other.</summary>
    public const int Depth = 32;

    /// <summary>Octets of an element that is not content; CRLs are the largest.</summary>
    public const int ElementOctets = 1 << 20;

    /// <summary>Elements within one that is held: real ones stay below a hundred, the objects made of them cost memory.</summary>
    public const int ElementsHeld = 16 * 1024;

    /// <summary>Segments of a content OCTET STRING in a row that carry nothing; each costs time and none is needed.</summary>
    public const int EmptySegments = 1024;

    /// <summary>Octets of an object identifier; the longest registered ones have some twenty.</summary>
    public const int ObjectIdentifierOctets = 128;
}
