using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>AES or Triple DES in CBC mode (RFC 3565; RFC 3370 5.1) with the padding of RFC 5652 6.3.</summary>
internal sealed class CbcDecryption : IContentDecryption
{
    private readonly PaddedBufferedBlockCipher _cipher;

    public CbcDecryption(ContentAlgorithm algorithm, byte[] key)
    {
        IBlockCipher engine = algorithm.IsTripleDes ? new DesEdeEngine() : AesUtilities.CreateEngine();
        _cipher = new PaddedBufferedBlockCipher(new CbcBlockCipher(engine), new Pkcs7Padding());
        KeyParameter parameter = algorithm.IsTripleDes ? new DesEdeParameters(key) : new KeyParameter(key);
        _cipher.Init(false, new ParametersWithIV(parameter, algorithm.Start));
    }

    public int Update(ReadOnlySpan<byte> input, Span<byte> output) => _cipher.ProcessBytes(input, output);

    public int Finish(byte[] tag, ReadOnlySpan<byte> authenticatedData, Span<byte> output) => _cipher.DoFinal(output);
}
