using System.Security.Cryptography;
using System.Text;

namespace Cstp.Core.Store;

/// <summary>Seals private keys with AES-256-GCM under a key that comes from the passphrase (PBKDF2, SHA-256).</summary>
/// <remarks>Safe for all threads until disposed; the key is then zeroed.</remarks>
internal sealed class MasterKey : IDisposable
{
    /// <summary>The count that OWASP recommends for PBKDF2 with SHA-256.</summary>
    public const int Iterations = 600_000;

    /// <summary>Octets of the salt.</summary>
    public const int SaltLength = 16;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] _key;

    /// <summary>Derives the key.</summary>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="salt">The store's salt.</param>
    public MasterKey(string passphrase, ReadOnlySpan<byte> salt) =>
        _key = Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, Iterations, HashAlgorithmName.SHA256, 32);

    /// <summary>Seals octets: nonce, tag, ciphertext.</summary>
    /// <param name="plain">The octets.</param>
    /// <param name="context">What they belong to; must be the same on opening.</param>
    public byte[] Seal(ReadOnlySpan<byte> plain, string context)
    {
        byte[] @sealed = new byte[NonceLength + TagLength + plain.Length];
        RandomNumberGenerator.Fill(@sealed.AsSpan(0, NonceLength));
        using var gcm = new AesGcm(_key, TagLength);
        gcm.Encrypt(@sealed.AsSpan(0, NonceLength), plain, @sealed.AsSpan(NonceLength + TagLength), @sealed.AsSpan(NonceLength, TagLength), Encoding.UTF8.GetBytes(context));
        return @sealed;
    }

    /// <summary>Opens what <see cref="Seal"/> made.</summary>
    /// <param name="sealed">The sealed octets.</param>
    /// <param name="context">What they belong to.</param>
    /// <exception cref="CryptographicException">The key, the context or the octets are not those of the sealing.</exception>
    public byte[] Open(ReadOnlySpan<byte> @sealed, string context)
    {
        if (@sealed.Length < NonceLength + TagLength)
            throw new CryptographicException("too short to be sealed octets");
        byte[] plain = new byte[@sealed.Length - NonceLength - TagLength];
        using var gcm = new AesGcm(_key, TagLength);
        gcm.Decrypt(@sealed[..NonceLength], @sealed[(NonceLength + TagLength)..], @sealed.Slice(NonceLength, TagLength), plain, Encoding.UTF8.GetBytes(context));
        return plain;
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}
