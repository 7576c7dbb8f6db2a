using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>The operating system's random octets, in the form that BouncyCastle takes.</summary>
internal static class Randomness
{
    /// <summary>Safe for all threads: it holds no state beyond the system's generator.</summary>
    public static readonly SecureRandom System = new(new CryptoApiRandomGenerator());

    public static byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        System.NextBytes(octets);
        return octets;
    }
}
