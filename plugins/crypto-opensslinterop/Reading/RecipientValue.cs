using System.Formats.Asn1;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>One way to the content key, as it came (RFC 5652 6.2). Exactly one of the nested types.</summary>
internal abstract record RecipientValue
{
    private static readonly Asn1Tag s_zero = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag s_four = new(TagClass.ContextSpecific, 4);
    private static readonly Asn1Tag s_one = new(TagClass.ContextSpecific, 1);

    private RecipientValue(SignerIdentifier identifier, byte[] encryptedKey)
    {
        Identifier = identifier;
        EncryptedKey = encryptedKey;
    }

    /// <summary>Whose key it takes.</summary>
    public SignerIdentifier Identifier { get; }

    /// <summary>The encrypted content key.</summary>
    public byte[] EncryptedKey { get; }

    /// <summary>Key transport.</summary>
    /// <param name="identifier">Whose key it takes.</param>
    /// <param name="encryptedKey">The encrypted content key.</param>
    /// <param name="Algorithm">The algorithm.</param>
    public sealed record Transport(SignerIdentifier identifier, byte[] encryptedKey, AlgorithmValue Algorithm) : RecipientValue(identifier, encryptedKey);

    /// <summary>Key agreement.</summary>
    /// <param name="identifier">Whose key it takes.</param>
    /// <param name="encryptedKey">The wrapped content key.</param>
    /// <param name="Originator">The originator's public key: algorithm and octets; null where it is named by certificate.</param>
    /// <param name="Material">User keying material.</param>
    /// <param name="Algorithm">The algorithm; its parameters are the wrap algorithm.</param>
    public sealed record Agreement(
        SignerIdentifier identifier, byte[] encryptedKey, (AlgorithmValue Algorithm, byte[] Key)? Originator, byte[]? Material, AlgorithmValue Algorithm)
        : RecipientValue(identifier, encryptedKey);

    /// <summary>Key encapsulation (RFC 9629 3).</summary>
    /// <param name="identifier">Whose key it takes.</param>
    /// <param name="encryptedKey">The wrapped content key.</param>
    /// <param name="Kem">The algorithm.</param>
    /// <param name="Ciphertext">The encapsulated secret.</param>
    /// <param name="Kdf">The key derivation.</param>
    /// <param name="KekLength">Octets of the key that wraps.</param>
    /// <param name="Material">User keying material.</param>
    /// <param name="Wrap">The wrap algorithm.</param>
    /// <param name="WrapElement">The same as an element.</param>
    public sealed record Encapsulation(
        SignerIdentifier identifier, byte[] encryptedKey, AlgorithmValue Kem, byte[] Ciphertext, AlgorithmValue Kdf, int KekLength, byte[]? Material, AlgorithmValue Wrap,
        ReadOnlyMemory<byte> WrapElement)
        : RecipientValue(identifier, encryptedKey);

    /// <summary>Reads one RecipientInfo.</summary>
    /// <param name="element">The element.</param>
    /// <returns>Its ways to the key; none for kinds that are not read.</returns>
    public static IEnumerable<RecipientValue> Read(byte[] element)
    {
        var reader = new AsnReader(element, AsnEncodingRules.BER);
        if (reader.PeekTag() == Asn1Tag.Sequence)
            return [ReadTransport(reader.ReadSequence())];
        Asn1Tag tag = reader.PeekTag();
        if (tag.HasSameClassAndValue(s_one))
            return ReadAgreement(reader.ReadSequence(s_one));
        if (tag.HasSameClassAndValue(s_four))
            return ReadOther(reader.ReadSequence(s_four));
        // Shared keys and passwords [2] and [3] are never tried.
        return tag is { TagClass: TagClass.ContextSpecific, TagValue: 2 or 3 } ? [] : throw new CmsSyntaxException("a RecipientInfo of unknown kind");
    }

    private static Transport ReadTransport(AsnReader transport)
    {
        transport.ReadInteger();
        SignerIdentifier identifier = SignerValue.ReadIdentifier(transport);
        AlgorithmValue algorithm = AlgorithmValue.Read(transport);
        byte[] key = transport.ReadOctetString();
        transport.ThrowIfNotEmpty();
        return new Transport(identifier, key, algorithm);
    }

    private static IEnumerable<RecipientValue> ReadOther(AsnReader other)
    {
        if (other.ReadObjectIdentifier() != Oids.RecipientKem)
            return [];
        AsnReader fields = other.ReadSequence();
        other.ThrowIfNotEmpty();
        if (!fields.TryReadInt32(out int version) || version != 0)
            throw new CmsSyntaxException("a KEMRecipientInfo of a version other than 0");
        SignerIdentifier identifier = SignerValue.ReadIdentifier(fields);
        AlgorithmValue kem = AlgorithmValue.Read(fields);
        byte[] ciphertext = fields.ReadOctetString();
        AlgorithmValue kdf = AlgorithmValue.Read(fields);
        if (!fields.TryReadInt32(out int length) || length is < 1 or > 65535)
            throw new CmsSyntaxException("a kekLength out of range");
        byte[]? material = fields.PeekTag().HasSameClassAndValue(s_zero) ? fields.ReadSequence(s_zero).ReadOctetString() : null;
        ReadOnlyMemory<byte> element = fields.PeekEncodedValue();
        AlgorithmValue wrap = AlgorithmValue.Read(fields);
        byte[] key = fields.ReadOctetString();
        fields.ThrowIfNotEmpty();
        return [new Encapsulation(identifier, key, kem, ciphertext, kdf, length, material, wrap, element)];
    }

    private static List<RecipientValue> ReadAgreement(AsnReader agreement)
    {
        agreement.ReadInteger();
        AsnReader originator = agreement.ReadSequence(s_zero);
        (AlgorithmValue, byte[])? key = null;
        if (originator.PeekTag().HasSameClassAndValue(s_one))
        {
            AsnReader named = originator.ReadSequence(s_one);
            AlgorithmValue algorithm = AlgorithmValue.Read(named);
            byte[] octets = named.ReadBitString(out int unused);
            if (unused != 0)
                throw new CmsSyntaxException("an originator's key of odd bits");
            key = (algorithm, octets);
            named.ThrowIfNotEmpty();
        }
        else
            originator.ReadEncodedValue();
        originator.ThrowIfNotEmpty();
        byte[]? material = agreement.PeekTag().HasSameClassAndValue(s_one) ? agreement.ReadSequence(s_one).ReadOctetString() : null;
        AlgorithmValue scheme = AlgorithmValue.Read(agreement);
        AsnReader keys = agreement.ReadSequence();
        agreement.ThrowIfNotEmpty();
        var recipients = new List<RecipientValue>();
        while (keys.HasData)
        {
            AsnReader recipient = keys.ReadSequence();
            SignerIdentifier identifier;
            if (recipient.PeekTag().HasSameClassAndValue(s_zero))
            {
                AsnReader byIdentifier = recipient.ReadSequence(s_zero);   // RecipientKeyIdentifier: date and other are not looked at
                identifier = new SignerIdentifier(default, default, byIdentifier.ReadOctetString());
            }
            else
                identifier = SignerValue.ReadIdentifier(recipient);
            recipients.Add(new Agreement(identifier, recipient.ReadOctetString(), key, material, scheme));
            recipient.ThrowIfNotEmpty();
        }
        return recipients;
    }
}
