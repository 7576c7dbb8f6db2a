using System.Net;
using System.Net.Sockets;
using System.Text;
using Cstp.Host.Commands;

namespace Cstp.Host.Demo;

/// <summary>Sends one message by SMTP.</summary>
internal static class DemoClient
{
    /// <summary>Sends.</summary>
    /// <param name="port">The server's port on loopback.</param>
    /// <param name="message">The message.</param>
    /// <param name="progress">Told how many octets of content are gone.</param>
    /// <param name="cancel">Ends the sending.</param>
    /// <exception cref="CommandException">The server refused.</exception>
    public static async Task SendAsync(int port, DemoMessage message, IProgress<long> progress, CancellationToken cancel)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port, cancel);
        await using NetworkStream stream = client.GetStream();
        using var lines = new DemoLines(stream);
        await ExpectAsync(lines, "220", cancel);
        await AskAsync("EHLO client.demo.test", "250");
        await AskAsync($"MAIL FROM:<{message.From}> BODY=8BITMIME", "250");
        foreach (string recipient in message.To)
            await AskAsync($"RCPT TO:<{recipient}>", "250");
        await AskAsync("DATA", "354");
        await SendContentAsync(stream, message.Content, progress, cancel);
        await ExpectAsync(lines, "250", cancel);
        await AskAsync("QUIT", "221");

        async Task AskAsync(string command, string code)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), cancel);
            await ExpectAsync(lines, code, cancel);
        }
    }

    private static async Task SendContentAsync(NetworkStream stream, byte[] content, IProgress<long> progress, CancellationToken cancel)
    {
        using var chunk = new MemoryStream();
        bool lineStart = true;
        for (int i = 0; i < content.Length; i++)
        {
            if (lineStart && content[i] == '.')
                chunk.WriteByte((byte)'.');
            chunk.WriteByte(content[i]);
            lineStart = content[i] == '\n';
            if (chunk.Length < 64 * 1024 && i < content.Length - 1)
                continue;
            await stream.WriteAsync(chunk.GetBuffer().AsMemory(0, (int)chunk.Length), cancel);
            chunk.SetLength(0);
            progress.Report(i + 1);
        }
        await stream.WriteAsync(".\r\n"u8.ToArray(), cancel);
    }

    private static async Task ExpectAsync(DemoLines lines, string code, CancellationToken cancel)
    {
        string line;
        do
            line = await lines.ReadAsync(cancel) is { } raw ? Encoding.Latin1.GetString(raw).TrimEnd() : "the connection ended";
        while (line.StartsWith(code + "-", StringComparison.Ordinal));
        if (!line.StartsWith(code, StringComparison.Ordinal))
            throw new CommandException(ExitStatus.Software, $"the demo's message was not accepted: {line}");
    }
}
