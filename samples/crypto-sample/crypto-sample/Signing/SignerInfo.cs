using System.Formats.Asn1;
using CryptoSample.Ber;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>A SignerInfo as it was read (RFC 5652 5.3); nothing is checked yet.</summary>
internal sealed class SignerInfo
{
    private static readonly Asn1Tag s_signedAttributes = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag s_unsignedAttributes = new(TagClass.ContextSpecific, 1);

    public required SignerIdentifier Identifier { get; init; }

    public required string DigestOid { get; init; }

    public required string SignatureOid { get; init; }

    public required byte[] Signature { get; init; }

    /// <summary>The signed attributes as a DER SET OF; null where there are none.</summary>
    public required byte[]? Attributes { get; init; }

    /// <summary>Reads one.</summary>
    /// <param name="encoded">BER.</param>
    public static SignerInfo Read(AsnReader encoded)
    {
        AsnReader info = encoded.ReadSequence();
        encoded.ThrowIfNotEmpty();
        if (!info.TryReadInt32(out int version) || version is not (1 or 3))
            throw new MalformedException("a SignerInfo of another version");
        SignerIdentifier identifier = ReadIdentifier(info);
        (string digest, _) = Der.ReadAlgorithm(info);
        byte[]? attributes = null;
        if (info.HasData && info.PeekTag().HasSameClassAndValue(s_signedAttributes))
        {
            AsnReader set = info.ReadSetOf(skipSortOrderValidation: true, s_signedAttributes);
            attributes = Der.Write(writer =>
            {
                using (writer.PushSetOf())
                {
                    while (set.HasData)
                        writer.WriteEncodedValue(Der.Of(set.ReadEncodedValue()));
                }
            });
        }
        (string signature, _) = Der.ReadAlgorithm(info);
        byte[] value = info.ReadOctetString();
        if (info.HasData)
            info.ReadSetOf(skipSortOrderValidation: true, s_unsignedAttributes);
        info.ThrowIfNotEmpty();
        return new SignerInfo { Identifier = identifier, DigestOid = digest, SignatureOid = signature, Signature = value, Attributes = attributes };
    }

    /// <summary>IssuerAndSerialNumber, or a key identifier [0].</summary>
    /// <param name="reader">What it is in.</param>
    public static SignerIdentifier ReadIdentifier(AsnReader reader)
    {
        if (reader.PeekTag().HasSameClassAndValue(s_signedAttributes))
            return new SignerIdentifier(default, default, reader.ReadOctetString(s_signedAttributes));
        AsnReader name = reader.ReadSequence();
        byte[] issuer = Der.Of(name.ReadEncodedValue());
        ReadOnlyMemory<byte> serial = name.ReadIntegerBytes();
        name.ThrowIfNotEmpty();
        return new SignerIdentifier(issuer, serial, default);
    }
}
