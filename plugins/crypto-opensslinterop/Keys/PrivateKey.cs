using System.Runtime.CompilerServices;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>A private key with its certificate, ready to be used.</summary>
internal sealed class PrivateKey
{
    private static readonly ConditionalWeakTable<CmsIdentity, PrivateKey> s_read = [];

    private PrivateKey(CmsIdentity identity)
    {
        Identity = identity;
        try
        {
            Certificate = Certificate.Read(identity.Certificate);
            Key = identity.PrivateKey is Pkcs8PrivateKey pkcs8
                ? EvpKey.ReadPrivate(pkcs8.Der.Span)
                : throw new CmsKeyException("this module takes private keys as PKCS#8 only; import the key, or select a module that knows references");
        }
        catch (Exception e) when (e is OpenSslException or System.Formats.Asn1.AsnContentException or Reading.CmsSyntaxException)
        {
            throw new CmsKeyException($"key of certificate {identity.Certificate.Fingerprint[..16]} cannot be used: {e.Message}; import it again", e);
        }
    }

    /// <summary>The identity.</summary>
    public CmsIdentity Identity { get; }

    /// <summary>The certificate.</summary>
    public Certificate Certificate { get; }

    /// <summary>The key.</summary>
    public EvpKey Key { get; }

    /// <summary>Reads an identity; one that was read before is remembered for as long as somebody holds it.</summary>
    /// <param name="identity">The identity.</param>
    /// <exception cref="CmsKeyException">It cannot be used.</exception>
    public static PrivateKey Read(CmsIdentity identity) => s_read.GetValue(identity, static i => new PrivateKey(i));
}
