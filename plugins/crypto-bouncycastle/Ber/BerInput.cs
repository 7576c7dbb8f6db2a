using Cstp.CryptoBouncyCastle.Pipes;

namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>Octets of BER with their position, and the headers among them.</summary>
internal sealed class BerInput(OctetSource source)
{
    // Identifier and length have at most 4 and 9.
    private readonly byte[] _header = new byte[16];
    private int _headerOctets;

    /// <summary>Octets taken so far.</summary>
    public long Position { get; private set; }

    /// <summary>The header read last, as it is on the wire.</summary>
    public ReadOnlySpan<byte> Header => _header.AsSpan(0, _headerOctets);

    /// <summary>Whether no octet follows.</summary>
    public async ValueTask<bool> IsAtEndAsync() => !await source.FillAsync();

    /// <summary>Takes octets, at least one and at most as many as asked for; valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(long most)
    {
        await NeedAsync();
        ReadOnlyMemory<byte> taken = source.Take(most);
        Position += taken.Length;
        return taken;
    }

    /// <summary>Reads identifier and length (X.690 8.1.2, 8.1.3).</summary>
    /// <param name="limit">The position where the elements around it end.</param>
    public async ValueTask<BerHeader> ReadHeaderAsync(long limit)
    {
        _headerOctets = 0;
        byte identifier = await OctetAsync(limit);
        int number = identifier & 0x1F;
        if (number == 0x1F)
            number = await HighTagNumberAsync(limit);
        bool constructed = (identifier & 0x20) != 0;
        long length = await LengthAsync(constructed, limit);
        if (length > limit - Position)
            throw new BerException("a length goes beyond the element around it");
        return new BerHeader(new BerTag(identifier >> 6, number), constructed, length, false);
    }

    private async ValueTask<int> HighTagNumberAsync(long limit)
    {
        int number = 0;
        byte octet;
        do
        {
            octet = await OctetAsync(limit);
            if (number == 0 && octet == 0x80 || number > 0xFFFF)
                throw new BerException("a tag number is out of range");
            number = number << 7 | octet & 0x7F;
        }
        while ((octet & 0x80) != 0);
        return number >= 0x1F ? number : throw new BerException("a tag number is not minimal");
    }

    private async ValueTask<long> LengthAsync(bool constructed, long limit)
    {
        byte first = await OctetAsync(limit);
        if (first < 0x80)
            return first;
        if (first == 0x80)
            return constructed ? BerHeader.Indefinite : throw new BerException("a primitive element has indefinite length");
        int count = first & 0x7F;
        if (count > 8)
            throw new BerException("a length has over 8 octets");
        ulong length = 0;
        for (int i = 0; i < count; i++)
            length = length << 8 | await OctetAsync(limit);
        return length <= long.MaxValue ? (long)length : throw new BerException("a length is out of range");
    }

    private async ValueTask<byte> OctetAsync(long limit)
    {
        if (Position >= limit)
            throw new BerException("an element goes beyond the one around it");
        if (source.Available == 0)
            await NeedAsync();
        byte octet = source.TakeOctet();
        Position++;
        _header[_headerOctets++] = octet;
        return octet;
    }

    private async ValueTask NeedAsync()
    {
        if (!await source.FillAsync())
            throw new BerException("input ends within an element");
    }
}
