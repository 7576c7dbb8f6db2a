using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>AES key wrap (RFC 3394).</summary>
internal static class KeyWrap
{
    private const ulong Initial = 0xA6A6A6A6A6A6A6A6;

    /// <summary>Wraps.</summary>
    /// <param name="encryptionKey">The key that wraps.</param>
    /// <param name="key">A multiple of 8 octets.</param>
    public static byte[] Wrap(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> key)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(encryptionKey);
        int n = key.Length / 8;
        byte[] blocks = new byte[8 + key.Length];
        key.CopyTo(blocks.AsSpan(8));
        Span<byte> block = stackalloc byte[16];
        ulong a = Initial;
        for (int j = 0; j < 6; j++)
        {
            for (int i = 1; i <= n; i++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(block, a);
                blocks.AsSpan(8 * i, 8).CopyTo(block[8..]);
                aes.EncryptEcb(block, block, PaddingMode.None);
                a = BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)((n * j) + i);
                block[8..].CopyTo(blocks.AsSpan(8 * i, 8));
            }
        }
        BinaryPrimitives.WriteUInt64BigEndian(blocks, a);
        return blocks;
    }

    /// <summary>Unwraps.</summary>
    /// <param name="encryptionKey">The key that wrapped.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <returns>The key; null where it is not one that was wrapped so.</returns>
    public static byte[]? Unwrap(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < 24 || wrapped.Length % 8 != 0)
            return null;
        using Aes aes = Aes.Create();
        aes.SetKey(encryptionKey);
        int n = (wrapped.Length / 8) - 1;
        byte[] blocks = wrapped.ToArray();
        Span<byte> block = stackalloc byte[16];
        ulong a = BinaryPrimitives.ReadUInt64BigEndian(blocks);
        for (int j = 5; j >= 0; j--)
        {
            for (int i = n; i >= 1; i--)
            {
                BinaryPrimitives.WriteUInt64BigEndian(block, a ^ (ulong)((n * j) + i));
                blocks.AsSpan(8 * i, 8).CopyTo(block[8..]);
                aes.DecryptEcb(block, block, PaddingMode.None);
                a = BinaryPrimitives.ReadUInt64BigEndian(block);
                block[8..].CopyTo(blocks.AsSpan(8 * i, 8));
            }
        }
        byte[]? key = a == Initial ? blocks[8..] : null;
        CryptographicOperations.ZeroMemory(blocks);
        return key;
    }
}
