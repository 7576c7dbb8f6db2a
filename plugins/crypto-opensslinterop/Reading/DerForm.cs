using System.Formats.Asn1;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Brings attributes into the DER form in which they are digested (RFC 5652 5.4), and what else goes into a computation as DER.</summary>
internal static class DerForm
{
    private const int MaxDepth = 32;

    /// <summary>The SET OF attributes with its values as they stand, sorted.</summary>
    /// <param name="attributes">The element [0] as it came.</param>
    public static byte[] Sorted(ReadOnlyMemory<byte> attributes) => SetOf(Children(attributes, new Asn1Tag(TagClass.ContextSpecific, 0)));

    /// <summary>The SET OF attributes, each brought into DER.</summary>
    /// <param name="attributes">The element [0] as it came.</param>
    /// <param name="number">The number of its tag.</param>
    public static byte[] Whole(ReadOnlyMemory<byte> attributes, int number = 0) =>
        SetOf([.. Children(attributes, new Asn1Tag(TagClass.ContextSpecific, number)).Select(a => Encode(a, 0))]);

    /// <summary>Any element in DER.</summary>
    /// <param name="element">The element as it came.</param>
    public static byte[] Of(ReadOnlyMemory<byte> element) => Encode(element, 0);

    private static List<byte[]> Children(ReadOnlyMemory<byte> element, Asn1Tag tag)
    {
        var reader = new AsnReader(element, AsnEncodingRules.BER);
        AsnReader inside = reader.ReadSetOf(skipSortOrderValidation: true, tag);
        reader.ThrowIfNotEmpty();
        var children = new List<byte[]>();
        while (inside.HasData)
            children.Add(inside.ReadEncodedValue().ToArray());
        return children;
    }

    private static byte[] SetOf(List<byte[]> elements)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSetOf())
        {
            foreach (byte[] element in elements)
                writer.WriteEncodedValue(element);
        }
        return writer.Encode();
    }

    private static byte[] Encode(ReadOnlyMemory<byte> element, int depth)
    {
        if (depth > MaxDepth)
            throw new CmsSyntaxException($"nested deeper than {MaxDepth}");
        var reader = new AsnReader(element, AsnEncodingRules.BER);
        Asn1Tag tag = reader.PeekTag();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        if (!tag.IsConstructed)
        {
            WriteTagged(writer, tag, reader.PeekContentBytes().Span);
            return writer.Encode();
        }
        if (tag.TagClass == TagClass.Universal && (UniversalTagNumber)tag.TagValue is UniversalTagNumber.OctetString)
        {
            writer.WriteOctetString(reader.ReadOctetString());
            return writer.Encode();
        }
        if (tag.TagClass == TagClass.Universal && (UniversalTagNumber)tag.TagValue is not (UniversalTagNumber.Sequence or UniversalTagNumber.Set))
            throw new CmsSyntaxException("a constructed value that DER has not");
        bool isSet = tag == Asn1Tag.SetOf || (tag.TagClass == TagClass.Universal && tag.TagValue == (int)UniversalTagNumber.Set);
        AsnReader inside = isSet ? reader.ReadSetOf(skipSortOrderValidation: true) : reader.ReadSequence(tag);
        var children = new List<byte[]>();
        while (inside.HasData)
            children.Add(Encode(inside.ReadEncodedValue(), depth + 1));
        if (isSet)
            return SetOf(children);
        using (writer.PushSequence(tag))
        {
            foreach (byte[] child in children)
                writer.WriteEncodedValue(child);
        }
        return writer.Encode();
    }

    /// <summary>A primitive value under its own tag; AsnWriter has no call for a tag of any kind.</summary>
    private static void WriteTagged(AsnWriter writer, Asn1Tag tag, ReadOnlySpan<byte> content)
    {
        if (tag.TagValue > 30)
            throw new CmsSyntaxException("a tag number over 30");
        byte[] head = content.Length switch
        {
            < 0x80 => [Identifier(tag), (byte)content.Length],
            < 0x100 => [Identifier(tag), 0x81, (byte)content.Length],
            < 0x10000 => [Identifier(tag), 0x82, (byte)(content.Length >> 8), (byte)content.Length],
            _ => [Identifier(tag), 0x83, (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length],
        };
        writer.WriteEncodedValue([.. head, .. content]);
    }

    private static byte Identifier(Asn1Tag tag) => (byte)((int)tag.TagClass | tag.TagValue);
}
