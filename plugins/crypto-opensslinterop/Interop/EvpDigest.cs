using System.Collections.Concurrent;

namespace Cstp.CryptoOpenSslInterop.Interop;

/// <summary>A digest that is computed piece by piece.</summary>
internal sealed unsafe class EvpDigest : IDisposable
{
    private static readonly ConcurrentDictionary<string, MdHandle?> s_fetched = new();

    private readonly DigestHandle _context;

    /// <summary>Starts a digest.</summary>
    /// <param name="name">A name of the contracts, which is libcrypto's too.</param>
    /// <exception cref="OpenSslException">The library does not have it.</exception>
    public EvpDigest(string name)
    {
        MdHandle digest = Fetch(name) ?? throw new OpenSslException($"libcrypto has no digest {name}");
        _context = OpenSslException.ThrowIfInvalid(LibCrypto.EVP_MD_CTX_new(), "EVP_MD_CTX_new");
        try
        {
            OpenSslException.ThrowUnless(LibCrypto.EVP_DigestInit_ex2(_context, digest, 0), "EVP_DigestInit_ex2");
        }
        catch
        {
            _context.Dispose();
            throw;
        }
    }

    /// <summary>Whether the library has a digest.</summary>
    /// <param name="name">Its name.</param>
    public static bool Has(string name) => Fetch(name) is not null;

    /// <summary>Digests at once.</summary>
    /// <param name="name">The digest.</param>
    /// <param name="octets">The octets.</param>
    public static byte[] Compute(string name, ReadOnlySpan<byte> octets)
    {
        using var digest = new EvpDigest(name);
        digest.Update(octets);
        return digest.Finish();
    }

    /// <summary>Adds octets.</summary>
    /// <param name="octets">The octets.</param>
    public void Update(ReadOnlySpan<byte> octets)
    {
        fixed (byte* start = octets)
            OpenSslException.ThrowUnless(LibCrypto.EVP_DigestUpdate(_context, start, (nuint)octets.Length), "EVP_DigestUpdate");
    }

    /// <summary>Ends it.</summary>
    /// <returns>The digest.</returns>
    public byte[] Finish()
    {
        byte* digest = stackalloc byte[64];
        uint length = 64;
        OpenSslException.ThrowUnless(LibCrypto.EVP_DigestFinal_ex(_context, digest, &length), "EVP_DigestFinal_ex");
        return new ReadOnlySpan<byte>(digest, (int)length).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();

    /// <summary>A fetched algorithm serves the whole process: fetching costs more than digesting a small message.</summary>
    private static MdHandle? Fetch(string name) => s_fetched.GetOrAdd(name, static n =>
    {
        MdHandle handle = LibCrypto.EVP_MD_fetch(0, n, 0);
        if (!handle.IsInvalid)
            return handle;
        handle.Dispose();
        LibCrypto.ERR_clear_error();
        return null;
    });
}
