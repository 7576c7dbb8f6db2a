using System.Formats.Asn1;
using System.Globalization;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>Digest and signature scheme for one key.</summary>
internal sealed class SignatureChoice
{
    private readonly PrivateKey _key;
    private readonly PssParameters? _pss;

    /// <summary>Chooses.</summary>
    /// <param name="key">The signer's key.</param>
    /// <param name="wanted">The digest asked for.</param>
    /// <exception cref="CmsKeyException">The key signs nothing that is known here.</exception>
    public SignatureChoice(PrivateKey key, DigestAlgorithm wanted)
    {
        _key = key;
        Digest = wanted switch
        {
            DigestAlgorithm.Sha384 => CmsAlgorithmNames.Sha384,
            DigestAlgorithm.Sha512 => CmsAlgorithmNames.Sha512,
            _ => CmsAlgorithmNames.Sha256,
        };
        Certificate certificate = key.Certificate;
        if (certificate.Fault is { } fault)
            throw new CmsKeyException($"certificate {certificate.Encoded.Fingerprint[..16]} cannot sign: {fault}; make a key of another kind");
        switch (certificate.Algorithm)
        {
            case Oids.RsaPss:
                _pss = certificate.Pss ?? new PssParameters(Digest, Digest, DigestLength(Digest));
                Digest = _pss.Digest;
                break;
            case Oids.Ed25519:
                Digest = CmsAlgorithmNames.Sha512;   // RFC 8419 3.1
                break;
            case not (Oids.Rsa or Oids.Ec) when certificate.Lattice is { Encapsulates: false }:
                Digest = CmsAlgorithmNames.Sha512;   // RFC 9882 3.3
                break;
            case not (Oids.Rsa or Oids.Ec):
                throw new CmsKeyException($"certificate {certificate.Encoded.Fingerprint[..16]} has a key that signs nothing here ({certificate.Algorithm}); take RSA, P-256, P-384, Ed25519 or ML-DSA");
        }
    }

    /// <summary>The digest's name.</summary>
    public string Digest { get; }

    /// <summary>Writes the signatureAlgorithm.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="tag">Its tag, where it is implicit.</param>
    public void WriteAlgorithm(AsnWriter writer, Asn1Tag? tag = null)
    {
        using (writer.PushSequence(tag))
        {
            switch (_key.Certificate.Algorithm)
            {
                case Oids.Rsa:
                    writer.WriteOid(Oids.Rsa);   // RFC 3370 3.2
                    writer.WriteNull();
                    break;
                case Oids.RsaPss:
                    writer.WriteOid(Oids.RsaPss);
                    _pss!.Write(writer);
                    break;
                case Oids.Ec:
                    writer.WriteOid(Oids.SignatureOid(Oids.Ec, Digest));
                    break;
                case string pure:
                    writer.WriteOid(pure);
                    break;
            }
        }
    }

    /// <summary>Signs.</summary>
    /// <param name="octets">The signed attributes as a DER SET OF.</param>
    public byte[] Sign(byte[] octets)
    {
        if (Oids.IsPure(_key.Certificate.Algorithm))
            return _key.Key.SignPure(octets);
        byte[] digest = Interop.EvpDigest.Compute(Digest, octets);
        return _key.Certificate.Algorithm switch
        {
            Oids.Rsa => _key.Key.Sign(digest, ("rsa_padding_mode", "pkcs1"), ("digest", Digest)),
            Oids.RsaPss => _key.Key.Sign(
                digest,
                ("rsa_padding_mode", "pss"),
                ("digest", Digest),
                ("rsa_mgf1_md", _pss!.MaskDigest),
                ("rsa_pss_saltlen", _pss.SaltLength.ToString(CultureInfo.InvariantCulture))),
            _ => _key.Key.Sign(digest, ("digest", Digest)),
        };
    }

    /// <summary>Octets of a digest.</summary>
    /// <param name="name">Its name.</param>
    public static int DigestLength(string name) => name switch
    {
        CmsAlgorithmNames.Md5 => 16,
        CmsAlgorithmNames.Sha1 => 20,
        CmsAlgorithmNames.Sha224 => 28,
        CmsAlgorithmNames.Sha256 => 32,
        CmsAlgorithmNames.Sha384 => 48,
        _ => 64,
    };
}
