using Cstp.CryptoBouncyCastle.Ber;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>The key derivation of a KEMRecipientInfo: HKDF with a digest (RFC 9629 5; RFC 8619).</summary>
internal sealed record EncapsulationScheme(DerObjectIdentifier Identifier, DigestKind Digest)
{
    private static readonly EncapsulationScheme[] s_all =
    [
        new(PkcsObjectIdentifiers.IdAlgHkdfWithSha256, DigestKind.Sha256),
        new(PkcsObjectIdentifiers.IdAlgHkdfWithSha384, DigestKind.Sha384),
        new(PkcsObjectIdentifiers.IdAlgHkdfWithSha512, DigestKind.Sha512),
    ];

    /// <summary>What every reader knows (RFC 9936 2.2.2).</summary>
    public static EncapsulationScheme Written => s_all[0];

    public static EncapsulationScheme? Find(DerObjectIdentifier identifier) => Array.Find(s_all, scheme => scheme.Identifier.Equals(identifier));

    /// <summary>Derives the key that wraps the content key, without salt (RFC 9936 2.2.1).</summary>
    /// <param name="secret">The shared secret.</param>
    /// <param name="wrap">The key wrap algorithm, as it is in the message.</param>
    /// <param name="keyOctets">Octets of the wrapping key: kekLength.</param>
    /// <param name="userKeyingMaterial">The ukm field, or null.</param>
    public byte[] DeriveWrappingKey(byte[] secret, AlgorithmIdentifier wrap, int keyOctets, byte[]? userKeyingMaterial)
    {
        var hkdf = new HkdfBytesGenerator(Digest.Create());
        hkdf.Init(new HkdfParameters(secret, null, OtherInfo(wrap, keyOctets, userKeyingMaterial)));
        byte[] key = new byte[keyOctets];
        hkdf.GenerateBytes(key, 0, keyOctets);
        return key;
    }

    // CMSORIforKEMOtherInfo (RFC 9629 5).
    private static byte[] OtherInfo(AlgorithmIdentifier wrap, int keyOctets, byte[]? userKeyingMaterial)
    {
        var fields = new Asn1EncodableVector(wrap, DerInteger.ValueOf(keyOctets));
        if (userKeyingMaterial is not null)
            fields.Add(new DerTaggedObject(true, 0, new DerOctetString(userKeyingMaterial)));
        return new DerSequence(fields).Der();
    }
}
