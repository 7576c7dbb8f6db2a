using System.Globalization;
using System.Text;

namespace Cstp.Bench.Comparison;

/// <summary>Messages of given sizes, in files.</summary>
internal static class Sample
{
    /// <summary>Writes a message of amd's for intel.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="octets">Size of its body.</param>
    /// <returns>The file.</returns>
    public static string Write(string folder, int octets)
    {
        const string Line = "The quick brown fox jumps over the lazy dog, and then it does it once more, oh";
        string file = Path.Combine(folder, octets.ToString(CultureInfo.InvariantCulture));
        var text = new StringBuilder("From: juro@amd.test\nTo: anna@intel.test\nSubject: sample\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <sample@amd.test>\n\n");
        for (int written = 0; written < octets; written += Line.Length + 2)
            text.Append(Line.AsSpan(0, Math.Min(Line.Length, Math.Max(0, octets - written - 2)))).Append('\n');
        File.WriteAllText(file, text.ToString());
        return file;
    }
}
