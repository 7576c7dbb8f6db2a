using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;

namespace CryptoSample.Encrypting;

/// <summary>
/// AuthEnvelopedData has its authenticated attributes behind the ciphertext (RFC 5083 2.1), and GCM takes them before it. GHASH is linear
/// (NIST SP 800-38D 6.4): the tag with attributes differs from the tag without by a value that the lengths and the key alone decide.
/// </summary>
internal static class LateAttributes
{
    /// <summary>The tag that the content would have without its attributes.</summary>
    /// <param name="tag">The tag with them.</param>
    /// <param name="attributes">The attributes in DER.</param>
    /// <param name="contentLength">Octets of ciphertext.</param>
    /// <param name="key">The content key.</param>
    public static byte[] TakeOut(byte[] tag, byte[] attributes, long contentLength, byte[] key)
    {
        IBlockCipher aes = AesUtilities.CreateEngine();
        aes.Init(true, new KeyParameter(key));
        byte[] block = new byte[16];
        aes.ProcessBlock(block, 0, block, 0);
        UInt128 h = Read(block);

        UInt128 sum = 0;
        for (int at = 0; at < attributes.Length; at += 16)
            sum = Multiply(sum ^ Read(attributes.AsSpan(at, Math.Min(16, attributes.Length - at))), h);
        sum = Multiply(sum, Power(h, ((contentLength + 15) / 16) + 1));
        sum ^= Multiply((UInt128)(ulong)(attributes.Length * 8L) << 64, h);

        byte[] without = [.. tag];
        for (int i = 0; i < without.Length; i++)
            without[i] ^= (byte)(sum >> (120 - (8 * i)));
        return without;
    }

    private static UInt128 Read(ReadOnlySpan<byte> octets)
    {
        UInt128 value = 0;
        for (int i = 0; i < octets.Length; i++)
            value |= (UInt128)octets[i] << (120 - (8 * i));
        return value;
    }

    private static UInt128 Power(UInt128 value, long exponent)
    {
        UInt128 result = UInt128.One << 127;   // GCM's first bit is its lowest power
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) == 1)
                result = Multiply(result, value);
            value = Multiply(value, value);
        }
        return result;
    }

    private static UInt128 Multiply(UInt128 left, UInt128 right)
    {
        UInt128 product = 0;
        for (int bit = 127; bit >= 0; bit--)
        {
            if (((left >> bit) & 1) == 1)
                product ^= right;
            right = (right & 1) == 1 ? (right >> 1) ^ ((UInt128)0xE1 << 120) : right >> 1;
        }
        return product;
    }
}
