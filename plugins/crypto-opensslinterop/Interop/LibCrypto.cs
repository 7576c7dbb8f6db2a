using System.Runtime.InteropServices;

namespace Cstp.CryptoOpenSslInterop.Interop;

/// <summary>The functions of libcrypto 3 that are called, as its manual pages give them. Every caller checks what they return.</summary>
internal static unsafe partial class LibCrypto
{
    /// <summary>Version 3.x of the library; the number is its binary interface's.</summary>
    public const string Name = "libcrypto.so.3";

    public const int GcmSetIvLength = 0x9;
    public const int GcmGetTag = 0x10;
    public const int GcmSetTag = 0x11;
    public const int WrapAllow = 0x1;

    [LibraryImport(Name)]
    public static partial nint OpenSSL_version(int kind);

    [LibraryImport(Name)]
    public static partial nuint OpenSSL_version_num();

    [LibraryImport(Name)]
    public static partial nuint ERR_get_error();

    [LibraryImport(Name)]
    public static partial void ERR_error_string_n(nuint error, byte* text, nuint length);

    [LibraryImport(Name)]
    public static partial void ERR_clear_error();

    [LibraryImport(Name)]
    public static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Name)]
    public static partial DigestHandle EVP_MD_CTX_new();

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial MdHandle EVP_MD_fetch(nint library, string name, nint properties);

    [LibraryImport(Name)]
    public static partial void EVP_MD_free(nint digest);

    [LibraryImport(Name)]
    public static partial int EVP_DigestInit_ex2(DigestHandle context, MdHandle digest, nint parameters);

    [LibraryImport(Name)]
    public static partial int EVP_DigestUpdate(DigestHandle context, byte* octets, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_DigestFinal_ex(DigestHandle context, byte* digest, uint* length);

    [LibraryImport(Name)]
    public static partial int EVP_DigestSignInit_ex(DigestHandle context, nint keyContext, nint digestName, nint library, nint properties, KeyHandle key, nint parameters);

    [LibraryImport(Name)]
    public static partial int EVP_DigestSign(DigestHandle context, byte* signature, nuint* signatureLength, byte* octets, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_DigestVerifyInit_ex(DigestHandle context, nint keyContext, nint digestName, nint library, nint properties, KeyHandle key, nint parameters);

    [LibraryImport(Name)]
    public static partial int EVP_DigestVerify(DigestHandle context, byte* signature, nuint signatureLength, byte* octets, nuint length);

    [LibraryImport(Name)]
    public static partial CipherContextHandle EVP_CIPHER_CTX_new();

    [LibraryImport(Name)]
    public static partial void EVP_CIPHER_CTX_free(nint context);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial CipherHandle EVP_CIPHER_fetch(nint library, string name, nint properties);

    [LibraryImport(Name)]
    public static partial void EVP_CIPHER_free(nint cipher);

    [LibraryImport(Name)]
    public static partial int EVP_CipherInit_ex(CipherContextHandle context, nint cipher, nint engine, byte* key, byte* iv, int encrypt);

    [LibraryImport(Name)]
    public static partial int EVP_CIPHER_CTX_ctrl(CipherContextHandle context, int kind, int argument, void* pointer);

    [LibraryImport(Name)]
    public static partial void EVP_CIPHER_CTX_set_flags(CipherContextHandle context, int flags);

    [LibraryImport(Name)]
    public static partial int EVP_CipherUpdate(CipherContextHandle context, byte* output, int* written, byte* input, int length);

    [LibraryImport(Name)]
    public static partial int EVP_CipherFinal_ex(CipherContextHandle context, byte* output, int* written);

    [LibraryImport(Name)]
    public static partial KeyHandle d2i_PUBKEY(nint reuse, byte** octets, CLong length);

    [LibraryImport(Name)]
    public static partial KeyHandle d2i_AutoPrivateKey(nint reuse, byte** octets, CLong length);

    [LibraryImport(Name)]
    public static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_get_bits(KeyHandle key);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_get_size(KeyHandle key);

    [LibraryImport(Name)]
    public static partial KeyHandle EVP_PKEY_new();

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_copy_parameters(KeyHandle to, KeyHandle from);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_set1_encoded_public_key(KeyHandle key, byte* octets, nuint length);

    [LibraryImport(Name)]
    public static partial nuint EVP_PKEY_get1_encoded_public_key(KeyHandle key, byte** octets);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial KeyHandle EVP_PKEY_new_raw_public_key_ex(nint library, string kind, nint properties, byte* octets, nuint length);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void CRYPTO_free(byte* memory, string file, int line);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_eq(KeyHandle one, KeyHandle other);

    [LibraryImport(Name)]
    public static partial KeyContextHandle EVP_PKEY_CTX_new_from_pkey(nint library, KeyHandle key, nint properties);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial KeyContextHandle EVP_PKEY_CTX_new_from_name(nint library, string name, nint properties);

    [LibraryImport(Name)]
    public static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int EVP_PKEY_CTX_ctrl_str(KeyContextHandle context, string name, string value);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_sign_init(KeyContextHandle context);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_sign(KeyContextHandle context, byte* signature, nuint* signatureLength, byte* digest, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_verify_init(KeyContextHandle context);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_verify(KeyContextHandle context, byte* signature, nuint signatureLength, byte* digest, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_encrypt_init(KeyContextHandle context);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_encrypt(KeyContextHandle context, byte* output, nuint* outputLength, byte* input, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_decrypt_init(KeyContextHandle context);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_decrypt(KeyContextHandle context, byte* output, nuint* outputLength, byte* input, nuint length);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_derive_init(KeyContextHandle context);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_derive_set_peer_ex(KeyContextHandle context, KeyHandle peer, int validates);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_derive(KeyContextHandle context, byte* secret, nuint* length);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_encapsulate_init(KeyContextHandle context, nint parameters);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_encapsulate(KeyContextHandle context, byte* wrapped, nuint* wrappedLength, byte* secret, nuint* secretLength);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_decapsulate_init(KeyContextHandle context, nint parameters);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_decapsulate(KeyContextHandle context, byte* secret, nuint* secretLength, byte* wrapped, nuint wrappedLength);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_keygen_init(KeyContextHandle context);

    [LibraryImport(Name)]
    public static partial int EVP_PKEY_keygen(KeyContextHandle context, nint* key);
}
