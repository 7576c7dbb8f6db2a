using System.Diagnostics;
using System.Text.RegularExpressions;
using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests.Tls;

/// <summary>Clients, each a program of somebody else's, that send a letter through a box. They tell the deciding reply, or why they sent nothing.</summary>
internal static class TlsClient
{
    public const string NotOffered = "not offered", NotTrusted = "not trusted";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>swaks; in TLS it takes any certificate.</summary>
    public static async Task<string> SwaksAsync(TlsSide side, bool serverHasTls, bool inTls, Letter letter, params string[] recipients)
    {
        string file = Path.Combine(LabNetwork.Folder, $"letter-{letter.Secret}");
        await File.WriteAllTextAsync(file, letter.Text);
        Command done = await Command.TryAsync(
            s_patience, "ip",
            ["netns", "exec", side.Client, "swaks", "--server", side.ServerAddress, "--local-interface", side.ClientAddress(serverHasTls), "--helo", side.Client, "--from", side.Sender,
                "--to", recipients.Length > 0 ? string.Join(',', recipients) : side.Recipient, "--data", $"@{file}", .. inTls ? ["--tls"] : Array.Empty<string>()]);
        File.Delete(file);
        if (done.Error.Contains("Host did not advertise STARTTLS", StringComparison.Ordinal))
            return NotOffered;
        // An asterisk marks what was not as it should be.
        Match reply = Regex.Match(done.Output, @"(?m)^<[-~*]\*\s+(\d{3} \d\.\d\.\d)");
        if (!reply.Success)
            reply = Regex.Match(done.Output, @"(?m)^<[-~]\s+(250 2\.0\.0) Ok: queued");
        return reply.Success && done.Output.Contains("TLS started with cipher TLSv1.3", StringComparison.Ordinal) == inTls ? reply.Groups[1].Value : done.Output + done.Error;
    }

    /// <summary>openssl, of which the certificate that the box shows is verified.</summary>
    /// <param name="side">Through which box.</param>
    /// <param name="serverHasTls">To which server.</param>
    /// <param name="version">Of TLS: 1.2 or 1.3.</param>
    /// <param name="authority">The file with the authority that it trusts.</param>
    /// <param name="sni">The name that it asks for and verifies; null to ask for none, and to verify the server's own.</param>
    /// <param name="letter">What it sends.</param>
    public static async Task<string> OpenSslAsync(TlsSide side, bool serverHasTls, string version, string authority, string? sni, Letter letter)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            "ip",
            ["netns", "exec", side.Client, "openssl", "s_client", "-starttls", "smtp", "-name", side.Client, "-connect", $"{side.ServerAddress}:25", "-bind", side.ClientAddress(serverHasTls), "-brief", "-nocommands",
                $"-tls{version.Replace('.', '_')}", "-CAfile", authority, "-verify_return_error", "-verify_hostname", sni ?? side.ServerName, .. sni is null ? ["-noservername"] : new[] { "-servername", sni }])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var patience = new CancellationTokenSource(s_patience);
        await using CancellationTokenRegistration late = patience.Token.Register(() => process.Kill(entireProcessTree: true));
        Task<string> told = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string? reply = await SpeakAsync(
            process, $"EHLO {side.Client}", $"MAIL FROM:<{side.Sender}>", $"RCPT TO:<{side.Recipient}>", "DATA",
            letter.Text.Replace("\n.", "\n..", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal) + ".", "QUIT");
        await process.WaitForExitAsync(CancellationToken.None);
        string error = await told;
        if (error.Contains("Didn't find STARTTLS in server response", StringComparison.Ordinal))
            return NotOffered;
        if (error.Contains("certificate verify failed", StringComparison.Ordinal))
            return NotTrusted;
        bool isVerified = error.Contains($"Protocol version: TLSv{version}\n", StringComparison.Ordinal) && error.Contains("Verification: OK\n", StringComparison.Ordinal);
        return isVerified && reply is [_, _, _, ' ', _, '.', _, '.', _, ..] ? reply[..9] : error + reply;
    }

    /// <summary>The client's Postfix, which uses TLS where it is offered. What it has to keep, it forgets afterwards.</summary>
    public static async Task<string> PostfixAsync(TlsSide side, Letter letter)
    {
        string id = await LabNetwork.SubmitAsync(side.Client, letter.Text, side.Sender, side.Recipient), tried = "";
        await LabNetwork.UntilAsync(s_patience, () => (tried = LabNetwork.Log(side.Client).Split('\n').FirstOrDefault(line => line.Contains($"{id}: to=<", StringComparison.Ordinal)) ?? "").Length > 0);
        Match reply = Regex.Match(tried, @"status=(sent \(|deferred \(host \S+ said: )(\d{3} \d\.\d\.\d)");
        if (!tried.Contains("status=sent", StringComparison.Ordinal))
            await TlsLab.PostfixAsync(side.Client, "postsuper", "-d", id);
        return reply.Success ? reply.Groups[2].Value : tried;
    }

    /// <summary>Says one command after the other, as long as all is well.</summary>
    /// <returns>The last line of the reply to the last one before QUIT; null where the program ended.</returns>
    private static async Task<string?> SpeakAsync(Process process, params string[] commands)
    {
        string? deciding = null;
        try
        {
            foreach (string command in commands)
            {
                await process.StandardInput.WriteAsync(command + "\r\n");
                await process.StandardInput.FlushAsync();
                string? line;
                do
                    line = await process.StandardOutput.ReadLineAsync();
                while (line is [_, _, _, '-', ..]);
                if (command != "QUIT")
                    deciding = line;
                if (line is not ['2' or '3', ..])
                    break;
            }
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It gave up; its errors say why.
        }
        return deciding;
    }
}
