namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>Class and number of an identifier (X.690 8.1.2), without the bit for constructed.</summary>
internal readonly record struct BerTag(int Class, int Number)
{
    public static readonly BerTag EndOfContents = new(0, 0);
    public static readonly BerTag Boolean = new(0, 1);
    public static readonly BerTag Integer = new(0, 2);
    public static readonly BerTag OctetString = new(0, 4);
    public static readonly BerTag Null = new(0, 5);
    public static readonly BerTag ObjectIdentifier = new(0, 6);
    public static readonly BerTag Enumerated = new(0, 10);
    public static readonly BerTag Sequence = new(0, 16);
    public static readonly BerTag Set = new(0, 17);

    /// <summary>A context-specific tag.</summary>
    public static BerTag Context(int number) => new(2, number);

    public override string ToString() => Class switch
    {
        0 => $"universal {Number}",
        1 => $"application {Number}",
        2 => $"[{Number}]",
        _ => $"private {Number}",
    };
}
