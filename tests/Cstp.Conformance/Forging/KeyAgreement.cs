using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Utilities;

namespace Cstp.Conformance.Forging;

/// <summary>Ephemeral-static agreement on the key that wraps a content key (RFC 5753 3.1, 7; RFC 8418 2).</summary>
internal static class KeyAgreement
{
    /// <summary>The scheme that a kind of key gets.</summary>
    /// <param name="how">A name of <see cref="CmsAlgorithmNames"/>.</param>
    public static DerObjectIdentifier Scheme(string how) => how switch
    {
        CmsAlgorithmNames.X25519 => PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha256_scheme,
        CmsAlgorithmNames.EcdhP384 => SecObjectIdentifiers.dhSinglePass_stdDH_sha384kdf_scheme,
        CmsAlgorithmNames.EcdhP521 => SecObjectIdentifiers.dhSinglePass_stdDH_sha512kdf_scheme,
        _ => SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme,
    };

    /// <summary>AES key wrap with a key of a length.</summary>
    /// <param name="length">Octets.</param>
    public static DerObjectIdentifier Wrap(int length) => length == 16 ? NistObjectIdentifiers.IdAes128Wrap : NistObjectIdentifiers.IdAes256Wrap;

    /// <summary>The identifier that an originator's public key bears.</summary>
    /// <param name="how">A name of <see cref="CmsAlgorithmNames"/>.</param>
    public static AlgorithmIdentifier PublicKeyAlgorithm(string how) =>
        new(how == CmsAlgorithmNames.X25519 ? EdECObjectIdentifiers.id_X25519 : X9ObjectIdentifiers.IdECPublicKey);

    /// <summary>The wrapping key that both sides come to.</summary>
    /// <param name="own">One side's private key.</param>
    /// <param name="other">The other's public key.</param>
    /// <param name="scheme">The key derivation.</param>
    /// <param name="wrap">The algorithm that wraps, without parameters.</param>
    /// <param name="length">Its key's octets.</param>
    public static byte[] Derive(AsymmetricKeyParameter own, AsymmetricKeyParameter other, DerObjectIdentifier scheme, AlgorithmIdentifier wrap, int length)
    {
        byte[] secret = Agree(own, other);
        byte[] bits = [0, 0, (byte)(length * 8 >> 8), (byte)(length * 8)];
        byte[] shared = new DerSequence(wrap, new DerTaggedObject(true, 2, new DerOctetString(bits))).GetDerEncoded();
        byte[] key = new byte[length];
        IDerivationFunction derivation;
        if (scheme.Equals(PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha256_scheme))
        {
            derivation = new HkdfBytesGenerator(new Sha256Digest());
            derivation.Init(new HkdfParameters(secret, null, shared));
        }
        else
        {
            derivation = new Kdf2BytesGenerator(DigestOf(scheme));
            derivation.Init(new KdfParameters(secret, shared));
        }
        derivation.GenerateBytes(key, 0, length);
        return key;
    }

    private static byte[] Agree(AsymmetricKeyParameter own, AsymmetricKeyParameter other)
    {
        if (own is X25519PrivateKeyParameters)
        {
            var curve = new X25519Agreement();
            curve.Init(own);
            byte[] secret = new byte[curve.AgreementSize];
            curve.CalculateAgreement(other, secret, 0);
            return secret;
        }
        var agreement = new ECDHBasicAgreement();
        agreement.Init(own);
        return BigIntegers.AsUnsignedByteArray(agreement.GetFieldSize(), agreement.CalculateAgreement(other));
    }

    private static IDigest DigestOf(DerObjectIdentifier scheme) =>
        scheme.Equals(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme) ? new Sha256Digest()
        : scheme.Equals(SecObjectIdentifiers.dhSinglePass_stdDH_sha384kdf_scheme) ? new Sha384Digest()
        : scheme.Equals(SecObjectIdentifiers.dhSinglePass_stdDH_sha512kdf_scheme) ? new Sha512Digest()
        : new Sha1Digest();
}
