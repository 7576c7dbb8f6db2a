using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>
/// Additional data of GCM that becomes known after the ciphertext (RFC 5083 2.2). GHASH is linear (NIST SP 800-38D 6.4): the tag with the data differs
/// from the tag without by a value that follows from key, data and lengths alone.
/// </summary>
internal static class LateAttributes
{
    /// <summary>The tag that the message would have without its additional data.</summary>
    /// <param name="key">The content key.</param>
    /// <param name="data">The additional data.</param>
    /// <param name="contentLength">Octets of ciphertext.</param>
    /// <param name="tag">The tag with the data.</param>
    public static byte[] TagWithout(byte[] key, ReadOnlySpan<byte> data, long contentLength, ReadOnlySpan<byte> tag)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(key);
        Span<byte> block = stackalloc byte[16];
        aes.EncryptEcb(block, block, PaddingMode.None);
        UInt128 h = BinaryPrimitives.ReadUInt128BigEndian(block);

        UInt128 share = 0;
        for (int at = 0; at < data.Length; at += 16)
        {
            block.Clear();
            data[at..Math.Min(at + 16, data.Length)].CopyTo(block);
            share = Multiply(share ^ BinaryPrimitives.ReadUInt128BigEndian(block), h);
        }
        share = Multiply(share, Power(h, ((contentLength + 15) / 16) + 1));
        share ^= Multiply(new UInt128((ulong)data.Length * 8, 0), h);

        BinaryPrimitives.WriteUInt128BigEndian(block, share);
        byte[] without = tag.ToArray();
        for (int i = 0; i < without.Length; i++)
            without[i] ^= block[i];
        return without;
    }

    private static UInt128 Power(UInt128 value, long exponent)
    {
        UInt128 result = (UInt128)1 << 127;   // one, in GCM's order of bits
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
                result = Multiply(result, value);
            value = Multiply(value, value);
        }
        return result;
    }

    /// <summary>Multiplication in GF(2^128), the first bit standing for x^0.</summary>
    private static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 reduction = (UInt128)0xE1 << 120;
        UInt128 z = 0;
        for (int i = 127; i >= 0; i--)
        {
            if (((x >> i) & 1) != 0)
                z ^= y;
            y = (y & 1) != 0 ? (y >> 1) ^ reduction : y >> 1;
        }
        return z;
    }
}
