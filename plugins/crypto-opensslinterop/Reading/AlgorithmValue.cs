using System.Collections.Concurrent;
using System.Formats.Asn1;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>An AlgorithmIdentifier.</summary>
/// <param name="Oid">The algorithm.</param>
/// <param name="Parameters">The parameters' element; empty where absent or NULL.</param>
internal readonly record struct AlgorithmValue(string Oid, ReadOnlyMemory<byte> Parameters)
{
    /// <summary>Those that are written are few, and making one anew showed in profiles.</summary>
    private static readonly ConcurrentDictionary<(string Oid, bool WithNull), byte[]> s_written = new();

    /// <summary>Reads one.</summary>
    /// <param name="reader">Stands before it.</param>
    /// <param name="tag">Its tag, where it is implicit.</param>
    public static AlgorithmValue Read(AsnReader reader, Asn1Tag? tag = null)
    {
        AsnReader sequence = reader.ReadSequence(tag);
        string oid = sequence.ReadObjectIdentifier();
        ReadOnlyMemory<byte> parameters = default;
        if (sequence.HasData)
        {
            bool isNull = sequence.PeekTag() == Asn1Tag.Null;
            ReadOnlyMemory<byte> element = sequence.ReadEncodedValue();
            parameters = isNull ? default : element;
        }
        sequence.ThrowIfNotEmpty();
        return new AlgorithmValue(oid, parameters);
    }

    /// <summary>Writes one without parameters.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="oid">The algorithm.</param>
    /// <param name="withNull">Whether the parameters are NULL.</param>
    public static void Write(AsnWriter writer, string oid, bool withNull = false) => writer.WriteEncodedValue(s_written.GetOrAdd((oid, withNull), static known =>
    {
        var encoding = new AsnWriter(AsnEncodingRules.DER);
        using (encoding.PushSequence())
        {
            encoding.WriteObjectIdentifier(known.Oid);
            if (known.WithNull)
                encoding.WriteNull();
        }
        return encoding.Encode();
    }));

    /// <summary>The name of the digest that it is.</summary>
    public string DigestName() => Oids.DigestName(Oid) ?? throw new CmsSyntaxException($"unknown digest {Oid}");
}
