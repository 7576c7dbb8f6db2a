using System.Buffers;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Tag and length of an element (X.690 8.1); the length is -1 where it is indefinite.</summary>
/// <param name="Tag">The one octet of the tag.</param>
/// <param name="Length">Octets of content.</param>
/// <param name="Size">Octets of tag and length.</param>
internal readonly record struct ElementHead(byte Tag, long Length, int Size)
{
    /// <summary>Whether it is made of elements.</summary>
    public bool IsConstructed => (Tag & 0x20) != 0;
}

/// <summary>
/// Walks through BER as it arrives: enters structures, hands small elements over whole and content piece by piece. Nothing is
/// allocated before a length was held against its limit.
/// </summary>
/// <param name="input">What arrives.</param>
internal sealed class CmsCursor(PipeWindow input)
{
    public const byte Integer = 0x02;
    public const byte OctetString = 0x04;
    public const byte ObjectIdentifier = 0x06;
    public const byte Sequence = 0x30;
    public const byte Set = 0x31;

    /// <summary>Depth of nesting.</summary>
    private const int MaxDepth = 32;

    /// <summary>Octets of an element that is not content.</summary>
    public const int MaxElement = 1024 * 1024;

    /// <summary>Elements within one that is read whole: real ones stay below a hundred.</summary>
    private const int MaxInside = 16 * 1024;

    /// <summary>Segments of content in a row that carry nothing; each costs time and none is needed.</summary>
    private const int MaxEmptySegments = 1024;

    /// <summary>Octets of a tag, and of tag and length together.</summary>
    private const int MaxTag = 5;
    private const int MaxHead = MaxTag + 9;

    /// <summary>The ends of what was entered; -1 where two zero octets end it.</summary>
    private readonly Stack<long> _ends = new();
    private int _emptySegments;
    private int _inside;

    /// <summary>The tag of a context-specific constructed element.</summary>
    /// <param name="number">Its number.</param>
    public static byte Context(int number) => (byte)(0xA0 | number);

    /// <summary>Looks at the next element of the structure that was entered last.</summary>
    /// <returns>Null at its end.</returns>
    public async ValueTask<ElementHead?> PeekAsync()
    {
        bool isIndefinite = _ends.TryPeek(out long end) && end < 0;
        if (_ends.Count > 0 && !isIndefinite && input.Position == end)
            return null;
        ElementHead head = await HeadAsync();
        // X.690 8.1.5: two zero octets, and no other form of length zero.
        if (isIndefinite && head is { Tag: 0, Length: 0, Size: 2 })
            return null;
        if ((head.Tag & ~0x20) == 0)
            throw new CmsSyntaxException("end-of-contents octets where none may be");
        if (head.Length >= 0 && Bound() is { } bound && input.Position + head.Size + head.Length > bound)
            throw new CmsSyntaxException("an element is longer than what holds it");
        return head;
    }

    /// <summary>Enters a structure.</summary>
    /// <param name="tag">What must stand there.</param>
    /// <param name="what">Its name, for messages.</param>
    public async ValueTask EnterAsync(byte tag, string what)
    {
        if (await PeekAsync() is not { } head || head.Tag != tag)
            throw new CmsSyntaxException($"{what} is missing");
        Enter(head);
    }

    /// <summary>Enters a structure if it is there.</summary>
    /// <param name="tag">Its tag.</param>
    public async ValueTask<bool> TryEnterAsync(byte tag)
    {
        if (await PeekAsync() is not { } head || head.Tag != tag)
            return false;
        Enter(head);
        return true;
    }

    /// <summary>Leaves the structure that was entered last; nothing may be left in it.</summary>
    /// <param name="what">Its name, for messages.</param>
    public async ValueTask LeaveAsync(string what)
    {
        if (await PeekAsync() is not null)
            throw new CmsSyntaxException($"{what} holds more than it may");
        if (_ends.Pop() < 0)
            input.Take(2);
    }

    /// <summary>Reads an element whole.</summary>
    /// <param name="tag">What must stand there.</param>
    /// <param name="what">Its name, for messages.</param>
    /// <returns>Its octets, tag and length included.</returns>
    public async ValueTask<byte[]> ReadAsync(byte tag, string what)
    {
        if (await PeekAsync() is not { } head || head.Tag != tag)
            throw new CmsSyntaxException($"{what} is missing");
        return await ReadAsync();
    }

    /// <summary>Reads the next element whole, whatever it is.</summary>
    /// <param name="primitives">Whether the values of primitive types inside are held to their rules, too.</param>
    public async ValueTask<byte[]> ReadAsync(bool primitives = true)
    {
        var element = new ArrayBufferWriter<byte>();
        _inside = 0;
        await CopyAsync(element, _ends.Count);
        byte[] octets = element.WrittenSpan.ToArray();
        WellFormed.Check(octets, primitives, _ends.Count);
        return octets;
    }

    /// <summary>Passes over the next element, which must be one all the same.</summary>
    public async ValueTask SkipAsync() => await ReadAsync(primitives: false);

    /// <summary>Reads the content octets of an OCTET STRING of any form (X.690 8.7), piece by piece.</summary>
    /// <param name="tag">Its primitive tag; the constructed form is this with 0x20.</param>
    /// <param name="what">Its name, for messages.</param>
    /// <param name="piece">Receives each piece.</param>
    public async ValueTask ReadOctetsAsync(byte tag, string what, Func<ReadOnlyMemory<byte>, ValueTask> piece)
    {
        if (await PeekAsync() is not { } head || (head.Tag | 0x20) != (tag | 0x20))
            throw new CmsSyntaxException($"{what} is missing");
        await StringAsync(head, piece);
    }

    /// <summary>The whole input ends here.</summary>
    public async ValueTask EndAsync()
    {
        if (await input.LookAsync(1) > 0)
            throw new CmsSyntaxException("octets follow the outermost element");
    }

    private void Enter(ElementHead head)
    {
        if (_ends.Count == MaxDepth)
            throw new CmsSyntaxException($"nested deeper than {MaxDepth}");
        input.Take(head.Size);
        _ends.Push(head.Length < 0 ? -1 : input.Position + head.Length);
    }

    private async ValueTask StringAsync(ElementHead head, Func<ReadOnlyMemory<byte>, ValueTask> piece)
    {
        if (!head.IsConstructed)
        {
            _emptySegments = head.Length > 0 ? 0 : _emptySegments + 1;
            if (_emptySegments > MaxEmptySegments)
                throw new CmsSyntaxException("segments without content, without end");
            input.Take(head.Size);
            for (long left = head.Length; left > 0;)
            {
                if (await input.LookAsync(1) == 0)
                    throw new CmsSyntaxException("the message ends in the middle of content");
                ReadOnlyMemory<byte> octets = input.Piece(left);
                await piece(octets);
                left -= octets.Length;
                input.Take(octets.Length);
            }
            return;
        }
        Enter(head);
        while (await PeekAsync() is { } part)
        {
            if ((part.Tag & ~0x20) != OctetString)
                throw new CmsSyntaxException("a part of an OCTET STRING is something else");
            await StringAsync(part, piece);
        }
        await LeaveAsync("a constructed OCTET STRING");
    }

    private async ValueTask CopyAsync(ArrayBufferWriter<byte> target, int depth)
    {
        if (depth > MaxDepth)
            throw new CmsSyntaxException($"nested deeper than {MaxDepth}");
        if (++_inside > MaxInside)
            throw new CmsSyntaxException("elements without end");
        if (await PeekAsync() is not { } head)
            throw new CmsSyntaxException("an element is missing");
        if (head.Length > MaxElement)
            throw new CmsSyntaxException($"an element of {head.Length} octets, over {MaxElement}");
        await CopyOctetsAsync(target, head.Size);
        if (head.Length >= 0)
        {
            await CopyOctetsAsync(target, head.Length);
            return;
        }
        _ends.Push(-1);
        long start = input.Position;
        while (await PeekAsync() is not null)
        {
            await CopyAsync(target, depth + 1);
            if (input.Position - start > MaxElement)
                throw new CmsSyntaxException($"an element of indefinite length over {MaxElement} octets");
        }
        _ends.Pop();
        await CopyOctetsAsync(target, 2);
    }

    private async ValueTask CopyOctetsAsync(ArrayBufferWriter<byte> target, long count)
    {
        if (target.WrittenCount + count > MaxElement + 64)
            throw new CmsSyntaxException($"an element over {MaxElement} octets");
        while (count > 0)
        {
            if (await input.LookAsync(1) == 0)
                throw new CmsSyntaxException("the message ends in the middle of an element");
            ReadOnlyMemory<byte> octets = input.Piece(count);
            target.Write(octets.Span);
            count -= octets.Length;
            input.Take(octets.Length);
        }
    }

    /// <summary>The nearest end that is known.</summary>
    private long? Bound()
    {
        foreach (long end in _ends)
        {
            if (end >= 0)
                return end;
        }
        return null;
    }

    private async ValueTask<ElementHead> HeadAsync()
    {
        long there = await input.LookAsync(2);
        byte[] front = new byte[MaxHead];
        int count = (int)Math.Min(there, front.Length);
        if (count < 2)
            throw new CmsSyntaxException("the message ends where an element must begin");
        input.Peek(front.AsSpan(0, count));
        int tagSize = 1;
        if ((front[0] & 0x1F) == 0x1F)
        {
            // No element that is wanted has a number over 30; one that is passed over may.
            count = (int)Math.Min(await input.LookAsync(front.Length), front.Length);
            input.Peek(front.AsSpan(0, count));
            while (tagSize < count && front[tagSize] >= 0x80)
                tagSize++;
            tagSize++;
            if (tagSize > MaxTag || tagSize >= count || front[1] == 0x80 || (tagSize == 2 && front[1] <= 30))
                throw new CmsSyntaxException("a tag number that is none");
        }
        byte first = front[tagSize];
        if (first < 0x80)
            return new ElementHead(front[0], first, tagSize + 1);
        if (first == 0x80)
        {
            return (front[0] & 0x20) != 0
                ? new ElementHead(front[0], -1, tagSize + 1)
                : throw new CmsSyntaxException("an indefinite length on a primitive element");
        }
        int octets = first & 0x7F;
        if (octets > 8)
            throw new CmsSyntaxException("a length of over 8 octets");
        int size = tagSize + 1 + octets;
        if (await input.LookAsync(size) < size)
            throw new CmsSyntaxException("the message ends in a length");
        input.Peek(front.AsSpan(0, size));
        ulong length = 0;
        for (int i = tagSize + 1; i < size; i++)
            length = (length << 8) | front[i];
        return length <= long.MaxValue / 2 ? new ElementHead(front[0], (long)length, size) : throw new CmsSyntaxException("a length over 2^62");
    }
}
