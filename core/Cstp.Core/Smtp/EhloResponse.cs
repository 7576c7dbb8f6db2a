using System.Globalization;
using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>What a server offers and we let through (RFC 5321 4.1.1.1): nothing that we cannot honour, nothing that it did not offer.</summary>
/// <param name="Keywords">The keywords in force, upper case.</param>
/// <param name="Size">The server's own message size limit in octets (RFC 1870), or null.</param>
internal sealed record ServerExtensions(IReadOnlySet<string> Keywords, long? Size)
{
    /// <summary>After HELO.</summary>
    public static ServerExtensions None { get; } = new(new HashSet<string>(), null);

    /// <summary>Whether a keyword is in force.</summary>
    /// <param name="keyword">Upper case.</param>
    public bool Has(string keyword) => Keywords.Contains(keyword);
}

/// <summary>Rewrites a server's answer to EHLO.</summary>
internal static class EhloResponse
{
    private static readonly HashSet<string> s_passed = new(StringComparer.Ordinal)
    {
        "PIPELINING", "8BITMIME", "SIZE", "ENHANCEDSTATUSCODES", "DSN", "AUTH", "LIMITS", "DELIVERBY", "MT-PRIORITY",
        "FUTURERELEASE", "NO-SOLICITING", "RRVS", "ETRN", "VRFY", "EXPN", "HELP", "SMTPUTF8", "CHUNKING", "BINARYMIME",
    };

    /// <summary>Keywords that are no offer without others: SMTPUTF8 by RFC 6531 3.1 (8), BINARYMIME by RFC 3030 3, and since what we make of a binary message is text.</summary>
    private static readonly (string Keyword, string[] Needed)[] s_dependent =
    [
        (SmtpParameters.International, [SmtpParameters.EightBitMime]),
        (SmtpParameters.BinaryMime, ["CHUNKING", SmtpParameters.EightBitMime]),
    ];

    /// <summary>A SASL security layer would make the session unreadable (RFC 4954 4).</summary>
    private static readonly HashSet<string> s_droppedMechanisms = new(StringComparer.Ordinal) { "GSSAPI", "DIGEST-MD5", "KERBEROS_V4" };

    /// <summary>Ends the names of mechanisms that bind to the TLS channel (RFC 5802 4): with TLS terminated there are two.</summary>
    private const string ChannelBinding = "-PLUS";

    /// <summary>What protection adds at most: base64 of base64 (78/57 each), and the header block.</summary>
    private const double Growth = 1.90;

    private const int GrowthFixed = 64 * 1024;

    /// <summary>Rewrites a 250 reply to EHLO.</summary>
    /// <param name="reply">The server's reply.</param>
    /// <param name="side">Where the session came in: messages from inside grow.</param>
    /// <param name="options">Settings.</param>
    /// <param name="extensions">What is in force.</param>
    /// <param name="tls">How TLS stands; null where the box terminates none.</param>
    /// <returns>The reply for the client.</returns>
    public static ServerReply Rewrite(ServerReply reply, Side side, SmtpOptions options, out ServerExtensions extensions, TlsLegs? tls = null)
    {
        var keywords = new HashSet<string>(StringComparer.Ordinal);
        long? size = null;
        List<string> texts = [reply.Lines[0].Length > 4 ? reply.Lines[0][4..] : ""];
        foreach (string line in reply.Lines.Skip(1))
        {
            if (line.Length <= 4)
                continue;
            string[] words = line[4..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;
            // "AUTH=LOGIN" is an old spelling that some servers send beside the right one.
            string keyword = words[0].ToUpperInvariant();
            if (keyword == "STARTTLS" && options.Starttls == StartTlsHandling.Pass)
            {
                keywords.Add(keyword);
                texts.Add(line[4..]);
                continue;
            }
            if (!s_passed.Contains(keyword) && !(keyword == "REQUIRETLS" && tls is { AreSecured: true, ServerIsVerified: true }))
                continue;
            switch (keyword)
            {
                case "SIZE":
                    keywords.Add(keyword);
                    size = words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
                    texts.Add(size is > 0 && side == Side.Inside ? $"SIZE {Lowered(size.Value)}" : line[4..]);
                    break;
                case "AUTH":
                    if (tls is { AuthRequiresTls: true, AreSecured: false })
                        break;
                    string[] mechanisms =
                    [
                        .. words.Skip(1).Where(m => !s_droppedMechanisms.Contains(m.ToUpperInvariant()) && (tls is null || !m.EndsWith(ChannelBinding, StringComparison.OrdinalIgnoreCase))),
                    ];
                    if (mechanisms.Length > 0)
                    {
                        keywords.Add(keyword);
                        texts.Add("AUTH " + string.Join(' ', mechanisms));
                    }
                    break;
                case "LIMITS":
                    keywords.Add(keyword);
                    texts.Add(string.Join(' ', ["LIMITS", .. AnnouncedLimits.Lower(words.Skip(1), options)]));
                    break;
                case SmtpParameters.International or SmtpParameters.BinaryMime:
                    keywords.Add(keyword);
                    break;
                default:
                    keywords.Add(keyword);
                    texts.Add(line[4..]);
                    break;
            }
        }
        foreach ((string keyword, string[] needed) in s_dependent)
        {
            if (!needed.All(keywords.Contains))
                keywords.Remove(keyword);
            else if (keywords.Contains(keyword))
                texts.Add(keyword);
        }
        if (tls is { OffersStartTls: true })
        {
            keywords.Add("STARTTLS");
            texts.Add("STARTTLS");
        }
        extensions = new ServerExtensions(keywords, size);
        var lines = texts.Select((text, i) => $"{reply.Code}{(i < texts.Count - 1 ? '-' : ' ')}{text}").ToList();
        return new ServerReply(reply.Code, lines);
    }

    /// <summary>The size that a message from inside may have so that it fits once protected.</summary>
    /// <param name="limit">The server's limit.</param>
    public static long Lowered(long limit) => Math.Max(1, (long)((limit - GrowthFixed) / Growth));

    /// <summary>What a message from inside may grow to.</summary>
    /// <param name="size">Its size.</param>
    public static long Raised(long size) => size >= (long)(long.MaxValue / 4) ? size : (long)(size * Growth) + GrowthFixed;
}
