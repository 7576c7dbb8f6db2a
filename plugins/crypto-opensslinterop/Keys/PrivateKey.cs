using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
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
        EvpKey? key = null;
        try
        {
            Certificate = Certificate.Read(identity.Certificate);
            if (Certificate.Lattice?.Fault is { } fault)
                throw new CmsKeyException($"key of certificate {identity.Certificate.Fingerprint[..16]} cannot be used: {fault}; take another key, or another crypto module");
            Key = key = identity.PrivateKey is Pkcs8PrivateKey pkcs8
                ? EvpKey.ReadPrivate(FirstForm(pkcs8.Der))
                : throw new CmsKeyException("this module takes private keys as PKCS#8 only; import the key, or select a module that knows references");
            if (!Key.Matches(Certificate.Key))
                throw new CmsKeyException($"the key given for certificate {identity.Certificate.Fingerprint[..16]} is that of another certificate; import the two again");
        }
        catch (CmsKeyException)
        {
            key?.Dispose();
            throw;
        }
        catch (Exception e) when (e is OpenSslException or AsnContentException or Reading.CmsSyntaxException)
        {
            key?.Dispose();
            throw new CmsKeyException($"key of certificate {identity.Certificate.Fingerprint[..16]} cannot be used: {e.Message}; import it again", e);
        }
    }

    /// <summary>PrivateKeyInfo of version 1 (RFC 5208): libcrypto 3.0 does not read the public key that version 2 may carry (RFC 5958).</summary>
    private static byte[] FirstForm(ReadOnlyMemory<byte> der)
    {
        AsnReader info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        info.ReadInteger();
        ReadOnlyMemory<byte> algorithm = info.ReadEncodedValue();
        byte[] key = info.ReadOctetString();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            writer.WriteEncodedValue(algorithm.Span);
            writer.WriteOctetString(key);
        }
        CryptographicOperations.ZeroMemory(key);
        return writer.Encode();
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
