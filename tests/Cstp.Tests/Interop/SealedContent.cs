using System.Security.Cryptography;
using System.Text;

namespace Cstp.Tests.Interop;

/// <summary>A message, and what a foreign program must find of it inside the signed layer.</summary>
internal static class SealedContent
{
    public const string Body = "Hello Anna,\r\n.\r\n..dots\r\n\r\ntrailing \t\r\nbye\r\n";

    private const string Header =
        "Received: from desk by amd.test; now\r\nFrom: Juro <juro@amd.test>\r\nTo: anna@intel.test\r\nSubject: secret\r\n plans\r\n"
        + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nX-Mailer: test\r\n";

    public const string Original = Header + "\r\n" + Body;

    public static void AssertIsOriginal(string entity) => AssertIsOriginal(entity, Original, "anna@intel.test");

    /// <summary>The block, the outer fields again (RFC 9788 2.2), then the original with the one suffix at its type.</summary>
    public static void AssertIsOriginal(string entity, string original, params string[] recipients)
    {
        string[] outer = [.. original[..original.IndexOf("\r\n\r\n", StringComparison.Ordinal)]
            .Replace("\r\n ", "\u0001", StringComparison.Ordinal).Split("\r\n")
            .Where(f => !f.StartsWith("MIME-Version", StringComparison.Ordinal) && !f.StartsWith("Content-", StringComparison.Ordinal))
            .Select(f => f.Replace("\u0001", "\r\n ", StringComparison.Ordinal))];
        string bound = string.Join(",\r\n ", recipients.Select(r => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(r)))));
        Assert.Equal(
            $"CSTP-Sealed: 1; hp-outer={outer.Length}; content-type=extended;\r\n rcpt={bound}\r\n"
            + string.Concat(outer.Select(f => $"HP-Outer: {f}\r\n"))
            + original.Replace("charset=utf-8\r\n", "charset=utf-8;\r\n hp=\"cipher\"\r\n", StringComparison.Ordinal),
            entity);
    }
}
