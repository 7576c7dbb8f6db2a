using System.Security.Cryptography;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>Digests over content that flows by once.</summary>
internal sealed class ContentDigests : IDisposable
{
    private readonly Dictionary<string, IncrementalHash> _digests = [];
    private readonly Dictionary<string, byte[]> _values = [];
    private int _first = -1;

    /// <summary>Starts them.</summary>
    /// <param name="names">Names of the contracts; unknown ones are ignored.</param>
    public ContentDigests(IEnumerable<string> names)
    {
        foreach (string name in names.Distinct())
        {
            if (Find(name) is { } algorithm)
                _digests.Add(name, IncrementalHash.CreateHash(algorithm));
        }
    }

    /// <summary>
    /// Whether the content begins as the signed attributes of another message do: a signature without attributes then proves nothing (RFC 5652 5.4).
    /// No MIME entity begins with the octet of a SET.
    /// </summary>
    public bool LooksLikeAttributes => _first == 0x31;

    /// <summary>Digests at once.</summary>
    /// <param name="name">The digest's name.</param>
    /// <param name="octets">The octets.</param>
    /// <returns>Null where the digest is not known.</returns>
    public static byte[]? Compute(string name, ReadOnlySpan<byte> octets) => Find(name) is { } algorithm ? CryptographicOperations.HashData(algorithm, octets) : null;

    /// <summary>Adds octets.</summary>
    /// <param name="octets">The octets.</param>
    public void Add(ReadOnlySpan<byte> octets)
    {
        if (_first < 0 && !octets.IsEmpty)
            _first = octets[0];
        foreach (IncrementalHash digest in _digests.Values)
            digest.AppendData(octets);
    }

    /// <summary>A digest over all octets.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Null where it was not computed.</returns>
    public byte[]? Value(string name)
    {
        if (!_values.TryGetValue(name, out byte[]? value) && _digests.TryGetValue(name, out IncrementalHash? digest))
            _values[name] = value = digest.GetHashAndReset();
        return value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IncrementalHash digest in _digests.Values)
            digest.Dispose();
    }

    private static HashAlgorithmName? Find(string name) => name switch
    {
        CmsAlgorithmNames.Sha256 => HashAlgorithmName.SHA256,
        CmsAlgorithmNames.Sha384 => HashAlgorithmName.SHA384,
        CmsAlgorithmNames.Sha512 => HashAlgorithmName.SHA512,
        CmsAlgorithmNames.Sha1 => HashAlgorithmName.SHA1,
        _ => null,
    };
}
