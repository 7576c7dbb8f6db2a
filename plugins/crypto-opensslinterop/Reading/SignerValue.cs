using System.Formats.Asn1;
using Cstp.Abstractions;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>A SignerInfo as it came (RFC 5652 5.3).</summary>
/// <param name="Identifier">Who signed.</param>
/// <param name="Digest">The digest algorithm.</param>
/// <param name="SignedAttributes">The element [0]; null where there is none.</param>
/// <param name="Signature">The signature algorithm.</param>
/// <param name="SignatureElement">The same as an element.</param>
/// <param name="Octets">The signature.</param>
/// <param name="UnsignedTypes">The types of the unsigned attributes.</param>
internal sealed record SignerValue(
    SignerIdentifier Identifier,
    AlgorithmValue Digest,
    ReadOnlyMemory<byte>? SignedAttributes,
    AlgorithmValue Signature,
    ReadOnlyMemory<byte> SignatureElement,
    byte[] Octets,
    IReadOnlyList<string> UnsignedTypes)
{
    private static readonly Asn1Tag s_zero = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag s_one = new(TagClass.ContextSpecific, 1);

    /// <summary>Reads one.</summary>
    /// <param name="element">The SignerInfo.</param>
    public static SignerValue Read(byte[] element)
    {
        AsnReader signer = new AsnReader(element, AsnEncodingRules.BER).ReadSequence();
        signer.ReadInteger();
        SignerIdentifier identifier = ReadIdentifier(signer);
        AlgorithmValue digest = AlgorithmValue.Read(signer);
        ReadOnlyMemory<byte>? attributes = null;
        if (signer.HasData && signer.PeekTag().HasSameClassAndValue(s_zero))
            attributes = signer.ReadEncodedValue();
        ReadOnlyMemory<byte> algorithm = signer.PeekEncodedValue();
        AlgorithmValue signature = AlgorithmValue.Read(signer);
        byte[] octets = signer.ReadOctetString();
        var unsigned = new List<string>();
        if (signer.HasData)
        {
            AsnReader others = signer.ReadSetOf(skipSortOrderValidation: true, s_one);
            while (others.HasData)
                unsigned.Add(others.ReadSequence().ReadObjectIdentifier());
        }
        signer.ThrowIfNotEmpty();
        return new SignerValue(identifier, digest, attributes, signature, algorithm, octets, unsigned);
    }

    /// <summary>Reads issuerAndSerialNumber, or subjectKeyIdentifier [0].</summary>
    /// <param name="reader">Stands before it.</param>
    public static SignerIdentifier ReadIdentifier(AsnReader reader)
    {
        if (reader.PeekTag().HasSameClassAndValue(s_zero))
            return new SignerIdentifier(default, default, reader.ReadOctetString(s_zero));
        AsnReader names = reader.ReadSequence();
        ReadOnlyMemory<byte> issuer = names.ReadEncodedValue();
        ReadOnlyMemory<byte> serial = names.ReadIntegerBytes();
        names.ThrowIfNotEmpty();
        return new SignerIdentifier(issuer, serial, default);
    }
}
