using System.Security.Cryptography;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Utilities;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>Checks RSASSA-PSS signatures (RFC 8017 8.1.2, 9.1.2).</summary>
internal static class PssEncoding
{
    private const byte Trailer = 0xBC;

    public static bool Holds(RsaPublicKey key, PssParameters pss, byte[] hash, byte[] signature)
    {
        int bits = key.Modulus.BitLength - 1;
        int octets = (bits + 7) / 8;
        int maskedOctets = octets - pss.Digest.Octets - 1;
        int zeros = maskedOctets - pss.SaltOctets - 1;
        if (signature.Length != key.Octets || zeros < 0)
            return false;
        if (key.Raise(new BigInteger(1, signature)) is not BigInteger value || value.BitLength > bits)
            return false;

        byte[] encoded = BigIntegers.AsUnsignedByteArray(octets, value);
        byte[] digest = encoded[maskedOctets..^1];
        byte[] block = Unmask(encoded.AsSpan(0, maskedOctets), digest, pss);
        block[0] &= (byte)(0xFF >> (8 * octets - bits));
        return encoded[^1] == Trailer
            && block.AsSpan(0, zeros).IndexOfAnyExcept((byte)0) < 0
            && block[zeros] == 1
            && CryptographicOperations.FixedTimeEquals(digest, pss.Digest.Compute([.. new byte[8], .. hash, .. block[(zeros + 1)..]]));
    }

    private static byte[] Unmask(ReadOnlySpan<byte> masked, byte[] seed, PssParameters pss)
    {
        var generator = new Mgf1BytesGenerator(pss.MaskDigest.Create());
        generator.Init(new MgfParameters(seed));
        byte[] block = new byte[masked.Length];
        generator.GenerateBytes(block, 0, block.Length);
        for (int i = 0; i < block.Length; i++)
            block[i] ^= masked[i];
        return block;
    }
}
