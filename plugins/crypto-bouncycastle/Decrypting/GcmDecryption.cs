using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>AES in GCM mode (RFC 5084).</summary>
internal sealed class GcmDecryption : IContentDecryption
{
    private readonly GcmBlockCipher _cipher = new(AesUtilities.CreateEngine());
    private readonly byte[] _key;
    private readonly int _tagOctets;
    private long _octets;

    public GcmDecryption(ContentAlgorithm algorithm, byte[] key)
    {
        _key = key;
        _tagOctets = algorithm.TagOctets;
        _cipher.Init(false, new AeadParameters(new KeyParameter(key), _tagOctets * 8, algorithm.Start));
    }

    public int Update(ReadOnlySpan<byte> input, Span<byte> output)
    {
        _octets += input.Length;
        return _cipher.ProcessBytes(input, output);
    }

    public int Finish(byte[] tag, ReadOnlySpan<byte> authenticatedData, Span<byte> output)
    {
        if (tag.Length != _tagOctets)
            throw new InvalidCipherTextException("the mac has not the length that the parameters announce");
        byte[] expected = tag.ToArray();
        if (!authenticatedData.IsEmpty)
        {
            byte[] difference = LateAuthenticatedData.TagDifference(_key, authenticatedData, _octets);
            for (int i = 0; i < expected.Length; i++)
                expected[i] ^= difference[i];
            CryptographicOperations.ZeroMemory(difference);
        }

        // The cipher takes the tag for the end of the ciphertext.
        int count = _cipher.ProcessBytes(expected, output);
        return count + _cipher.DoFinal(output[count..]);
    }
}
