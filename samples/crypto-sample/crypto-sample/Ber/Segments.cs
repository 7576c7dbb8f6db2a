namespace CryptoSample.Ber;

/// <summary>Writes a constructed OCTET STRING segment by segment (X.690 8.7.3), since its length is not known ahead.</summary>
/// <param name="output">Where to.</param>
internal sealed class Segments(Output output)
{
    private const int Length = 16 * 1024;

    // 04 82 LL LL, then the octets.
    private readonly byte[] _segment = new byte[4 + Length];
    private int _filled;

    /// <summary>Adds octets.</summary>
    /// <param name="octets">The octets.</param>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            int count = Math.Min(octets.Length, Length - _filled);
            octets[..count].CopyTo(_segment.AsMemory(4 + _filled));
            _filled += count;
            octets = octets[count..];
            if (_filled == Length)
                await EndAsync();
        }
    }

    /// <summary>Writes what is left.</summary>
    public async ValueTask EndAsync()
    {
        if (_filled == 0)
            return;
        _segment[0] = 0x04;
        _segment[1] = 0x82;
        _segment[2] = (byte)(_filled >> 8);
        _segment[3] = (byte)_filled;
        await output.WriteAsync(_segment.AsMemory(0, 4 + _filled));
        _filled = 0;
    }
}
