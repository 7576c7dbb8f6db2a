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
}
