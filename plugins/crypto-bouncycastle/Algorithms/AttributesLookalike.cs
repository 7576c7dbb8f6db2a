namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>Tells whether content is a DER SET OF Attribute, as far as its first octets and its length show.</summary>
/// <remarks>
/// A signature made over signed attributes also fits a message without any whose content is those attributes (RFC 5652 5.4 does
/// not separate the two). No MIME entity begins like that, so such content is refused where no signed attributes stand.
/// </remarks>
internal sealed class AttributesLookalike
{
    private readonly byte[] _head = new byte[16];
    private long _octets;

    public void Update(ReadOnlySpan<byte> octets)
    {
        if (_octets < _head.Length)
        {
            int count = (int)Math.Min(octets.Length, _head.Length - _octets);
            octets[..count].CopyTo(_head.AsSpan((int)_octets));
        }

        _octets += octets.Length;
    }

    /// <summary>Whether all the content is one SET that begins with a SEQUENCE.</summary>
    public bool IsAttributes
    {
        get
        {
            if (_octets < 4 || _head[0] != 0x31)
                return false;
            int lengthOctets = _head[1] < 0x80 ? 0 : _head[1] & 0x7F;
            if (lengthOctets > 8 || _head[2 + lengthOctets] != 0x30)
                return false;
            long length = lengthOctets == 0 ? _head[1] : 0;
            for (int i = 0; i < lengthOctets; i++)
                length = length << 8 | _head[2 + i];
            return length == _octets - 2 - lengthOctets;
        }
    }
}
