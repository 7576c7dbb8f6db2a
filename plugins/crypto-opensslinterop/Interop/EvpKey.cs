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

    /// <summary>Reads the encoded point of an EC key on the curve of another; a point off it is refused here.</summary>
    /// <param name="point">The point (SEC 1 2.3.4).</param>
    /// <param name="like">The key whose curve it is.</param>
    /// <exception cref="OpenSslException">It is no point of that curve.</exception>
    public static EvpKey ReadPoint(ReadOnlySpan<byte> point, EvpKey like)
    {
        KeyHandle key = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_PKEY_new(), "EVP_PKEY_new");
        try
        {
            OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_copy_parameters(key, like._key), "EVP_PKEY_copy_parameters");
            fixed (byte* octets = point)
                OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_set1_encoded_public_key(key, octets, (nuint)point.Length), "public key");
            return new EvpKey(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Reads the octets of an X25519 key.</summary>
    /// <param name="octets">The octets (RFC 7748 5).</param>
    /// <exception cref="OpenSslException">It is no such key.</exception>
    public static EvpKey ReadX25519(ReadOnlySpan<byte> octets)
    {
        fixed (byte* start = octets)
            return new EvpKey(OpenSslException.ThrowIfInvalid(LibCrypto.EVP_PKEY_new_raw_public_key_ex(0, "X25519", 0, start, (nuint)octets.Length), "public key"));
    }

    /// <summary>Makes an ephemeral key of this key's kind and curve.</summary>
    public EvpKey Generate()
    {
        using KeyContextHandle context = NewContext();
        return Generate(context);
    }

    /// <summary>Makes a key of a kind.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Null where the library does not have the kind.</returns>
    /// <exception cref="OpenSslException">It has, and makes none.</exception>
    public static EvpKey? TryGenerate(string name)
    {
        using KeyContextHandle context = LibCrypto.EVP_PKEY_CTX_new_from_name(0, name, 0);
        if (!context.IsInvalid)
            return Generate(context);
        LibCrypto.ERR_clear_error();
        return null;
    }

    /// <summary>The public half: an uncompressed point, or the octets of an X25519 key.</summary>
    public byte[] PublicOctets()
    {
        byte* octets = null;
        nuint length = LibCrypto.EVP_PKEY_get1_encoded_public_key(_key, &octets);
        if (length == 0)
            throw OpenSslException.Last("EVP_PKEY_get1_encoded_public_key");
        byte[] copy = new ReadOnlySpan<byte>(octets, (int)length).ToArray();
        LibCrypto.CRYPTO_free(octets, "", 0);
        return copy;
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

    /// <summary>Signs octets with a scheme that digests by itself (Ed25519, ML-DSA with an empty context).</summary>
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

    /// <summary>
    /// Agrees on a secret (ECDH, X25519). That the peer's point is on the curve was seen when it was read; the curves here have
    /// cofactor 1, so it is then of the right order, too (SP 800-56A 5.6.2.3.4).
    /// </summary>
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
            agreed = LibCrypto.EVP_PKEY_derive_set_peer_ex(context, peer._key, validates: 0) == 1 && LibCrypto.EVP_PKEY_derive(context, to, &length) == 1;
        LibCrypto.ERR_clear_error();
        byte[]? result = agreed ? Written(secret, length) : null;
        CryptographicOperations.ZeroMemory(secret);
        return result;
    }

    /// <summary>Makes a secret that only the private half of this key can find again (ML-KEM).</summary>
    /// <returns>What goes to the key's owner, and the secret.</returns>
    public (byte[] Ciphertext, byte[] Secret) Encapsulate()
    {
        using KeyContextHandle context = NewContext();
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_encapsulate_init(context, 0), "EVP_PKEY_encapsulate_init");
        nuint ciphertextLength = 0, secretLength = 0;
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_encapsulate(context, null, &ciphertextLength, null, &secretLength), "EVP_PKEY_encapsulate for the lengths");
        byte[] ciphertext = new byte[ciphertextLength];
        byte[] secret = new byte[secretLength];
        fixed (byte* wrapped = ciphertext, shared = secret)
            OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_encapsulate(context, wrapped, &ciphertextLength, shared, &secretLength), "EVP_PKEY_encapsulate");
        (byte[], byte[]) result = (Written(ciphertext, ciphertextLength), Written(secret, secretLength));
        CryptographicOperations.ZeroMemory(secret);
        return result;
    }

    /// <summary>Finds an encapsulated secret again. A wrong ciphertext of the right length gives a secret that is no other's (FIPS 203 7.3).</summary>
    /// <param name="ciphertext">What came.</param>
    /// <returns>The secret; null where the ciphertext cannot be one.</returns>
    public byte[]? Decapsulate(ReadOnlySpan<byte> ciphertext)
    {
        using KeyContextHandle context = NewContext();
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_decapsulate_init(context, 0), "EVP_PKEY_decapsulate_init");
        byte[] secret = new byte[64];
        nuint length = (nuint)secret.Length;
        int code;
        fixed (byte* from = ciphertext, to = secret)
            code = LibCrypto.EVP_PKEY_decapsulate(context, to, &length, from, (nuint)ciphertext.Length);
        LibCrypto.ERR_clear_error();
        byte[]? result = code == 1 ? Written(secret, length) : null;
        CryptographicOperations.ZeroMemory(secret);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static EvpKey Generate(KeyContextHandle context)
    {
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_keygen_init(context), "EVP_PKEY_keygen_init");
        nint key = 0;
        OpenSslException.ThrowUnless(LibCrypto.EVP_PKEY_keygen(context, &key), "EVP_PKEY_keygen");
        return new EvpKey(new KeyHandle(key));
    }

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
