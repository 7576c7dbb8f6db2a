using System.Security.Cryptography;
using Cstp.Abstractions;

namespace CryptoSample.Keys;

/// <summary>Opens private keys of the host. Replace this file where keys live in a device.</summary>
internal static class PrivateKey
{
    private const string NotOnCurve = "a public key that is not on its curve";

    /// <summary>The key as RSA.</summary>
    /// <param name="identity">Certificate and key.</param>
    /// <exception cref="CmsKeyException">It is none, or another than the certificate's.</exception>
    public static RSA OpenRsa(CmsIdentity identity)
    {
        using RSA certified = Certificate.Read(identity.Certificate).OpenRsa() ?? throw Refuse(identity, "an RSA key of a size or exponent that is not used");
        return Open(identity, RSA.Create(), key => key.ExportRSAPublicKey().AsSpan().SequenceEqual(certified.ExportRSAPublicKey()));
    }

    /// <summary>The key as ECDSA.</summary>
    /// <param name="identity">Certificate and key.</param>
    /// <exception cref="CmsKeyException">It is none, or another than the certificate's.</exception>
    public static ECDsa OpenEcdsa(CmsIdentity identity)
    {
        using ECDsa certified = Certificate.Read(identity.Certificate).OpenEcdsa() ?? throw Refuse(identity, NotOnCurve);
        byte[] expected = certified.ExportSubjectPublicKeyInfo();
        return Open(identity, ECDsa.Create(), key => key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(expected));
    }

    /// <summary>The key as ECDH.</summary>
    /// <param name="identity">Certificate and key.</param>
    /// <exception cref="CmsKeyException">It is none, or another than the certificate's.</exception>
    public static ECDiffieHellman OpenEcdh(CmsIdentity identity)
    {
        using ECDiffieHellman certified = Certificate.Read(identity.Certificate).OpenEcdh() ?? throw Refuse(identity, NotOnCurve);
        byte[] expected = certified.ExportSubjectPublicKeyInfo();
        return Open(identity, ECDiffieHellman.Create(), key => key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(expected));
    }

    private static T Open<T>(CmsIdentity identity, T key, Predicate<T> isCertified)
        where T : AsymmetricAlgorithm
    {
        try
        {
            if (identity.PrivateKey is not Pkcs8PrivateKey given)
                throw Refuse(identity, "a key by reference, which this module does not know");
            try
            {
                key.ImportPkcs8PrivateKey(given.Der.Span, out _);
            }
            catch (CryptographicException broken)
            {
                throw Refuse(identity, "a private key that cannot be read", broken);
            }
            return isCertified(key) ? key : throw Refuse(identity, "a private key that is not the certificate's");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static CmsKeyException Refuse(CmsIdentity identity, string what, Exception? cause = null) =>
        new($"certificate {identity.Certificate.Fingerprint} comes with {what}; give another", cause);
}
