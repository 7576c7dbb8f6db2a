using Org.BouncyCastle.Crypto;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>Several digests computed over one content in one pass.</summary>
internal sealed class ContentDigests
{
    private readonly List<(DigestKind Kind, IDigest Digest)> _running = [];
    private readonly Dictionary<DigestKind, byte[]> _values = [];

    public ContentDigests(IEnumerable<DigestKind> kinds)
    {
        foreach (DigestKind kind in kinds.Distinct())
            _running.Add((kind, kind.Create()));
    }

    /// <summary>Whether the content could itself pass for signed attributes.</summary>
    public AttributesLookalike Lookalike { get; } = new();

    public void Update(ReadOnlySpan<byte> octets)
    {
        Lookalike.Update(octets);
        foreach ((_, IDigest digest) in _running)
            digest.BlockUpdate(octets);
    }

    /// <summary>Ends the content.</summary>
    public void Finish()
    {
        foreach ((DigestKind kind, IDigest digest) in _running)
        {
            byte[] value = new byte[kind.Octets];
            digest.DoFinal(value, 0);
            _values[kind] = value;
        }
    }

    /// <summary>The value, or null where this digest was not computed.</summary>
    public byte[]? Find(DigestKind kind) => _values.GetValueOrDefault(kind);
}
