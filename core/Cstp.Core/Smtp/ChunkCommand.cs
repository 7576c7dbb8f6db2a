using System.Globalization;
using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>The argument of BDAT (RFC 3030 2).</summary>
/// <param name="Size">Octets that follow the command.</param>
/// <param name="IsLast">Whether they end the message.</param>
internal sealed record ChunkCommand(long Size, bool IsLast)
{
    /// <summary>Our word to one that does not fit; with it the connection ends.</summary>
    public static Reply Unreadable { get; } = new(501, "5.5.4", "Give BDAT, the number of octets, and LAST behind the last chunk; connection closed");

    /// <summary>Reads it.</summary>
    /// <param name="argument">What follows the verb.</param>
    /// <returns>Null where it does not fit, or the size is over 2^63: then nobody knows where the next command begins.</returns>
    public static ChunkCommand? TryParse(string argument)
    {
        string[] words = argument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length is 1 or 2
            && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            && (words.Length == 1 || words[1].Equals("LAST", StringComparison.OrdinalIgnoreCase))
            ? new(size, words.Length == 2)
            : null;
    }
}
