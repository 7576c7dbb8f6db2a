using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Encrypting;

/// <summary>A fresh content key, its nonce or initialisation vector, and the cipher that runs with them.</summary>
internal sealed class ContentEncryption
{
    private const int NonceOctets = 12;
    private const int BlockOctets = 16;

    /// <summary>Octets of the authentication tag, the full length (RFC 5084 3.2).</summary>
    public const int TagOctets = 16;

    private ContentEncryption(bool authenticated, DerObjectIdentifier algorithm, int keyOctets)
    {
        Authenticated = authenticated;
        Key = Randomness.Octets(keyOctets);
        byte[] start = Randomness.Octets(authenticated ? NonceOctets : BlockOctets);
        Algorithm = authenticated
            ? new AlgorithmIdentifier(algorithm, new GcmParameters(start, TagOctets))
            : new AlgorithmIdentifier(algorithm, new DerOctetString(start));
        Cipher = authenticated
            ? new BufferedAeadBlockCipher(new GcmBlockCipher(AesUtilities.CreateEngine()))
            : new PaddedBufferedBlockCipher(new CbcBlockCipher(AesUtilities.CreateEngine()), new Pkcs7Padding());
        Cipher.Init(true, authenticated
            ? new AeadParameters(new KeyParameter(Key), TagOctets * 8, start)
            : new ParametersWithIV(new KeyParameter(Key), start));
    }

    /// <summary>Whether it makes AuthEnvelopedData, with a tag at the end.</summary>
    public bool Authenticated { get; }

    /// <summary>The content key; the caller zeroes it once the recipients have theirs.</summary>
    public byte[] Key { get; }

    public AlgorithmIdentifier Algorithm { get; }

    /// <summary>Encrypts; the end of GCM's last block is the tag.</summary>
    public IBufferedCipher Cipher { get; }

    public static ContentEncryption Create(ContentCipher cipher) => cipher switch
    {
        ContentCipher.Aes128Cbc => new ContentEncryption(false, NistObjectIdentifiers.IdAes128Cbc, 16),
        ContentCipher.Aes256Cbc => new ContentEncryption(false, NistObjectIdentifiers.IdAes256Cbc, 32),
        ContentCipher.Aes128Gcm => new ContentEncryption(true, NistObjectIdentifiers.IdAes128Gcm, 16),
        ContentCipher.Aes256Gcm => new ContentEncryption(true, NistObjectIdentifiers.IdAes256Gcm, 32),
        _ => throw new ArgumentOutOfRangeException(nameof(cipher), cipher, "unknown cipher"),
    };
}
