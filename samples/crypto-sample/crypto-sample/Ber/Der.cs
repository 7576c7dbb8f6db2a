using System.Formats.Asn1;

namespace CryptoSample.Ber;

/// <summary>Small DER values.</summary>
internal static class Der
{
    public static byte[] Write(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }

    /// <summary>An AlgorithmIdentifier (RFC 5280 4.1.1.2).</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="oid">The algorithm.</param>
    /// <param name="parameters">Writes the parameters, or null where there are none.</param>
    /// <param name="tag">An implicit tag, or null.</param>
    public static void Algorithm(AsnWriter writer, string oid, Action<AsnWriter>? parameters = null, Asn1Tag? tag = null)
    {
        using (writer.PushSequence(tag))
        {
            writer.WriteObjectIdentifier(oid);
            parameters?.Invoke(writer);
        }
    }

    /// <summary>The same value in DER, whatever BER it came in.</summary>
    /// <param name="value">BER.</param>
    public static byte[] Of(ReadOnlyMemory<byte> value) => Write(writer => Copy(new AsnReader(value, AsnEncodingRules.BER), writer, 0));

    private static void Copy(AsnReader from, AsnWriter to, int depth)
    {
        if (depth > 32)
            throw new MalformedException("attributes nested too deep");
        while (from.HasData)
        {
            Asn1Tag tag = from.PeekTag();
            if (tag is { TagClass: TagClass.Universal, TagValue: (int)UniversalTagNumber.OctetString })
            {
                to.WriteOctetString(from.ReadOctetString());
            }
            else if (!tag.IsConstructed)
            {
                to.WriteEncodedValue(from.ReadEncodedValue().Span);
            }
            else if (tag is { TagClass: TagClass.Universal, TagValue: (int)UniversalTagNumber.SetOf })
            {
                AsnReader inner = from.ReadSetOf(skipSortOrderValidation: true);
                using (to.PushSetOf())
                    Copy(inner, to, depth + 1);
            }
            else if (tag is { TagClass: TagClass.Universal } and not { TagValue: (int)UniversalTagNumber.Sequence })
            {
                throw new MalformedException($"a constructed value of the tag {tag} within attributes");
            }
            else
            {
                AsnReader inner = from.ReadSequence(tag);
                using (to.PushSequence(tag))
                    Copy(inner, to, depth + 1);
            }
        }
    }

    /// <summary>An AlgorithmIdentifier.</summary>
    /// <param name="reader">What it is in.</param>
    /// <param name="tag">An implicit tag, or null.</param>
    /// <returns>The algorithm, and its parameters as they came, empty where there are none.</returns>
    public static (string Oid, ReadOnlyMemory<byte> Parameters) ReadAlgorithm(AsnReader reader, Asn1Tag? tag = null)
    {
        AsnReader algorithm = reader.ReadSequence(tag);
        string oid = algorithm.ReadObjectIdentifier();
        ReadOnlyMemory<byte> parameters = algorithm.HasData ? algorithm.ReadEncodedValue() : default;
        algorithm.ThrowIfNotEmpty();
        return (oid, parameters);
    }
}
