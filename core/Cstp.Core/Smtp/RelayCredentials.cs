using System.Text;

namespace Cstp.Core.Smtp;

/// <summary>The box's own user and password at the relay (RFC 4954). Neither ever stands in a message of ours, nor does what the relay answers to AUTH, which may repeat them.</summary>
/// <param name="user">The user.</param>
/// <param name="password">The password; neither has a NUL.</param>
internal sealed class RelayCredentials(string user, string password)
{
    /// <summary>Authenticates: by PLAIN (RFC 4616), or by LOGIN, which is obsolete and all that some servers offer (Exchange).</summary>
    /// <param name="relay">The connection; whoever can read it gets the password.</param>
    /// <param name="ehlo">The relay's reply to EHLO, as it came.</param>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="IOException">The relay offers neither, or refuses.</exception>
    public async Task AuthenticateAsync(SmtpConnection relay, ServerReply ehlo, CancellationToken cancel)
    {
        HashSet<string> offered = Mechanisms(ehlo);
        IReadOnlyList<string> lines =
            offered.Contains("PLAIN") ? Plain(Base64($"\0{user}\0{password}"))
            : offered.Contains("LOGIN") ? ["AUTH LOGIN", Base64(user), Base64(password)]
            : throw new IOException("it offers neither AUTH PLAIN nor AUTH LOGIN; switch one on there, or name another port (587) or relay");
        for (int i = 0; i < lines.Count; i++)
        {
            await relay.SendAsync(lines[i] + "\r\n", cancel);
            ServerReply reply = await relay.ReadReplyAsync(cancel);
            if (reply.Code != (i == lines.Count - 1 ? 235 : 334))
                throw new IOException($"it answers AUTH with {reply.Code}; look at [relay] user and password_file, and at the relay's log");
        }
    }

    /// <summary>What would make a command line too long comes after it (RFC 4954 4).</summary>
    private static string[] Plain(string response)
    {
        const int MaxLine = 512;
        string line = $"AUTH PLAIN {response}";
        return line.Length + "\r\n".Length <= MaxLine ? [line] : ["AUTH PLAIN", response];
    }

    /// <summary>"AUTH=LOGIN" is an old spelling that some servers send beside the right one.</summary>
    private static HashSet<string> Mechanisms(ServerReply ehlo) => ehlo.Lines
        .Skip(1)
        .Where(line => line.Length > 4)
        .Select(line => line[4..].Split([' ', '='], StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words is [var keyword, ..] && keyword.Equals("AUTH", StringComparison.OrdinalIgnoreCase))
        .SelectMany(words => words.Skip(1))
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
