using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Utilities;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>The Diffie-Hellman step of key agreement.</summary>
internal static class SharedSecret
{
    /// <summary>ECDH: the x coordinate, as long as the field (RFC 5753 7.1.1).</summary>
    public static byte[] Agree(NamedCurve curve, AsymmetricKeyParameter key, AsymmetricKeyParameter peer)
    {
        var agreement = new ECDHBasicAgreement();
        agreement.Init(key);
        return BigIntegers.AsUnsignedByteArray(curve.FieldOctets, agreement.CalculateAgreement(peer));
    }

    /// <summary>X25519; a result of all zeros is an exception (RFC 8418 2).</summary>
    public static byte[] Agree(AsymmetricKeyParameter key, AsymmetricKeyParameter peer)
    {
        var agreement = new X25519Agreement();
        agreement.Init(key);
        byte[] secret = new byte[agreement.AgreementSize];
        agreement.CalculateAgreement(peer, secret, 0);
        return secret;
    }
}
