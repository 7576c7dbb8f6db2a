using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>How a shared secret becomes the key that wraps, in a KEMRecipientInfo: HKDF (RFC 9629 5; RFC 8619).</summary>
/// <param name="Oid">Its identifier.</param>
/// <param name="Digest">The digest of HKDF.</param>
internal sealed record EncapsulationScheme(string Oid, HashAlgorithmName Digest)
{
    private static readonly EncapsulationScheme[] s_all =
    [
        new("1.2.840.113549.1.9.16.3.28", HashAlgorithmName.SHA256),
        new("1.2.840.113549.1.9.16.3.29", HashAlgorithmName.SHA384),
        new("1.2.840.113549.1.9.16.3.30", HashAlgorithmName.SHA512),
    ];

    /// <summary>The one that is written: every reader knows it (RFC 9936 2.2.2).</summary>
    public static EncapsulationScheme Written => s_all[0];

    /// <summary>Finds a scheme that is read.</summary>
    /// <param name="oid">Its identifier.</param>
    public static EncapsulationScheme? Find(string oid) => Array.Find(s_all, s => s.Oid == oid);

    /// <summary>Derives the key that wraps, without salt (RFC 9936 2.2.1).</summary>
    /// <param name="secret">The shared secret.</param>
    /// <param name="wrapAlgorithm">The wrap, in DER.</param>
    /// <param name="wrapLength">The kekLength.</param>
    /// <param name="material">The user keying material; null where there is none.</param>
    public byte[] Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> wrapAlgorithm, int wrapLength, byte[]? material)
    {
        // CMSORIforKEMOtherInfo (RFC 9629 5)
        var info = new AsnWriter(AsnEncodingRules.DER);
        using (info.PushSequence())
        {
            info.WriteEncodedValue(wrapAlgorithm);
            info.WriteInteger(wrapLength);
            if (material is not null)
            {
                using (info.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    info.WriteOctetString(material);
            }
        }
        byte[] derived = new byte[wrapLength];
        HKDF.DeriveKey(Digest, secret, derived, [], info.Encode());
        return derived;
    }
}
