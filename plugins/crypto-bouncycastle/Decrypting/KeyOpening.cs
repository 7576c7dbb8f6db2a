using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Tries private keys on the RecipientInfos that name them.</summary>
internal static class KeyOpening
{
    /// <summary>Takes the first content key that opens.</summary>
    /// <remarks>
    /// RSAES-PKCS1-v1_5 never fails: bad padding gives a random key, and only the content shows it (RFC 3218 2.3.2). So it is taken
    /// only where nothing with a check of its own opens. Any other failure gives a random key, too, and is told at the end.
    /// </remarks>
    public static ContentKey Open(IReadOnlyList<RecipientMatch> matches, ContentAlgorithm content)
    {
        ContentKey? uncertain = null;
        string problem = "no key opens";
        foreach (RecipientMatch match in matches)
        {
            PrivateKey key = PrivateKey.Open(match.Identity);
            string name = Name(match, key);
            try
            {
                byte[] octets = match.Encapsulation is not null ? KeyEncapsulation.Open(key, match.Encapsulation)
                    : match.Agreement is not null ? KeyAgreement.Open(key, match, content)
                    : KeyTransport.Open(key, match, content.KeyOctets);
                if (octets.Length != content.KeyOctets)
                    throw new InvalidCipherTextException("the content key has the wrong length");
                var opened = new ContentKey(match, octets, name, null);
                if (name != CmsAlgorithmNames.RsaPkcs1)
                    return opened;
                uncertain ??= opened;
            }
            catch (Exception fault) when (LibraryFault.IsInput(fault))
            {
                problem = $"the content key cannot be opened with {key.Certificate.Display}: {fault.Message}";
            }
        }

        return uncertain ?? new ContentKey(matches[0], Randomness.Octets(content.KeyOctets), "", problem);
    }

    private static string Name(RecipientMatch match, PrivateKey key)
    {
        DerObjectIdentifier algorithm = match.Algorithm.Algorithm;
        if (match.Encapsulation is not null)
            return LatticeAlgorithm.Find(algorithm)?.Name ?? algorithm.Id;
        if (match.Agreement is not null)
            return key.Certificate.Key.Curve?.Agreement ?? CmsAlgorithmNames.X25519;
        return algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption) ? CmsAlgorithmNames.RsaPkcs1
            : algorithm.Equals(PkcsObjectIdentifiers.IdRsaesOaep) ? CmsAlgorithmNames.RsaOaep
            : algorithm.Id;
    }
}
