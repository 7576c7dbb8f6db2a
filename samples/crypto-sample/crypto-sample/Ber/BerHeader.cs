namespace CryptoSample.Ber;

/// <summary>Identifier and length of an element (X.690 8.1.2, 8.1.3).</summary>
/// <param name="Tag">The identifier octet.</param>
/// <param name="Length">Octets of content; -1 where the length is indefinite.</param>
/// <param name="Encoded">The header as it came.</param>
internal readonly record struct BerHeader(byte Tag, long Length, ReadOnlyMemory<byte> Encoded)
{
    public bool IsIndefinite => Length < 0;

    public bool IsConstructed => (Tag & 0x20) != 0;
}
