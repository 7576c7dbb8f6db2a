using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Utilities;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>RSA encryption with a <see cref="RsaPublicKey"/>, for BouncyCastle's paddings.</summary>
internal sealed class RsaPublicEngine(RsaPublicKey key) : IAsymmetricBlockCipher
{
    public string AlgorithmName => "RSA";

    public void Init(bool forEncryption, ICipherParameters parameters)
    {
        if (!forEncryption)
            throw new InvalidOperationException("a public key does not decrypt");
    }

    public int GetInputBlockSize() => (key.Modulus.BitLength - 1) / 8;

    public int GetOutputBlockSize() => key.Octets;

    public byte[] ProcessBlock(byte[] inBuf, int inOff, int inLen)
    {
        BigInteger value = key.Raise(new BigInteger(1, inBuf, inOff, inLen)) ?? throw new DataLengthException("the block is too large");
        return BigIntegers.AsUnsignedByteArray(key.Octets, value);
    }
}
