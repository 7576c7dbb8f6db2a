namespace Cstp.Conformance.Forging;

/// <summary>Octets without meaning.</summary>
internal static class Octets
{
    /// <summary>The same octets for the same length, at every call.</summary>
    /// <param name="length">How many.</param>
    public static byte[] Of(int length)
    {
        byte[] octets = new byte[length];
        new Random(length).NextBytes(octets);
        return octets;
    }

    /// <summary>Puts other octets in the place of some that stand there once.</summary>
    /// <param name="octets">All.</param>
    /// <param name="part">Those to be replaced.</param>
    /// <param name="by">Those that take their place.</param>
    public static byte[] Replaced(byte[] octets, byte[] part, byte[] by)
    {
        int at = octets.AsSpan().IndexOf(part);
        return at >= 0 && octets.AsSpan(at + 1).IndexOf(part) < 0
            ? [.. octets[..at], .. by, .. octets[(at + part.Length)..]]
            : throw new ArgumentException("the part does not stand there once", nameof(part));
    }
}
