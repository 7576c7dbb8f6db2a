using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Lab.Tests.Lab;

/// <summary>An SMTP client on one of the hosts.</summary>
internal sealed class Conversation : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly StreamReader _replies;

    private Conversation(Socket socket)
    {
        _socket = socket;
        _replies = new StreamReader(new NetworkStream(socket), Encoding.Latin1);
    }

    /// <summary>Connects; nothing is read yet.</summary>
    /// <exception cref="SocketException">It is refused.</exception>
    public static Task<Conversation> OpenAsync(string host, string server, int port = 25) => NamespaceThread.RunAsync(host, async () =>
    {
        IPAddress address = IPAddress.Parse(server);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var patience = new CancellationTokenSource(s_patience);
            await socket.ConnectAsync(new IPEndPoint(address, port), patience.Token);
            return new Conversation(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    });

    /// <summary>Connects, greets, and names sender and recipient.</summary>
    public static async Task<Conversation> BeginAsync(string host, string server, string sender, string recipient)
    {
        Conversation conversation = await OpenAsync(host, server);
        Assert.StartsWith("220 ", await conversation.ReadAsync(), StringComparison.Ordinal);
        await conversation.AskAsync($"EHLO {host}", "250");
        await conversation.AskAsync($"MAIL FROM:<{sender}>", "250");
        await conversation.AskAsync($"RCPT TO:<{recipient}>", "250");
        return conversation;
    }

    /// <summary>The client's port.</summary>
    public int LocalPort => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public async Task SendAsync(string octets) => await _socket.SendAsync(Encoding.Latin1.GetBytes(octets));

    /// <summary>The last line of a reply; null where the connection ended, by a reset or otherwise.</summary>
    public async Task<string?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            string? line;
            do
                line = await _replies.ReadLineAsync(patience.Token);
            while (line is [_, _, _, '-', ..]);
            return line;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public async Task<string> AskAsync(string command, string expected)
    {
        await SendAsync(command + "\r\n");
        string? reply = await ReadAsync();
        Assert.True(reply?.StartsWith(expected, StringComparison.Ordinal), $"{command}: {reply}");
        return reply!;
    }

    public void Dispose()
    {
        _replies.Dispose();
        _socket.Dispose();
    }
}
