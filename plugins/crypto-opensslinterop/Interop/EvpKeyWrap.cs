using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Cstp.CryptoOpenSslInterop.Interop;

/// <summary>AES key wrap (RFC 3394).</summary>
internal static unsafe class EvpKeyWrap
{
    private const int BlockLength = 8;

    private static readonly ConcurrentDictionary<int, CipherHandle> s_fetched = new();

    /// <summary>Wraps.</summary>
    /// <param name="encryptionKey">The key that wraps: 16, 24 or 32 octets.</param>
    /// <param name="key">A multiple of 8 octets, 16 at least.</param>
    public static byte[] Wrap(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> key)
    {
        byte[] wrapped = new byte[key.Length + BlockLength];
        if (Run(encryptionKey, key, wrapped, encrypts: true) != wrapped.Length)
            throw OpenSslException.Last("AES key wrap");
        return wrapped;
    }

    /// <summary>Unwraps.</summary>
    /// <param name="encryptionKey">The key that wrapped.</param>
    /// <param name="wrapped">The wrapped key.</param>
    /// <returns>The key; null where it is not one that was wrapped so.</returns>
    public static byte[]? Unwrap(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < 3 * BlockLength || wrapped.Length % BlockLength != 0)
            return null;
        byte[] output = new byte[wrapped.Length];
        int written = Run(encryptionKey, wrapped, output, encrypts: false);
        LibCrypto.ERR_clear_error();
        byte[]? key = written == wrapped.Length - BlockLength ? output[..written] : null;
        CryptographicOperations.ZeroMemory(output);
        return key;
    }

    /// <returns>Octets written; 0 or less where it failed.</returns>
    private static int Run(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> input, Span<byte> output, bool encrypts)
    {
        CipherHandle cipher = s_fetched.GetOrAdd(
            encryptionKey.Length * 8, static bits => OpenSslException.ThrowIfInvalid(LibCrypto.EVP_CIPHER_fetch(0, $"AES-{bits}-WRAP", 0), $"EVP_CIPHER_fetch AES-{bits}-WRAP"));
        using CipherContextHandle context = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new");
        LibCrypto.EVP_CIPHER_CTX_set_flags(context, LibCrypto.WrapAllow);
        int written = 0;
        fixed (byte* key = encryptionKey, from = input, to = output)
        {
            OpenSslException.ThrowUnless(LibCrypto.EVP_CipherInit_ex(context, cipher.DangerousGetHandle(), 0, key, null, encrypts ? 1 : 0), "EVP_CipherInit_ex");
            return LibCrypto.EVP_CipherUpdate(context, to, &written, from, input.Length) == 1 ? written : 0;
        }
    }
}
