using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>A private key together with its certificate, shown to belong to each other.</summary>
internal sealed class PrivateKey
{
    // Parsing an RSA key and proving that it fits takes as long as a message; the entry goes when the identity does.
    private static readonly ConditionalWeakTable<CmsIdentity, PrivateKey> s_opened = [];

    private PrivateKey(CmsIdentity identity)
    {
        Identity = identity;
        Certificate = Certificate.Parse(identity.Certificate);
        Parameters = ReadKey(identity, Certificate);
    }

    public CmsIdentity Identity { get; }

    public Certificate Certificate { get; }

    public AsymmetricKeyParameter Parameters { get; }

    /// <summary>Opens a key, or takes it from those that are open.</summary>
    /// <exception cref="CmsKeyException">It is a reference, cannot be parsed, or belongs to another certificate.</exception>
    public static PrivateKey Open(CmsIdentity identity) => s_opened.GetValue(identity, static key => new PrivateKey(key));

    private static AsymmetricKeyParameter ReadKey(CmsIdentity identity, Certificate certificate)
    {
        if (identity.PrivateKey is not Pkcs8PrivateKey pkcs8)
            throw new CmsKeyException($"{certificate.Display}: this module takes no key by reference. Import the key, or select a module that does.");
        if (certificate.Key.Problem is string problem)
            throw new CmsKeyException($"{certificate.Display} cannot be used: {problem}. Make a key of another kind.");
        AsymmetricKeyParameter key;
        byte[] der = pkcs8.Der.ToArray();
        try
        {
            key = PrivateKeyFactory.CreateKey(der);
        }
        catch (Exception fault) when (LibraryFault.IsInput(fault))
        {
            throw new CmsKeyException($"{certificate.Display}: its private key cannot be parsed. Import it again as PKCS#8 or PKCS#12.", fault);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }

        return Fits(key, certificate.Key)
            ? key
            : throw new CmsKeyException($"{certificate.Display}: its private key is that of another certificate. Import the two that belong together.");
    }

    private static bool Fits(AsymmetricKeyParameter key, PublicKey certified) => (key, certified.Parameters) switch
    {
        (RsaKeyParameters rsa, RsaPublicKey open) => rsa.Modulus.Equals(open.Modulus),
        (ECPrivateKeyParameters ec, ECPublicKeyParameters open) =>
            ec.Parameters.Curve.Equals(open.Parameters.Curve) && open.Parameters.G.Multiply(ec.D).Equals(open.Q),
        (Ed25519PrivateKeyParameters ed, Ed25519PublicKeyParameters open) =>
            ed.GeneratePublicKey().GetEncoded().AsSpan().SequenceEqual(open.GetEncoded()),
        (X25519PrivateKeyParameters x, X25519PublicKeyParameters open) =>
            x.GeneratePublicKey().GetEncoded().AsSpan().SequenceEqual(open.GetEncoded()),
        (MLDsaPrivateKeyParameters dsa, MLDsaPublicKeyParameters open) =>
            dsa.Parameters == open.Parameters && dsa.GetPublicKeyEncoded().AsSpan().SequenceEqual(open.GetEncoded()),
        (MLKemPrivateKeyParameters kem, MLKemPublicKeyParameters open) =>
            kem.Parameters == open.Parameters && kem.GetPublicKeyEncoded().AsSpan().SequenceEqual(open.GetEncoded()),
        _ => false,
    };
}
