using System.Globalization;
using System.Text;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Crash;

/// <summary>A message that can be told from all others by its number.</summary>
internal static class Letter
{
    public const string LastLine = "This is the last line.";

    private const string NumberField = "X-Number: ";

    /// <summary>Writes one.</summary>
    /// <param name="number">The number.</param>
    /// <param name="octets">About so long.</param>
    public static string Write(int number, int octets)
    {
        var letter = new StringBuilder(octets + 1024);
        letter.Append(CultureInfo.InvariantCulture, $"{NumberField}{number}\r\nFrom: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: {WireTap.Secret}\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n");
        for (int line = 0; letter.Length < octets || line < 120; line++)
            letter.Append(CultureInfo.InvariantCulture, $".{line} of {number} {WireTap.Secret}\r\n");
        return letter.Append(LastLine + "\r\n").ToString();
    }

    /// <summary>Which one it is.</summary>
    public static int Number(string letter)
    {
        int at = letter.IndexOf(NumberField, StringComparison.Ordinal) + NumberField.Length;
        return int.Parse(letter.AsSpan(at, letter.IndexOf('\r', at) - at), CultureInfo.InvariantCulture);
    }
}
