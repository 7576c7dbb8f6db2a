namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Holds an element that was read whole to the rules of BER, all the way in: what is not looked at must still be one.</summary>
internal static class WellFormed
{
    private const int MaxDepth = 32;
    private const int MaxOid = 128;
    private const int MaxTagOctets = 4;

    /// <summary>Checks.</summary>
    /// <param name="element">One element.</param>
    /// <param name="primitives">Whether the values of primitive types are held to their rules, too.</param>
    /// <param name="depth">How deep it stands.</param>
    /// <exception cref="CmsSyntaxException">It is not well formed.</exception>
    public static void Check(ReadOnlySpan<byte> element, bool primitives, int depth)
    {
        ReadOnlySpan<byte> rest = element;
        Walk(ref rest, primitives, depth);
        if (!rest.IsEmpty)
            throw new CmsSyntaxException("octets follow an element");
    }

    private static void Walk(ref ReadOnlySpan<byte> rest, bool primitives, int depth)
    {
        if (depth > MaxDepth)
            throw new CmsSyntaxException($"nested deeper than {MaxDepth}");
        (byte tag, int length, int head) = Head(rest);
        bool isConstructed = (tag & 0x20) != 0;
        rest = rest[head..];
        if (length >= 0)
        {
            if (length > rest.Length)
                throw new CmsSyntaxException("an element is longer than what holds it");
            ReadOnlySpan<byte> inside = rest[..length];
            rest = rest[length..];
            if (!isConstructed)
            {
                if (primitives)
                    CheckValue(tag, inside);
                return;
            }
            // Of the universal types only these have a constructed form that anybody writes.
            if (primitives && tag < 0x40 && tag is not (0x23 or 0x24 or 0x30 or 0x31))
                throw new CmsSyntaxException("a constructed value that must be primitive");
            while (!inside.IsEmpty)
                Walk(ref inside, primitives, depth + 1);
            return;
        }
        while (!rest.StartsWith((ReadOnlySpan<byte>)[0, 0]))
        {
            if (rest.IsEmpty)
                throw new CmsSyntaxException("an element without end");
            Walk(ref rest, primitives, depth + 1);
        }
        rest = rest[2..];
    }

    private static (byte Tag, int Length, int Head) Head(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 2)
            throw new CmsSyntaxException("an element is cut");
        byte tag = rest[0];
        int further = 0;
        if ((tag & 0x1F) == 0x1F)
        {
            // A number over 30, in further octets.
            do
                further++;
            while (further < rest.Length && rest[further] >= 0x80);
            if (further > MaxTagOctets || rest.Length < further + 2 || rest[1] == 0x80 || (further == 1 && rest[1] <= 30))
                throw new CmsSyntaxException("a tag number beyond reason");
        }
        if ((tag & ~0x20) == 0)
            throw new CmsSyntaxException("end-of-contents octets where none may be");
        int first = rest[1 + further];
        if (first < 0x80)
            return (tag, first, 2 + further);
        if (first == 0x80)
            return (tag & 0x20) != 0 ? (tag, -1, 2 + further) : throw new CmsSyntaxException("an indefinite length on a primitive element");
        int octets = first & 0x7F;
        if (octets > 8 || rest.Length < 2 + further + octets)
            throw new CmsSyntaxException("a length of over 8 octets, or cut");
        ulong length = 0;
        foreach (byte octet in rest.Slice(2 + further, octets))
            length = (length << 8) | octet;
        return length <= int.MaxValue ? (tag, (int)length, 2 + further + octets) : throw new CmsSyntaxException("an element is longer than what holds it");
    }

    private static void CheckValue(byte tag, ReadOnlySpan<byte> value)
    {
        bool isRight = tag switch
        {
            0x01 => value.Length == 1,
            0x02 or 0x0A => value.Length == 1 || (value.Length > 1 && !((value[0] == 0 && value[1] < 0x80) || (value[0] == 0xFF && value[1] >= 0x80))),
            0x05 => value.IsEmpty,
            0x06 or 0x0D => IsOid(value),
            0x10 or 0x11 => false,
            _ => true,
        };
        if (!isRight)
            throw new CmsSyntaxException($"a value of type {tag} that is none");
    }

    private static bool IsOid(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value.Length > MaxOid || value[^1] >= 0x80)
            return false;
        bool begins = true;
        foreach (byte octet in value)
        {
            if (begins && octet == 0x80)
                return false;
            begins = octet < 0x80;
        }
        return true;
    }
}
