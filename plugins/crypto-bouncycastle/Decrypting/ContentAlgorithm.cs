using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>The contentEncryptionAlgorithm of a message, as far as it is read.</summary>
internal sealed class ContentAlgorithm
{
    // Beyond these nobody writes; BouncyCastle would take any length.
    private const int MostNonceOctets = 64;
    private const int LeastTagOctets = 12;
    private const int DefaultTagOctets = 12;

    private ContentAlgorithm(string name) => Name = name;

    /// <summary>The name of <see cref="CmsAlgorithmNames"/>, or the dotted identifier.</summary>
    public string Name { get; }

    /// <summary>Why it is not read; null where it is.</summary>
    public string? Problem { get; private set; }

    public bool IsGcm { get; private init; }

    public bool IsTripleDes { get; private init; }

    public int KeyOctets { get; private init; }

    /// <summary>Octets of the tag; aes-ICVlen, 12 where it is absent (RFC 5084 3.2).</summary>
    public int TagOctets { get; private set; }

    /// <summary>Nonce or initialisation vector.</summary>
    public byte[] Start { get; private set; } = [];

    /// <summary>Reads an AlgorithmIdentifier.</summary>
    /// <param name="algorithm">The identifier.</param>
    /// <param name="authenticated">Whether it stands in AuthEnvelopedData.</param>
    /// <param name="allowTripleDes">Whether Triple DES may be read.</param>
    public static ContentAlgorithm Read(AlgorithmIdentifier algorithm, bool authenticated, bool allowTripleDes)
    {
        ContentAlgorithm read = Find(algorithm.Algorithm);
        if (read.KeyOctets == 0)
            read.Problem = $"content encryption {read.Name} is not read";
        else if (read.IsGcm != authenticated)
            read.Problem = $"{read.Name} does not belong in this content type";
        else if (read.IsTripleDes && !allowTripleDes)
            read.Problem = "Triple DES is not allowed";
        else if (read.IsGcm)
            read.ReadGcm(algorithm.Parameters);
        else
            read.ReadCbc(algorithm.Parameters);
        return read;
    }

    private static ContentAlgorithm Find(DerObjectIdentifier identifier)
    {
        if (identifier.Equals(NistObjectIdentifiers.IdAes128Cbc))
            return new ContentAlgorithm(CmsAlgorithmNames.Aes128Cbc) { KeyOctets = 16 };
        if (identifier.Equals(NistObjectIdentifiers.IdAes192Cbc))
            return new ContentAlgorithm(CmsAlgorithmNames.Aes192Cbc) { KeyOctets = 24 };
        if (identifier.Equals(NistObjectIdentifiers.IdAes256Cbc))
            return new ContentAlgorithm(CmsAlgorithmNames.Aes256Cbc) { KeyOctets = 32 };
        if (identifier.Equals(NistObjectIdentifiers.IdAes128Gcm))
            return new ContentAlgorithm(CmsAlgorithmNames.Aes128Gcm) { KeyOctets = 16, IsGcm = true };
        if (identifier.Equals(NistObjectIdentifiers.IdAes192Gcm))
            return new ContentAlgorithm(CmsAlgorithmNames.Aes192Gcm) { KeyOctets = 24, IsGcm = true };
        if (identifier.Equals(NistObjectIdentifiers.IdAes256Gcm))
            return new ContentAlgorithm(CmsAlgorithmNames.Aes256Gcm) { KeyOctets = 32, IsGcm = true };
        if (identifier.Equals(PkcsObjectIdentifiers.DesEde3Cbc))
            return new ContentAlgorithm(CmsAlgorithmNames.TripleDesCbc) { KeyOctets = 24, IsTripleDes = true };
        return new ContentAlgorithm(identifier.Id);
    }

    private void ReadCbc(Asn1Encodable? parameters)
    {
        Start = parameters is Asn1OctetString vector ? vector.GetOctets() : [];
        if (Start.Length != (IsTripleDes ? 8 : 16))
            Problem = $"the initialisation vector of {Name} is missing or has {Start.Length} octets";
    }

    private void ReadGcm(Asn1Encodable? parameters)
    {
        if (parameters is not Asn1Sequence sequence)
        {
            Problem = $"the parameters of {Name} are missing";
            return;
        }

        Start = Asn1OctetString.GetInstance(sequence[0]).GetOctets();
        TagOctets = sequence.Count == 1 ? DefaultTagOctets : DerInteger.GetInstance(sequence[1]).IntValueExact;
        if (sequence.Count > 2 || Start.Length is 0 or > MostNonceOctets)
            Problem = $"the nonce of {Name} has {Start.Length} octets, or something follows it";
        else if (TagOctets is < LeastTagOctets or > 16)
            Problem = $"the tag of {Name} has {TagOctets} octets";
    }
}
