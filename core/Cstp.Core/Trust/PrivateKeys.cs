using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust;

/// <summary>What belongs to a private key.</summary>
internal static class PrivateKeys
{
    /// <summary>Reads a PrivateKeyInfo.</summary>
    /// <param name="pkcs8">DER octets.</param>
    /// <exception cref="FormatException">It is none, or of an unknown kind.</exception>
    public static AsymmetricKeyParameter Read(ReadOnlySpan<byte> pkcs8)
    {
        try
        {
            return PrivateKeyFactory.CreateKey(pkcs8.ToArray());
        }
        catch (Exception broken) when (broken is ArgumentException or IOException or GeneralSecurityException or InvalidOperationException or InvalidCastException)
        {
            throw new FormatException($"private key cannot be read ({broken.Message})", broken);
        }
    }

    /// <summary>Writes a PrivateKeyInfo of version 1: many a reader knows not the public key that version 2 adds (RFC 5958 2).</summary>
    /// <param name="key">The private key.</param>
    /// <returns>DER octets.</returns>
    public static byte[] Encode(AsymmetricKeyParameter key)
    {
        PrivateKeyInfo info = PrivateKeyInfoFactory.CreatePrivateKeyInfo(key);
        return new PrivateKeyInfo(info.PrivateKeyAlgorithm, info.ParsePrivateKey()).GetEncoded(Asn1Encodable.Der);
    }

    /// <summary>The public key that belongs to a private one.</summary>
    /// <param name="pkcs8">DER octets of the PrivateKeyInfo.</param>
    /// <exception cref="FormatException">It is none, or of an unknown kind.</exception>
    public static SubjectPublicKeyInfo PublicKeyOf(ReadOnlySpan<byte> pkcs8)
    {
        AsymmetricKeyParameter key = Read(pkcs8);
        return key switch
        {
            RsaPrivateCrtKeyParameters rsa => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(new RsaKeyParameters(false, rsa.Modulus, rsa.PublicExponent)),
            ECPrivateKeyParameters => EcPublicKeyOf(pkcs8),
            Ed25519PrivateKeyParameters ed => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(ed.GeneratePublicKey()),
            X25519PrivateKeyParameters x => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(x.GeneratePublicKey()),
            MLDsaPrivateKeyParameters dsa => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(dsa.GetPublicKey()),
            MLKemPrivateKeyParameters kem => SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(kem.GetPublicKey()),
            _ => throw new FormatException("private key is of an unknown kind (RSA, EC, Ed25519, X25519, ML-DSA and ML-KEM are known)"),
        };
    }

    /// <summary>The algorithm that a key signs certificates with, by the library's name.</summary>
    /// <param name="key">A private key.</param>
    /// <exception cref="FormatException">It cannot sign.</exception>
    public static string SignatureAlgorithmOf(AsymmetricKeyParameter key) => key switch
    {
        RsaKeyParameters => "SHA256WITHRSA",
        ECPrivateKeyParameters ec => ec.Parameters.N.BitLength > 256 ? "SHA384WITHECDSA" : "SHA256WITHECDSA",
        Ed25519PrivateKeyParameters => "Ed25519",
        MLDsaPrivateKeyParameters dsa => dsa.Parameters.Name,
        _ => throw new FormatException("this kind of key cannot sign"),
    };

    private static SubjectPublicKeyInfo EcPublicKeyOf(ReadOnlySpan<byte> pkcs8)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return SubjectPublicKeyInfo.GetInstance(key.ExportSubjectPublicKeyInfo());
    }
}
