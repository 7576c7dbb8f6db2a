using Cstp.CryptoBouncyCastle.Ber;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>A KEMRecipientInfo (RFC 9629 3) as it came.</summary>
/// <param name="Identifier">The rid: issuerAndSerialNumber, or subjectKeyIdentifier.</param>
/// <param name="Kem">The key encapsulation algorithm.</param>
/// <param name="Ciphertext">The kemct.</param>
/// <param name="Kdf">The key derivation.</param>
/// <param name="KeyOctets">The kekLength.</param>
/// <param name="UserKeyingMaterial">The ukm, or null.</param>
/// <param name="Wrap">The key wrap algorithm.</param>
/// <param name="EncryptedKey">The wrapped content key.</param>
internal sealed record KemRecipient(
    Asn1Encodable Identifier, AlgorithmIdentifier Kem, byte[] Ciphertext, AlgorithmIdentifier Kdf, int KeyOctets, byte[]? UserKeyingMaterial,
    AlgorithmIdentifier Wrap, byte[] EncryptedKey)
{
    private const int MostKeyOctets = 65535;

    /// <exception cref="BerException">It is none.</exception>
    public static KemRecipient Read(Asn1Encodable value)
    {
        Asn1Sequence fields = Asn1Sequence.GetInstance(value);
        bool hasMaterial = fields.Count == 9;
        if (fields.Count is not (8 or 9) || !DerInteger.GetInstance(fields[0]).HasValue(0))
            throw new BerException("a KEMRecipientInfo has not the fields of version 0");
        if (!DerInteger.GetInstance(fields[5]).TryGetIntPositiveValueExact(out int keyOctets) || keyOctets is 0 or > MostKeyOctets)
            throw new BerException("the kekLength of a KEMRecipientInfo is out of range");
        return new KemRecipient(
            fields[1] is Asn1TaggedObject named ? Asn1OctetString.GetTagged(Asn1TaggedObject.GetInstance(named, Asn1Tags.ContextSpecific, 0), false) : fields[1],
            AlgorithmIdentifier.GetInstance(fields[2]),
            Asn1OctetString.GetInstance(fields[3]).GetOctets(),
            AlgorithmIdentifier.GetInstance(fields[4]),
            keyOctets,
            hasMaterial ? Asn1OctetString.GetTagged(Asn1TaggedObject.GetInstance(fields[6], Asn1Tags.ContextSpecific, 0), true).GetOctets() : null,
            AlgorithmIdentifier.GetInstance(fields[fields.Count - 2]),
            Asn1OctetString.GetInstance(fields[fields.Count - 1]).GetOctets());
    }
}
