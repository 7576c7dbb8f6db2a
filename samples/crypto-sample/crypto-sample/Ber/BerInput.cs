using System.Formats.Asn1;

namespace CryptoSample.Ber;

/// <summary>
/// Walks BER as it arrives (X.690 8): structures are entered, content flows through, and only small elements are held, to be parsed by
/// <see cref="AsnReader"/>.
/// </summary>
/// <param name="input">The octets.</param>
internal sealed class BerInput(Input input)
{
    private const int Depth = 32;
    private const int LargestElement = 1 << 20;
    private const int MostSegments = 500_000;

    private readonly Stack<(bool IsIndefinite, long End)> _open = new();
    private int _emptySegments;

    private long End => _open.TryPeek(out (bool IsIndefinite, long End) frame) ? frame.End : long.MaxValue;

    /// <summary>The next element of the structure that is open; at its end that structure is left.</summary>
    /// <returns>Null at the end.</returns>
    public async ValueTask<BerHeader?> NextAsync()
    {
        if (_open.TryPeek(out (bool IsIndefinite, long End) frame) && !frame.IsIndefinite && input.Position == frame.End)
        {
            _open.Pop();
            return null;
        }
        if (_open.Count == 0 && (await input.PeekAsync()).IsEmpty)
            return null;
        BerHeader header = await ReadHeaderAsync();
        if (header.Tag != 0)
            return header;
        if (_open.Count == 0 || !frame.IsIndefinite || header.Encoded.Span is not [0, 0])
            throw new MalformedException("end-of-contents where there is nothing to end");
        _open.Pop();
        return null;
    }

    /// <summary>The next element, which must have a tag.</summary>
    /// <param name="tag">The identifier octet.</param>
    public async ValueTask<BerHeader> ExpectAsync(byte tag)
    {
        BerHeader header = await NextAsync() ?? throw new MalformedException($"an element {tag:x2} is missing");
        return header.Tag == tag ? header : throw new MalformedException($"an element {header.Tag:x2} instead of {tag:x2}");
    }

    /// <summary>Opens the next element, which must have a tag.</summary>
    /// <param name="tag">The identifier octet, constructed.</param>
    public async ValueTask EnterAsync(byte tag) => Enter(await ExpectAsync(tag));

    /// <summary>Opens an element.</summary>
    /// <param name="header">Its header, read last.</param>
    public void Enter(BerHeader header)
    {
        if (_open.Count == Depth)
            throw new MalformedException($"nested deeper than {Depth}");
        _open.Push(header.IsIndefinite ? (true, End) : (false, input.Position + header.Length));
    }

    /// <summary>Leaves as many structures; nothing may be left in them.</summary>
    /// <param name="structures">How many.</param>
    public async ValueTask LeaveAsync(int structures = 1)
    {
        for (; structures > 0; structures--)
        {
            if (await NextAsync() is { } more)
                throw new MalformedException($"an element {more.Tag:x2} where a structure should end");
        }
    }

    /// <summary>Reads a small element whole.</summary>
    /// <param name="header">Its header, read last.</param>
    public async ValueTask<AsnReader> ReadAsync(BerHeader header) => new((await ReadEncodedAsync(header)).AsMemory(), AsnEncodingRules.BER);

    /// <summary>Reads a small element whole, as it came.</summary>
    /// <param name="header">Its header, read last.</param>
    public async ValueTask<byte[]> ReadEncodedAsync(BerHeader header)
    {
        using var octets = new MemoryStream();
        await CollectAsync(header, octets);
        return octets.ToArray();
    }

    /// <summary>Lets an OCTET STRING of any size and form flow (X.690 8.7).</summary>
    /// <param name="header">Its header, read last.</param>
    /// <param name="take">Gets the content, piece by piece.</param>
    public async ValueTask FlowAsync(BerHeader header, Func<ReadOnlyMemory<byte>, ValueTask> take)
    {
        if (header.IsConstructed)
        {
            Enter(header);
            while (await NextAsync() is { } segment)
            {
                if ((segment.Tag & ~0x20) != 0x04)
                    throw new MalformedException("a segment that is no OCTET STRING");
                await FlowAsync(segment, take);
            }
            return;
        }
        if (header.Length == 0 && ++_emptySegments > MostSegments)
            throw new MalformedException("too many empty segments");
        await CopyAsync(header.Length, take);
    }

    private async ValueTask CollectAsync(BerHeader header, MemoryStream octets)
    {
        if (octets.Length + Math.Max(header.Length, 0) > LargestElement)
            throw new MalformedException($"an element over {LargestElement} octets");
        octets.Write(header.Encoded.Span);
        if (!header.IsIndefinite)
        {
            await CopyAsync(header.Length, piece =>
            {
                octets.Write(piece.Span);
                return default;
            });
            return;
        }
        Enter(header);
        while (await NextAsync() is { } inner)
            await CollectAsync(inner, octets);
        octets.Write([0, 0]);
    }

    private async ValueTask CopyAsync(long length, Func<ReadOnlyMemory<byte>, ValueTask> take)
    {
        while (length > 0)
        {
            ReadOnlyMemory<byte> piece = await input.PeekAsync();
            if (piece.IsEmpty)
                throw new MalformedException("ends within an element");
            piece = piece[..(int)Math.Min(piece.Length, length)];
            await take(piece);
            input.Take(piece.Length);
            length -= piece.Length;
        }
    }

    private async ValueTask<BerHeader> ReadHeaderAsync()
    {
        byte[] encoded = new byte[10];
        int count = 0;
        byte tag = encoded[count++] = await ReadOctetAsync();
        if ((tag & 0x1F) == 0x1F)
            throw new MalformedException("a tag that CMS does not have");
        byte first = encoded[count++] = await ReadOctetAsync();
        long length = first;
        if (first == 0x80)
        {
            if ((tag & 0x20) == 0)
                throw new MalformedException("a primitive of indefinite length");
            length = -1;
        }
        else if (first > 0x80)
        {
            if (first - 0x80 > 8)
                throw new MalformedException("a length of more than 8 octets");
            length = 0;
            for (int octets = first - 0x80; octets > 0; octets--)
            {
                byte next = encoded[count++] = await ReadOctetAsync();
                if (length >> 47 != 0)
                    throw new MalformedException("an impossible length");
                length = (length << 8) | next;
            }
        }
        if (length > End - input.Position)
            throw new MalformedException("an element longer than what it is in");
        return new BerHeader(tag, length, encoded.AsMemory(0, count));
    }

    private async ValueTask<byte> ReadOctetAsync()
    {
        ReadOnlyMemory<byte> piece = await input.PeekAsync();
        if (piece.IsEmpty || input.Position >= End)
            throw new MalformedException("ends within an element");
        byte octet = piece.Span[0];
        input.Take(1);
        return octet;
    }
}
