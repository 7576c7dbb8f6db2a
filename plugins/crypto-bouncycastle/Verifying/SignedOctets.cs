using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Ber;
using Org.BouncyCastle.Asn1;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>What a signature was made over.</summary>
/// <param name="Hash">Digest of the attributes, or of the content where there are none.</param>
/// <param name="Attributes">The attributes as DER SET OF; null where there are none.</param>
internal sealed record SignedOctets(byte[] Hash, byte[]? Attributes)
{
    /// <summary>Octets whose signature shows that these attributes are the signer's.</summary>
    /// <remarks>
    /// Attributes that are not DER on the wire are digested as if they were (RFC 5652 5.4): sorted, with definite lengths. Values of
    /// a type SET, as in security labels, are taken as they stand first: signers sort these by different rules.
    /// </remarks>
    public static IReadOnlyList<SignedOctets> Of(Asn1Set attributes, DigestKind digest)
    {
        byte[] shallow = Sorted(attributes);
        byte[] deep = attributes.Der();
        return shallow.AsSpan().SequenceEqual(deep) ? [Over(deep, digest)] : [Over(shallow, digest), Over(deep, digest)];
    }

    private static SignedOctets Over(byte[] attributes, DigestKind digest) => new(digest.Compute(attributes), attributes);

    private static byte[] Sorted(Asn1Set attributes)
    {
        List<byte[]> elements = [.. attributes.Select(attribute => attribute.GetEncoded(Asn1Encodable.DL))];
        elements.Sort((one, other) => one.AsSpan().SequenceCompareTo(other));
        byte[] content = [.. elements.SelectMany(element => element)];
        // The header is that of an OCTET STRING but for the tag.
        byte[] set = new DerOctetString(content).Der();
        set[0] = 0x31;
        return set;
    }
}
