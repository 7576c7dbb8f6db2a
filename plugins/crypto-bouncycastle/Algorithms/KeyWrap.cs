using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>AES key wrap (RFC 3394, RFC 3565 2.3.2), and for reading that of Triple DES (RFC 3217).</summary>
internal static class KeyWrap
{
    /// <summary>The wrap whose key has as many octets as the key it wraps (RFC 8551 2.3).</summary>
    public static AlgorithmIdentifier For(int keyOctets) => new(keyOctets switch
    {
        16 => NistObjectIdentifiers.IdAes128Wrap,
        24 => NistObjectIdentifiers.IdAes192Wrap,
        _ => NistObjectIdentifiers.IdAes256Wrap,
    });

    /// <summary>Octets of the wrapping key; 0 where the wrap is not known.</summary>
    public static int KeyOctets(DerObjectIdentifier wrap) =>
        wrap.Equals(NistObjectIdentifiers.IdAes128Wrap) ? 16
        : wrap.Equals(NistObjectIdentifiers.IdAes192Wrap) ? 24
        : wrap.Equals(NistObjectIdentifiers.IdAes256Wrap) ? 32
        : wrap.Equals(PkcsObjectIdentifiers.IdAlgCms3DesWrap) ? 24
        : 0;

    public static byte[] Wrap(byte[] wrappingKey, byte[] key)
    {
        var engine = new Rfc3394WrapEngine(AesUtilities.CreateEngine());
        engine.Init(true, new KeyParameter(wrappingKey));
        return engine.Wrap(key, 0, key.Length);
    }

    /// <exception cref="InvalidCipherTextException">The wrap's check fails.</exception>
    public static byte[] Unwrap(DerObjectIdentifier wrap, byte[] wrappingKey, byte[] wrapped)
    {
        bool tripleDes = wrap.Equals(PkcsObjectIdentifiers.IdAlgCms3DesWrap);
        IWrapper engine = tripleDes ? new DesEdeWrapEngine() : new Rfc3394WrapEngine(AesUtilities.CreateEngine());
        engine.Init(false, new KeyParameter(wrappingKey));
        return engine.Unwrap(wrapped, 0, wrapped.Length);
    }
}
