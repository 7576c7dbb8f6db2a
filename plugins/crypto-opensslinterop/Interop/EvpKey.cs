using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cstp.CryptoOpenSslInterop.Interop;

/// <summary>A public or private key. Safe for all threads: each operation has a context of its own.</summary>
internal sealed unsafe class EvpKey : IDisposable
{
    private readonly KeyHandle _key;

    private EvpKey(KeyHandle key) => _key = key;

    /// <summary>Bits of the key.</summary>
    public int Bits => LibCrypto.EVP_PKEY_get_bits(_key);

    /// <summary>Reads a SubjectPublicKeyInfo; a point off its curve is refused here.</summary>
    /// <param name="der">DER.</param>
    /// <exception cref="OpenSslException">It is no key that the library knows.</exception>
    public static EvpKey ReadPublic(ReadOnlySpan<byte> der)
    {
        fixed (byte* start = der)
        {
            byte* at = start;
            return new EvpKey(OpenSslException.ThrowIfInvalid(LibCrypto.d2i_PUBKEY(0, &at, new CLong(der.Length)), "public key"));
        }
    }

    /// <summary>Reads a PrivateKeyInfo (PKCS#8).</summary>
    /// <param name="der">DER.</param>
    /// <exception cref="OpenSslException">It is no key that the library knows.</exception>
    public static EvpKey ReadPrivate(ReadOnlySpan<byte> der)
    {
        fixed (byte* start = der)
        {
            byte* at = start;
            return new EvpKey(OpenSslException.ThrowIfInvalid(LibCrypto.d2i_AutoPrivateKey(0, &at, new CLong(der.Length)), "private key"));
        }
    }

    /// <summary>Makes an ephemeral key.</summary>
    /// <param name="kind">EC or X25519.</param>
    /// <param name="curve">For EC, libcrypto's name of the curve.</param>
    public static EvpKey Generate(string kind, string? curve)
    {
        using KeyContextHandle context = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_PKEY_CTX_new_from_name(0, kind, 0), $"key generation of {kind}");
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_keygen_init(context), "EVP_PKEY_keygen_init");
        if (curve is not null)
            OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_CTX_ctrl_str(context, "ec_paramgen_curve", curve), $"curve {curve}");
        nint key = 0;
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_keygen(context, &key), "EVP_PKEY_keygen");
        return new EvpKey(new KeyHandle(key));
    }

    /// <summary>The public half as SubjectPublicKeyInfo.</summary>
    public byte[] PublicInfo()
    {
        int length = LibCrypto.i2d_PUBKEY(_key, null);
        if (length <= 0)
            throw OpenSslException.Last("i2d_PUBKEY");
        byte[] der = new byte[length];
        fixed (byte* start = der)
        {
            byte* at = start;
            if (LibCrypto.i2d_PUBKEY(_key, &at) != length)
                throw OpenSslException.Last("i2d_PUBKEY");
        }
        return der;
    }

    /// <summary>Whether two keys have the same public half.</summary>
    /// <param name="other">The other.</param>
    public bool Matches(EvpKey other)
    {
        bool same = LibCrypto.EVP_PKEY_eq(_key, other._key) == 1;
        LibCrypto.ERR_clear_error();
        return same;
    }

    /// <summary>Signs a digest.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="controls">Names and values as in pkeyutl's -pkeyopt.</param>
    public byte[] Sign(ReadOnlySpan<byte> digest, params ReadOnlySpan<(string Name, string Value)> controls)
    {
        using KeyContextHandle context = NewContext();
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_sign_init(context), "EVP_PKEY_sign_init");
        Control(context, controls);
        byte[] signature = NewOutput();
        nuint length = (nuint)signature.Length;
        fixed (byte* from = digest, to = signature)
            OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_sign(context, to, &length, from, (nuint)digest.Length), "EVP_PKEY_sign");
        return Written(signature, length);
    }

    /// <summary>Checks a signature over a digest.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="signature">The signature.</param>
    /// <param name="controls">Names and values as in pkeyutl's -pkeyopt.</param>
    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature, params ReadOnlySpan<(string Name, string Value)> controls)
    {
        using KeyContextHandle context = NewContext();
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_verify_init(context), "EVP_PKEY_verify_init");
        Control(context, controls);
        int code;
        fixed (byte* from = digest, with = signature)
            code = LibCrypto.EVP_PKEY_verify(context, with, (nuint)signature.Length, from, (nuint)digest.Length);
        LibCrypto.ERR_clear_error();
        return code == 1;
    }

    /// <summary>Signs octets with a scheme that digests by itself (Ed25519).</summary>
    /// <param name="octets">The octets.</param>
    public byte[] SignPure(ReadOnlySpan<byte> octets)
    {
        using DigestHandle context = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_MD_CTX_new(), "EVP_MD_CTX_new");
        OpenSslException.ThrowUnless(LibCrypto.EVP_DigestSignInit_ex(context, 0, 0, 0, 0, _key, 0), "EVP_DigestSignInit_ex");
        byte[] signature = NewOutput();
        nuint length = (nuint)signature.Length;
        fixed (byte* from = octets, to = signature)
            OpenSslException.ThrowUnless(LibCrypto.EVP_DigestSign(context, to, &length, from, (nuint)octets.Length), "EVP_DigestSign");
        return Written(signature, length);
    }

    /// <summary>Checks a signature of a scheme that digests by itself.</summary>
    /// <param name="octets">The octets.</param>
    /// <param name="signature">The signature.</param>
    public bool VerifyPure(ReadOnlySpan<byte> octets, ReadOnlySpan<byte> signature)
    {
        using DigestHandle context = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_MD_CTX_new(), "EVP_MD_CTX_new");
        OpenSslException.ThrowUnless(LibCrypto.EVP_DigestVerifyInit_ex(context, 0, 0, 0, 0, _key, 0), "EVP_DigestVerifyInit_ex");
        int code;
        fixed (byte* from = octets, with = signature)
            code = LibCrypto.EVP_DigestVerify(context, with, (nuint)signature.Length, from, (nuint)octets.Length);
        LibCrypto.ERR_clear_error();
        return code == 1;
    }

    /// <summary>Encrypts a content key.</summary>
    /// <param name="content">The content key.</param>
    /// <param name="controls">Names and values as in pkeyutl's -pkeyopt.</param>
    public byte[] Encrypt(ReadOnlySpan<byte> content, params ReadOnlySpan<(string Name, string Value)> controls)
    {
        using KeyContextHandle context = NewContext();
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_encrypt_init(context), "EVP_PKEY_encrypt_init");
        Control(context, controls);
        byte[] output = NewOutput();
        nuint length = (nuint)output.Length;
        fixed (byte* from = content, to = output)
            OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_encrypt(context, to, &length, from, (nuint)content.Length), "EVP_PKEY_encrypt");
        return Written(output, length);
    }

    /// <summary>Decrypts a content key.</summary>
    /// <param name="encrypted">The encrypted key.</param>
    /// <param name="controls">Names and values as in pkeyutl's -pkeyopt.</param>
    /// <returns>The content key; null where the padding is wrong.</returns>
    public byte[]? Decrypt(ReadOnlySpan<byte> encrypted, params ReadOnlySpan<(string Name, string Value)> controls)
    {
        using KeyContextHandle context = NewContext();
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_decrypt_init(context), "EVP_PKEY_decrypt_init");
        Control(context, controls);
        byte[] output = NewOutput();
        nuint length = (nuint)output.Length;
        int code;
        fixed (byte* from = encrypted, to = output)
            code = LibCrypto.EVP_PKEY_decrypt(context, to, &length, from, (nuint)encrypted.Length);
        LibCrypto.ERR_clear_error();
        byte[]? key = code == 1 ? Written(output, length) : null;
        CryptographicOperations.ZeroMemory(output);
        return key;
    }

    /// <summary>Agrees on a secret (ECDH, X25519).</summary>
    /// <param name="peer">The other's public key.</param>
    /// <param name="controls">Names and values as in pkeyutl's -pkeyopt.</param>
    /// <returns>The secret; null where the peer's key does not fit or gives none (RFC 8418 2).</returns>
    public byte[]? Agree(EvpKey peer, params ReadOnlySpan<(string Name, string Value)> controls)
    {
        using KeyContextHandle context = NewContext();
        byte[] secret = new byte[256];
        nuint length = (nuint)secret.Length;
        bool agreed = false;
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_derive_init(context), "EVP_PKEY_derive_init");
        Control(context, controls);
        fixed (byte* to = secret)
            agreed = LibCrypto.EVP_PKEY_derive_set_peer(context, peer._key) == 1 && LibCrypto.EVP_PKEY_derive(context, to, &length) == 1;
        LibCrypto.ERR_clear_error();
        byte[]? result = agreed ? Written(secret, length) : null;
        CryptographicOperations.ZeroMemory(secret);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>
    /// Room for what the key gives at most. libcrypto learns the size when it reads the key, and takes a shortage of memory then for a key without one:
    /// an empty buffer would be a question for the size, answered with success.
    /// </summary>
    private byte[] NewOutput()
    {
        int size = LibCrypto.EVP_PKEY_get_size(_key);
        return size > 0 ? new byte[size] : throw new OpenSslException("EVP_PKEY_get_size: the key has no size; memory was short when it was read");
    }

    /// <summary>What was written. Where memory is short, libcrypto 3.0 can report success with a length of -1 (ECDSA).</summary>
    private static byte[] Written(byte[] output, nuint length) => length <= (nuint)output.Length
        ? output[..(int)length]
        : throw new OpenSslException("libcrypto reported a length that cannot be; memory was short");

    private KeyContextHandle NewContext() => OpenSslException.ThrowIfInvalid(LibCrypto.EVP_PKEY_CTX_new_from_pkey(0, _key, 0), "EVP_PKEY_CTX_new_from_pkey");

    private static void Control(KeyContextHandle context, ReadOnlySpan<(string Name, string Value)> controls)
    {
        foreach ((string name, string value) in controls)
        {
            if (LibCrypto.EVP_PKEY_CTX_ctrl_str(context, name, value) <= 0)
                throw OpenSslException.Last($"{name}={value}");
        }
    }
}
