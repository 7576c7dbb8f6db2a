using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Oiw;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>A digest that is known: its name, its identifier, and how to compute it.</summary>
/// <remarks>Which of them may be trusted is the host's business; MD5 and SHA-1 are read so that it can name them.</remarks>
internal sealed class DigestKind
{
    public static readonly DigestKind Md5 = new(CmsAlgorithmNames.Md5, PkcsObjectIdentifiers.MD5, () => new MD5Digest());
    public static readonly DigestKind Sha1 = new(CmsAlgorithmNames.Sha1, OiwObjectIdentifiers.IdSha1, () => new Sha1Digest());
    public static readonly DigestKind Sha224 = new(CmsAlgorithmNames.Sha224, NistObjectIdentifiers.IdSha224, () => new Sha224Digest());
    public static readonly DigestKind Sha256 = new(CmsAlgorithmNames.Sha256, NistObjectIdentifiers.IdSha256, () => new Sha256Digest());
    public static readonly DigestKind Sha384 = new(CmsAlgorithmNames.Sha384, NistObjectIdentifiers.IdSha384, () => new Sha384Digest());
    public static readonly DigestKind Sha512 = new(CmsAlgorithmNames.Sha512, NistObjectIdentifiers.IdSha512, () => new Sha512Digest());

    private static readonly DigestKind[] s_all = [Md5, Sha1, Sha224, Sha256, Sha384, Sha512];

    private readonly Func<IDigest> _create;

    private DigestKind(string name, DerObjectIdentifier identifier, Func<IDigest> create)
    {
        Name = name;
        Identifier = identifier;
        _create = create;
        Octets = create().GetDigestSize();
    }

    /// <summary>The name of <see cref="CmsAlgorithmNames"/>.</summary>
    public string Name { get; }

    public DerObjectIdentifier Identifier { get; }

    /// <summary>Octets of its value.</summary>
    public int Octets { get; }

    /// <summary>As it is written: without parameters (RFC 5754 2).</summary>
    public AlgorithmIdentifier Written => new(Identifier);

    /// <summary>As it is written within parameters of RSA schemes, where NULL is customary (RFC 4055 2.1).</summary>
    public AlgorithmIdentifier WrittenForRsa => new(Identifier, DerNull.Instance);

    public static DigestKind? Find(DerObjectIdentifier identifier) => Array.Find(s_all, kind => kind.Identifier.Equals(identifier));

    public static DigestKind? Find(string name) => Array.Find(s_all, kind => kind.Name == name);

    public static DigestKind From(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => Sha256,
        DigestAlgorithm.Sha384 => Sha384,
        DigestAlgorithm.Sha512 => Sha512,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "unknown digest"),
    };

    public IDigest Create() => _create();

    public byte[] Compute(ReadOnlySpan<byte> octets)
    {
        IDigest digest = _create();
        digest.BlockUpdate(octets);
        byte[] value = new byte[Octets];
        digest.DoFinal(value, 0);
        return value;
    }
}
