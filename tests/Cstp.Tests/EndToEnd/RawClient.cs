using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Tests.EndToEnd;

/// <summary>A client that sends octets and reads replies.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new();
    private LineStream _lines;
    private Stream _stream;

    public RawClient(int port)
    {
        _client.Connect(IPAddress.Loopback, port);
        _client.NoDelay = true;
        _stream = _client.GetStream();
        _lines = new LineStream(_stream);
    }

    /// <summary>Connects, and says EHLO.</summary>
    public static async Task<RawClient> GreetedAsync(int port)
    {
        var client = new RawClient(port);
        Assert.StartsWith("220", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        return client;
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public Task SendAsync(string octets) => SendAsync(Encoding.Latin1.GetBytes(octets));

    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        await _stream.WriteAsync(octets);
        await _stream.FlushAsync();
    }

    /// <summary>One reply, its lines joined with LF; null where the connection ended.</summary>
    public async Task<string?> ReadReplyAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var lines = new List<string>();
        try
        {
            while (await _lines.ReadLineAsync(patience.Token) is { } raw)
            {
                string line = Encoding.Latin1.GetString(raw).TrimEnd('\r', '\n');
                lines.Add(line);
                if (line.Length < 4 || line[3] != '-')
                    return string.Join('\n', lines);
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }
        return lines.Count == 0 ? null : string.Join('\n', lines);
    }

    /// <summary>Sends a command and reads its reply.</summary>
    public async Task<string?> AskAsync(string command)
    {
        await SendAsync(command + "\r\n");
        return await ReadReplyAsync();
    }

    /// <summary>STARTTLS, and the handshake; EHLO is not said again.</summary>
    public async Task<SslStream> StartTlsAsync(SslClientAuthenticationOptions? options = null)
    {
        Assert.StartsWith("220", await AskAsync("STARTTLS"), StringComparison.Ordinal);
        return await ShakeAsync(options);
    }

    /// <summary>The handshake alone.</summary>
    public async Task<SslStream> ShakeAsync(SslClientAuthenticationOptions? options = null)
    {
        options ??= new SslClientAuthenticationOptions();
        options.RemoteCertificateValidationCallback ??= (_, _, _, _) => true;
        options.TargetHost ??= "";
        var secured = new SslStream(_stream);
        using var patience = new CancellationTokenSource(Patience);
        await secured.AuthenticateAsClientAsync(options, patience.Token);
        _stream = secured;
        _lines = new LineStream(secured);
        return secured;
    }

    /// <summary>Greets, and opens a transaction.</summary>
    public async Task BeginAsync(string from, params string[] to)
    {
        Assert.StartsWith("220", await ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await AskAsync("EHLO client.test"), StringComparison.Ordinal);
        await AddressAsync(from, to);
    }

    public async Task AddressAsync(string from, params string[] to)
    {
        Assert.StartsWith("250", await AskAsync($"MAIL FROM:<{from}>"), StringComparison.Ordinal);
        foreach (string recipient in to)
            Assert.StartsWith("250", await AskAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
    }

    /// <summary>Sends content after DATA, dots doubled, and gives the reply to the final dot.</summary>
    public async Task<string?> SendMessageAsync(byte[] content)
    {
        string? go = await AskAsync("DATA");
        if (go is null || !go.StartsWith("354", StringComparison.Ordinal))
            return go;
        await SendAsync(Stuff(content));
        await SendAsync(".\r\n");
        return await ReadReplyAsync();
    }

    public Task<string?> SendMessageAsync(string content) => SendMessageAsync(Encoding.Latin1.GetBytes(content));

    /// <summary>Sends a chunk (RFC 3030) and gives the reply.</summary>
    public async Task<string?> SendChunkAsync(string octets, bool isLast = false)
    {
        await SendAsync($"BDAT {octets.Length}{(isLast ? " LAST" : "")}\r\n{octets}");
        return await ReadReplyAsync();
    }

    public void HalfClose() => _client.Client.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        _client.Client.LingerState = new LingerOption(true, 0);
        _client.Close();
    }

    public void Dispose()
    {
        _lines.Dispose();
        _client.Dispose();
    }

    public static byte[] Stuff(byte[] content)
    {
        var stuffed = new MemoryStream(content.Length + 1024);
        bool start = true;
        foreach (byte octet in content)
        {
            if (start && octet == '.')
                stuffed.WriteByte((byte)'.');
            stuffed.WriteByte(octet);
            start = octet == '\n';
        }
        return stuffed.ToArray();
    }
}
