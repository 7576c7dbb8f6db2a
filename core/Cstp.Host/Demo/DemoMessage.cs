using System.Text;

namespace Cstp.Host.Demo;

/// <summary>A message of the demo.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="From">The sender.</param>
/// <param name="To">The recipients.</param>
/// <param name="Content">The message, lines in CRLF.</param>
internal sealed record DemoMessage(string Name, string From, IReadOnlyList<string> To, byte[] Content)
{
    private const int LargeSize = 20 * 1024 * 1024;

    /// <summary>The messages, both ways.</summary>
    public static IReadOnlyList<DemoMessage> All { get; } =
    [
        Make("plain text", "juro@amd.test", ["anna@intel.test"], "Content-Type: text/plain; charset=us-ascii\r\n\r\nHello Anna,\r\n\r\nthe plans are ready.\r\n.\r\n(a line with a dot alone stands above)\r\n\r\nJuro\r\n"),
        Make("html with attachment", "anna@intel.test", ["juro@amd.test"],
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"part\"\r\n\r\n--part\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n<p>Thank you, <b>Juro</b>!</p>\r\n--part\r\n"
            + $"Content-Type: image/png; name=\"plan.png\"\r\nContent-Disposition: attachment; filename=\"plan.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{Base64(100_000)}--part--\r\n"),
        Make("8-bit text", "juro@amd.test", ["anna@intel.test"], "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe aus M\u00fcnchen, \u017elu\u0165ou\u010dk\u00fd k\u016f\u0148\r\n"),
        Make("20 MB", "anna@intel.test", ["juro@amd.test"], "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Base64(LargeSize / 78 * 57)),
        Make("mixed recipients", "juro@amd.test", ["anna@intel.test", "guest@elsewhere.test"], "\r\nThis goes encrypted to Anna, and in clear to the guest, who has no certificate.\r\n"),
        Make("to a user's own certificate", "juro@amd.test", ["carol@intel.test"], "\r\nCarol has a certificate of her own, issued by the demo's authority.\r\n"),
    ];

    private static DemoMessage Make(string name, string from, IReadOnlyList<string> to, string rest)
    {
        string header = $"From: <{from}>\r\nTo: {string.Join(", ", to.Select(t => $"<{t}>"))}\r\nSubject: {name}: a secret subject\r\nMessage-ID: <{name.Replace(' ', '-').Replace("'", "", StringComparison.Ordinal)}@{from.Split('@')[1]}>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n";
        return new DemoMessage(name, from, to, Encoding.UTF8.GetBytes(header + rest));
    }

    private static string Base64(int octets)
    {
        byte[] content = new byte[octets];
        new Random(1).NextBytes(content);
        string text = Convert.ToBase64String(content);
        var lines = new StringBuilder(text.Length + text.Length / 38);
        for (int i = 0; i < text.Length; i += 76)
            lines.Append(text, i, Math.Min(76, text.Length - i)).Append("\r\n");
        return lines.ToString();
    }
}
