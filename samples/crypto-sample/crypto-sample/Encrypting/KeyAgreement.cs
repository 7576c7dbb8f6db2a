using System.Formats.Asn1;
using System.Security.Cryptography;
using CryptoSample.Ber;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace CryptoSample.Encrypting;

/// <summary>Ephemeral-static ECDH on P-256 with the X9.63 key derivation over SHA-256 (RFC 5753), and AES key wrap (RFC 3394).</summary>
internal static class KeyAgreement
{
    /// <summary>An ephemeral key, its point, and a content key wrapped for a recipient.</summary>
    /// <param name="recipient">The recipient's public key.</param>
    /// <param name="contentKey">The content key.</param>
    /// <param name="wrap">The key wrap algorithm.</param>
    public static (byte[] Point, byte[] Wrapped) Wrap(ECDiffieHellman recipient, byte[] contentKey, string wrap)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] algorithm = Der.Write(writer => Der.Algorithm(writer, wrap));
        byte[] key = Derive(ephemeral, recipient.PublicKey, wrap, algorithm, null);
        ECPoint point = ephemeral.ExportParameters(includePrivateParameters: false).Q;
        var engine = new AesWrapEngine();
        engine.Init(true, new KeyParameter(key));
        CryptographicOperations.ZeroMemory(key);
        return ([4, .. point.X!, .. point.Y!], engine.Wrap(contentKey, 0, contentKey.Length));
    }

    /// <summary>Unwraps a content key.</summary>
    /// <param name="recipient">The recipient's private key.</param>
    /// <param name="point">The originator's point, uncompressed.</param>
    /// <param name="algorithm">The key wrap algorithm as it came.</param>
    /// <param name="material">The user keying material, or null.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <returns>Null where anything does not fit.</returns>
    public static byte[]? Unwrap(ECDiffieHellman recipient, byte[] point, ReadOnlyMemory<byte> algorithm, byte[]? material, byte[] wrapped)
    {
        try
        {
            (string wrap, _) = Der.ReadAlgorithm(new AsnReader(algorithm, AsnEncodingRules.BER));
            if (wrap is not (Oids.Aes128Wrap or Oids.Aes256Wrap) || point.Length != 65 || point[0] != 4 || wrapped.Length is not (24 or 40))
                return null;
            using var originator = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = point[1..33], Y = point[33..] },
            });
            var engine = new AesWrapEngine();
            engine.Init(false, new KeyParameter(Derive(recipient, originator.PublicKey, wrap, algorithm.ToArray(), material)));
            return engine.Unwrap(wrapped, 0, wrapped.Length);
        }
        catch (Exception refused) when (refused is CryptographicException or CryptoException)
        {
            return null;
        }
    }

    /// <summary>One round of X9.63 gives the 32 octets that are needed at most: SHA-256 over secret, counter and ECC-CMS-SharedInfo (RFC 5753 7.2).</summary>
    private static byte[] Derive(ECDiffieHellman own, ECDiffieHellmanPublicKey other, string wrap, byte[] algorithm, byte[]? material)
    {
        int length = wrap == Oids.Aes128Wrap ? 16 : 32;
        byte[] shared = Der.Write(writer =>
        {
            using (writer.PushSequence())
            {
                writer.WriteEncodedValue(algorithm);
                if (material is not null)
                    Tagged(writer, 0, material);
                Tagged(writer, 2, [0, 0, (byte)(length * 8 >> 8), (byte)(length * 8)]);
            }
        });
        return own.DeriveKeyFromHash(other, HashAlgorithmName.SHA256, null, [0, 0, 0, 1, .. shared])[..length];
    }

    private static void Tagged(AsnWriter writer, int tag, byte[] octets)
    {
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, tag)))
            writer.WriteOctetString(octets);
    }
}
