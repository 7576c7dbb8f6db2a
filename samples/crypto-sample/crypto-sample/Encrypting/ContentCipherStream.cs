using CryptoSample.Ber;
using Cstp.Abstractions;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace CryptoSample.Encrypting;

/// <summary>Content through AES, piece by piece: CBC with padding (RFC 5652 6.3) or GCM (RFC 5084).</summary>
internal sealed class ContentCipherStream
{
    private readonly IBufferedCipher _cipher;
    private byte[] _room = new byte[4096];

    /// <summary>Starts.</summary>
    /// <param name="encrypts">Which way.</param>
    /// <param name="cipher">The algorithm.</param>
    /// <param name="key">The content key.</param>
    /// <param name="vector">Initialisation vector or nonce.</param>
    /// <param name="tagLength">Octets of GCM's tag, which follows the ciphertext in this stream.</param>
    public ContentCipherStream(bool encrypts, ContentCipher cipher, byte[] key, byte[] vector, int tagLength)
    {
        if (IsGcm(cipher))
        {
            _cipher = new BufferedAeadBlockCipher(new GcmBlockCipher(AesUtilities.CreateEngine()));
            _cipher.Init(encrypts, new AeadParameters(new KeyParameter(key), tagLength * 8, vector));
        }
        else
        {
            _cipher = new PaddedBufferedBlockCipher(new CbcBlockCipher(AesUtilities.CreateEngine()), new Pkcs7Padding());
            _cipher.Init(encrypts, new ParametersWithIV(new KeyParameter(key), vector));
        }
    }

    public static bool IsGcm(ContentCipher cipher) => cipher is ContentCipher.Aes128Gcm or ContentCipher.Aes256Gcm;

    public static int KeyLength(ContentCipher cipher) => cipher is ContentCipher.Aes128Cbc or ContentCipher.Aes128Gcm ? 16 : 32;

    /// <summary>Passes octets through.</summary>
    /// <param name="octets">The octets.</param>
    /// <returns>What came out; overwritten by the next call.</returns>
    public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> octets)
    {
        Make(_cipher.GetUpdateOutputSize(octets.Length));
        return _room.AsMemory(0, _cipher.ProcessBytes(octets.Span, _room.AsSpan()));
    }

    /// <summary>Ends: the last block or the tag comes out, or padding or tag is checked.</summary>
    /// <exception cref="MalformedException">Padding or tag is wrong.</exception>
    public ReadOnlyMemory<byte> Finish()
    {
        Make(_cipher.GetOutputSize(0));
        try
        {
            return _room.AsMemory(0, _cipher.DoFinal(_room.AsSpan()));
        }
        catch (CryptoException)
        {
            throw new MalformedException("the content does not decrypt");
        }
    }

    private void Make(int octets)
    {
        if (_room.Length < octets)
            _room = new byte[octets];
    }
}
