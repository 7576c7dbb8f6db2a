using System.Buffers;

namespace Cstp.Core.Mime;

/// <summary>What stands in content that SMTP cares about.</summary>
internal sealed class ContentScan
{
    private static readonly SearchValues<byte> s_quiet = SearchValues.Create([.. Enumerable.Range(1, 127).Where(i => i is not '\r' and not '\n').Select(i => (byte)i)]);

    private bool _afterCarriageReturn;
    private bool _afterLineFeed = true;
    private bool _hasBareLineFeed;

    /// <summary>A NUL.</summary>
    public bool HasNul { get; private set; }

    /// <summary>CR without LF.</summary>
    public bool HasBareCarriageReturn { get; private set; }

    /// <summary>An octet over 127.</summary>
    public bool HasEightBit { get; private set; }

    /// <summary>Whether it is lines that end in CRLF, and nothing else.</summary>
    public bool IsLines => !HasNul && !HasBareCarriageReturn && !_hasBareLineFeed && _afterLineFeed;

    /// <summary>Looks at the next octets.</summary>
    /// <param name="octets">In order.</param>
    public void Write(ReadOnlySpan<byte> octets)
    {
        if (!octets.IsEmpty)
            _afterLineFeed = octets[^1] == '\n';
        while (!octets.IsEmpty)
        {
            if (_afterCarriageReturn && octets[0] != '\n')
                HasBareCarriageReturn = true;
            int quiet = octets.IndexOfAnyExcept(s_quiet);
            if (quiet < 0)
            {
                _afterCarriageReturn = false;
                return;
            }
            byte octet = octets[quiet];
            if (octet == '\r' && quiet + 1 < octets.Length && octets[quiet + 1] == '\n')
            {
                _afterCarriageReturn = false;
                octets = octets[(quiet + 2)..];
                continue;
            }
            _hasBareLineFeed |= octet == '\n' && !(quiet == 0 && _afterCarriageReturn);
            HasNul |= octet == 0;
            HasEightBit |= octet > 127;
            _afterCarriageReturn = octet == '\r';
            octets = octets[(quiet + 1)..];
        }
    }

    /// <summary>The content is over.</summary>
    public void End() => HasBareCarriageReturn |= _afterCarriageReturn;
}
