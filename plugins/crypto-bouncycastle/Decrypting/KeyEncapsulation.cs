using System.Security.Cryptography;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Opens a content key that was wrapped under a secret encapsulated with ML-KEM (RFC 9629 2; RFC 9936).</summary>
internal static class KeyEncapsulation
{
    /// <exception cref="CryptoException">The wrap's check fails, or something of the algorithm is not read.</exception>
    public static byte[] Open(PrivateKey key, KemRecipient recipient)
    {
        if (key.Certificate.Key.Lattice is not { Kind: PublicKeyKind.MlKem } lattice
            || !recipient.Kem.Algorithm.Equals(lattice.Identifier) || recipient.Kem.Parameters is not (null or DerNull))
            throw new InvalidCipherTextException($"key encapsulation {recipient.Kem.Algorithm.Id} is not read with this key");
        EncapsulationScheme? scheme = EncapsulationScheme.Find(recipient.Kdf.Algorithm);
        if (scheme is null || recipient.Kdf.Parameters is not (null or DerNull))
            throw new InvalidCipherTextException($"key derivation {recipient.Kdf.Algorithm.Id} is not read");
        // RFC 9936 2.2.1: the length has to be that of the wrap's key.
        if (recipient.Wrap.Algorithm.Equals(PkcsObjectIdentifiers.IdAlgCms3DesWrap) || KeyWrap.KeyOctets(recipient.Wrap.Algorithm) != recipient.KeyOctets)
            throw new InvalidCipherTextException($"key wrap {recipient.Wrap.Algorithm.Id} is not read with a key of {recipient.KeyOctets} octets");
        var decapsulator = new MLKemDecapsulator(((MLKemPrivateKeyParameters)key.Parameters).Parameters);
        decapsulator.Init(key.Parameters);
        if (recipient.Ciphertext.Length != decapsulator.EncapsulationLength)
            throw new InvalidCipherTextException($"the encapsulated secret has {recipient.Ciphertext.Length} octets");

        // A wrong ciphertext gives a secret that unwraps nothing (FIPS 203 7.3).
        byte[] secret = new byte[decapsulator.SecretLength];
        decapsulator.Decapsulate(recipient.Ciphertext, secret);
        byte[] wrappingKey = scheme.DeriveWrappingKey(secret, recipient.Wrap, recipient.KeyOctets, recipient.UserKeyingMaterial);
        try
        {
            return KeyWrap.Unwrap(recipient.Wrap.Algorithm, wrappingKey, recipient.EncryptedKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(wrappingKey);
        }
    }
}
