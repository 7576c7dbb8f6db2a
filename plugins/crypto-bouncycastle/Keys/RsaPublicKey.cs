using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Math;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>An RSA public key as its two numbers.</summary>
/// <remarks>
/// BouncyCastle's own type proves at each construction that the modulus is composite: 48 ms for 2048 bits, over 800 ms for 8192,
/// which a stranger's certificates would make us spend. Here only size and parity were checked.
/// </remarks>
internal sealed class RsaPublicKey(BigInteger modulus, BigInteger exponent) : AsymmetricKeyParameter(false)
{
    public BigInteger Modulus { get; } = modulus;

    /// <summary>Octets of the modulus, and so of every value.</summary>
    public int Octets => (Modulus.BitLength + 7) / 8;

    /// <summary>Computes the value to the public exponent; null where it is not less than the modulus.</summary>
    public BigInteger? Raise(BigInteger value) => value.CompareTo(Modulus) < 0 ? value.ModPow(exponent, Modulus) : null;
}
