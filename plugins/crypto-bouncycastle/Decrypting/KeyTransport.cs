using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Opens a content key that an RSA key transports (RFC 3370 4.2.1; RFC 3560).</summary>
internal static class KeyTransport
{
    /// <exception cref="CryptoException">The padding of OAEP is wrong, or the algorithm is not read.</exception>
    public static byte[] Open(PrivateKey key, RecipientMatch match, int keyOctets)
    {
        DerObjectIdentifier algorithm = match.Algorithm.Algorithm;
        PublicKeyKind kind = key.Certificate.Key.Kind;
        if (algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption) && kind == PublicKeyKind.Rsa)
            return OpenPkcs1(key, match.EncryptedKey, keyOctets);
        if (algorithm.Equals(PkcsObjectIdentifiers.IdRsaesOaep) && kind is PublicKeyKind.Rsa or PublicKeyKind.RsaOaep)
            return OpenOaep(key, match);
        throw new InvalidCipherTextException($"key transport {algorithm.Id} is not read with this key");
    }

    private static byte[] OpenPkcs1(PrivateKey key, byte[] encrypted, int keyOctets)
    {
        // Decodes in constant time; what stands in for a key of the wrong form or length is random.
        byte[] substitute = Randomness.Octets(keyOctets);
        var cipher = new Pkcs1Encoding(new RsaBlindedEngine(), substitute);
        cipher.Init(false, new ParametersWithRandom(key.Parameters, Randomness.System));
        try
        {
            return cipher.ProcessBlock(encrypted, 0, encrypted.Length);
        }
        catch (Exception fault) when (LibraryFault.IsInput(fault))
        {
            // The block is longer or larger than the modulus, which anyone can see.
            return substitute;
        }
    }

    private static byte[] OpenOaep(PrivateKey key, RecipientMatch match)
    {
        RsaesOaepParameters parameters = RsaesOaepParameters.GetInstance(match.Algorithm.Parameters ?? DerSequence.Empty);
        DigestKind? digest = DigestKind.Find(parameters.HashAlgorithm.Algorithm);
        DigestKind? mask = PssParameters.ReadMask(parameters.MaskGenAlgorithm);
        if (digest is null || mask is null)
            throw new InvalidCipherTextException("a digest of OAEP is not known");
        var cipher = new OaepEncoding(new RsaBlindedEngine(), digest.Create(), mask.Create(), Label(parameters.PSourceAlgorithm));
        cipher.Init(false, new ParametersWithRandom(key.Parameters, Randomness.System));
        return cipher.ProcessBlock(match.EncryptedKey, 0, match.EncryptedKey.Length);
    }

    private static byte[] Label(AlgorithmIdentifier source) => source.Algorithm.Equals(PkcsObjectIdentifiers.IdPSpecified)
        ? Asn1OctetString.GetInstance(source.Parameters).GetOctets()
        : throw new InvalidCipherTextException("the label source of OAEP is not known");
}
