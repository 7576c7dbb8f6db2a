using System.Collections.Concurrent;

namespace Cstp.CryptoOpenSslInterop.Interop;

/// <summary>A content cipher that works piece by piece: CBC with padding (RFC 5652 6.3), or GCM (RFC 5084).</summary>
internal sealed unsafe class EvpCipher : IDisposable
{
    private static readonly ConcurrentDictionary<string, CipherHandle> s_fetched = new();

    private readonly CipherContextHandle _context;
    private readonly bool _encrypts;

    private EvpCipher(string name, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, bool encrypts, bool isGcm)
    {
        _encrypts = encrypts;
        CipherHandle cipher = s_fetched.GetOrAdd(name, static n => OpenSslException.ThrowIfInvalid(LibCrypto.EVP_CIPHER_fetch(0, n, 0), $"EVP_CIPHER_fetch {n}"));
        _context = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new");
        try
        {
            int direction = encrypts ? 1 : 0;
            OpenSslException.ThrowUnless(LibCrypto.EVP_CipherInit_ex(_context, cipher.DangerousGetHandle(), 0, null, null, direction), "EVP_CipherInit_ex");
            if (isGcm)
                OpenSslException.ThrowUnless(LibCrypto.EVP_CIPHER_CTX_ctrl(_context, LibCrypto.GcmSetIvLength, iv.Length, null), "GCM nonce length");
            fixed (byte* keyStart = key, ivStart = iv)
                OpenSslException.ThrowUnless(LibCrypto.EVP_CipherInit_ex(_context, 0, 0, keyStart, ivStart, direction), "EVP_CipherInit_ex with key");
        }
        catch
        {
            _context.Dispose();
            throw;
        }
    }

    /// <summary>Starts to encrypt or decrypt.</summary>
    /// <param name="name">A name of the contracts, which is libcrypto's too.</param>
    /// <param name="key">The content key.</param>
    /// <param name="iv">Initialisation vector or nonce.</param>
    /// <param name="encrypts">Which way.</param>
    public static EvpCipher Start(string name, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, bool encrypts) =>
        new(name, key, iv, encrypts, name.EndsWith("-gcm", StringComparison.Ordinal));

    /// <summary>Adds additional authenticated data; before any content (GCM).</summary>
    /// <param name="octets">The data.</param>
    public void Authenticate(ReadOnlySpan<byte> octets)
    {
        int written;
        fixed (byte* start = octets)
            OpenSslException.ThrowUnless(LibCrypto.EVP_CipherUpdate(_context, null, &written, start, octets.Length), "EVP_CipherUpdate of authenticated data");
    }

    /// <summary>Passes octets through.</summary>
    /// <param name="input">The octets.</param>
    /// <param name="output">Room for 16 octets more.</param>
    /// <returns>Octets written.</returns>
    public int Update(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (input.IsEmpty)
            return 0;
        int written;
        fixed (byte* from = input, to = output)
            OpenSslException.ThrowUnless(LibCrypto.EVP_CipherUpdate(_context, to, &written, from, input.Length), "EVP_CipherUpdate");
        return written;
    }

    /// <summary>Ends it: writes the last block, or checks the padding.</summary>
    /// <param name="output">Room for 16 octets.</param>
    /// <returns>Octets written; -1 where padding or tag is wrong.</returns>
    public int Finish(Span<byte> output)
    {
        int written;
        fixed (byte* to = output)
        {
            if (LibCrypto.EVP_CipherFinal_ex(_context, to, &written) == 1)
                return written;
        }
        LibCrypto.ERR_clear_error();
        return _encrypts ? throw new OpenSslException("EVP_CipherFinal_ex failed while encrypting") : -1;
    }

    /// <summary>The tag, after encrypting (GCM).</summary>
    public byte[] Tag()
    {
        byte[] tag = new byte[16];
        fixed (byte* start = tag)
            OpenSslException.ThrowUnless(LibCrypto.EVP_CIPHER_CTX_ctrl(_context, LibCrypto.GcmGetTag, 16, start), "GCM tag");
        return tag;
    }

    /// <summary>The tag that <see cref="Finish"/> compares with, when decrypting (GCM).</summary>
    /// <param name="tag">12 to 16 octets.</param>
    public void ExpectTag(ReadOnlySpan<byte> tag)
    {
        fixed (byte* start = tag)
            OpenSslException.ThrowUnless(LibCrypto.EVP_CIPHER_CTX_ctrl(_context, LibCrypto.GcmSetTag, tag.Length, start), "GCM tag to expect");
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();
}
