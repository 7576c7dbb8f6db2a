using System.Security.Cryptography;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Opens a content key that was wrapped after ephemeral-static key agreement (RFC 5753 3.1; RFC 8418).</summary>
internal static class KeyAgreement
{
    /// <exception cref="CryptoException">The wrap's check fails, or something of the algorithm is not read.</exception>
    public static byte[] Open(PrivateKey key, RecipientMatch match, ContentAlgorithm content)
    {
        KeyAgreementScheme? scheme = KeyAgreementScheme.Find(match.Algorithm.Algorithm);
        if (scheme is null)
            throw new InvalidCipherTextException($"key agreement {match.Algorithm.Algorithm.Id} is not read");
        if (match.Agreement?.Key is not OriginatorPublicKey originator)
            throw new InvalidCipherTextException("the sender's key is not in the message");
        AlgorithmIdentifier wrap = AlgorithmIdentifier.GetInstance(match.Algorithm.Parameters);
        int wrappingOctets = KeyWrap.KeyOctets(wrap.Algorithm);
        if (wrappingOctets == 0 || wrap.Algorithm.Equals(PkcsObjectIdentifiers.IdAlgCms3DesWrap) && !content.IsTripleDes)
            throw new InvalidCipherTextException($"key wrap {wrap.Algorithm.Id} is not read with {content.Name}");

        byte[] secret = Agree(key, originator);
        byte[] wrappingKey = scheme.DeriveWrappingKey(secret, wrap, wrappingOctets, match.Agreement.UserKeyingMaterial);
        try
        {
            return KeyWrap.Unwrap(wrap.Algorithm, wrappingKey, match.EncryptedKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(wrappingKey);
        }
    }

    private static byte[] Agree(PrivateKey key, OriginatorPublicKey originator)
    {
        AlgorithmIdentifier algorithm = originator.Algorithm;
        byte[] point = originator.PublicKey.GetOctets();
        if (key.Certificate.Key.Curve is NamedCurve curve && algorithm.Algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey))
        {
            // Absent, or NULL as RFC 5753 3.1.1 once had it, or the recipient's own curve by name; never explicit parameters.
            if (algorithm.Parameters is not (null or DerNull) && NamedCurve.Find(algorithm.Parameters) != curve)
                throw new InvalidCipherTextException("the sender's key is on another curve");
            return SharedSecret.Agree(curve, key.Parameters, Point(curve, point));
        }

        if (key.Certificate.Key.Kind == PublicKeyKind.X25519 && algorithm.Algorithm.Equals(EdECObjectIdentifiers.id_X25519))
            return SharedSecret.Agree(key.Parameters, new X25519PublicKeyParameters(point));
        throw new InvalidCipherTextException("the sender's key is of another kind");
    }

    // Decoding refuses what is not on the curve, the parameters refuse infinity: either would give away bits of our key.
    private static ECPublicKeyParameters Point(NamedCurve curve, byte[] point) =>
        new("EC", curve.Domain.Curve.DecodePoint(point), curve.Domain);
}
