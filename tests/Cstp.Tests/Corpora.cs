namespace Cstp.Tests;

/// <summary>Test material of other projects, read from <c>$CSTP_CORPORA</c> (by default <c>../shared/corpora</c> beside the checkout).</summary>
internal static class Corpora
{
    public static string? Folder { get; } = Find();

    public static string Need()
    {
        if (Folder is null)
            Assert.Skip("no corpora: set CSTP_CORPORA to their folder");
        return Folder;
    }

    public static byte[] Read(string path) => File.ReadAllBytes(Path.Combine(Need(), path));

    /// <summary>The paths of the index whose path and kind satisfy a condition.</summary>
    public static IEnumerable<(string Path, string Kind, string Expected)> Index() =>
        File.ReadLines(Path.Combine(Need(), "INDEX.tsv")).Skip(1).Select(l => l.Split('\t')).Select(c => (c[0], c[1], c[5]));

    /// <summary>Content as a client would send it: LF becomes CRLF, and the last line has an end.</summary>
    public static byte[] ToLines(byte[] octets)
    {
        var lines = new MemoryStream(octets.Length + 1024);
        byte last = (byte)'\n';
        foreach (byte octet in octets)
        {
            if (octet == '\n' && last != '\r')
                lines.WriteByte((byte)'\r');
            lines.WriteByte(octet);
            last = octet;
        }
        if (last != '\n')
            lines.Write("\r\n"u8);
        return lines.ToArray();
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CSTP_CORPORA") is { Length: > 0 } named)
            return Directory.Exists(named) ? named : null;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Cstp.Modular.sln")))
                continue;
            string beside = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "corpora"));
            return Directory.Exists(beside) ? beside : null;
        }
        return null;
    }
}
