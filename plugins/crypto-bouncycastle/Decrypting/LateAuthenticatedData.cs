using System.Buffers.Binary;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Adds authenticated data to a GCM tag that was computed without any.</summary>
/// <remarks>
/// GCM digests the authenticated data first, but in AuthEnvelopedData it stands behind the ciphertext (RFC 5083 2.1). GHASH is
/// linear over GF(2^128): with H the hash key, n the number of ciphertext blocks and A(H) the hash state after the data alone,
/// the tag changes by A(H)·H^(n+1) + len(A)·H. So neither the ciphertext nor a second pass is needed.
/// </remarks>
internal static class LateAuthenticatedData
{
    private const int BlockOctets = 16;

    /// <summary>Computes what the tag has to be combined with by exclusive or.</summary>
    /// <param name="key">The content key.</param>
    /// <param name="data">The authenticated data.</param>
    /// <param name="ciphertextOctets">Octets of the whole ciphertext.</param>
    public static byte[] TagDifference(byte[] key, ReadOnlySpan<byte> data, long ciphertextOctets)
    {
        UInt128 hashKey = HashKey(key);
        UInt128 state = 0;
        Span<byte> block = stackalloc byte[BlockOctets];
        for (int offset = 0; offset < data.Length; offset += BlockOctets)
        {
            block.Clear();
            data.Slice(offset, Math.Min(BlockOctets, data.Length - offset)).CopyTo(block);
            state = Multiply(state ^ BinaryPrimitives.ReadUInt128BigEndian(block), hashKey);
        }

        long ciphertextBlocks = (ciphertextOctets + BlockOctets - 1) / BlockOctets;
        state = Multiply(state, Power(hashKey, ciphertextBlocks + 1));
        state ^= Multiply((UInt128)data.Length * 8 << 64, hashKey);
        byte[] difference = new byte[BlockOctets];
        BinaryPrimitives.WriteUInt128BigEndian(difference, state);
        return difference;
    }

    private static UInt128 HashKey(byte[] key)
    {
        IBlockCipher cipher = AesUtilities.CreateEngine();
        cipher.Init(true, new KeyParameter(key));
        byte[] hashKey = new byte[BlockOctets];
        cipher.ProcessBlock(hashKey, 0, hashKey, 0);
        return BinaryPrimitives.ReadUInt128BigEndian(hashKey);
    }

    private static UInt128 Power(UInt128 element, long exponent)
    {
        UInt128 power = UInt128.One << 127; // the field's one: its bits are numbered from the left
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
                power = Multiply(power, element);
            element = Multiply(element, element);
        }

        return power;
    }

    // SP 800-38D 6.3, without branches on secret bits.
    private static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 reduction = (UInt128)0xE1 << 120;
        UInt128 product = 0;
        for (int bit = 127; bit >= 0; bit--)
        {
            product ^= y & (0 - (x >> bit & 1));
            y = y >> 1 ^ reduction & (0 - (y & 1));
        }

        return product;
    }
}
