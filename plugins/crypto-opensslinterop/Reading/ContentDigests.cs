using Cstp.CryptoOpenSslInterop.Interop;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Digests of one content, all that may be needed at once.</summary>
internal sealed class ContentDigests : IDisposable
{
    private readonly Dictionary<string, EvpDigest> _running = [];
    private readonly Dictionary<string, byte[]> _finished = [];
    private readonly byte[] _front = new byte[16];
    private long _length;

    /// <summary>Starts.</summary>
    /// <param name="names">The digests; names that are not known are left out.</param>
    public ContentDigests(IEnumerable<string> names)
    {
        foreach (string name in names.Distinct().Where(n => Keys.Oids.IsDigest(n) && EvpDigest.Has(n)))
            _running[name] = new EvpDigest(name);
    }

    /// <summary>
    /// Whether the content is one SET whose first element is a SEQUENCE, as signed attributes are: a signature over attributes would fit a message without
    /// any whose content is those attributes (RFC 5652 5.4).
    /// </summary>
    public bool LooksLikeAttributes
    {
        get
        {
            if (_length < 4 || _front[0] != 0x31)
                return false;
            int octets = _front[1] < 0x80 ? 0 : _front[1] & 0x7F;
            if (octets > 8 || _front[2 + octets] != 0x30)
                return false;
            long length = octets == 0 ? _front[1] : 0;
            for (int i = 0; i < octets; i++)
                length = (length << 8) | _front[2 + i];
            return length == _length - 2 - octets;
        }
    }

    /// <summary>Adds content.</summary>
    /// <param name="octets">The octets.</param>
    public void Update(ReadOnlySpan<byte> octets)
    {
        if (_length < _front.Length)
        {
            int count = (int)Math.Min(_front.Length - _length, octets.Length);
            octets[..count].CopyTo(_front.AsSpan((int)_length));
        }
        _length += octets.Length;
        foreach (EvpDigest digest in _running.Values)
            digest.Update(octets);
    }

    /// <summary>The content is over.</summary>
    public void Finish()
    {
        foreach ((string name, EvpDigest digest) in _running)
            _finished.TryAdd(name, digest.Finish());
        Dispose();
    }

    /// <summary>A digest; null where it was not computed.</summary>
    /// <param name="name">Its name.</param>
    public byte[]? Find(string name) => _finished.GetValueOrDefault(name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (EvpDigest digest in _running.Values)
            digest.Dispose();
        _running.Clear();
    }
}
