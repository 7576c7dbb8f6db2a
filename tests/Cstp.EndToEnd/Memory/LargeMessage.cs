using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Cstp.EndToEnd.Memory;

/// <summary>A client and a server that hold one block of a message at a time, however large it is, and its SHA-256.</summary>
internal static class LargeMessage
{
    private const int LineLength = 76;

    /// <summary>Sends a message of random lines.</summary>
    /// <param name="port">To this port of loopback.</param>
    /// <param name="octets">Its length, to the next whole line.</param>
    /// <param name="from">Reverse-path.</param>
    /// <param name="to">Recipient.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>SHA-256 of what was sent, dots not doubled.</returns>
    public static async Task<string> SendAsync(int port, long octets, string from, string to, CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
        await using var stream = new NetworkStream(socket);
        PipeReader replies = PipeReader.Create(stream);
        await ExpectAsync(replies, "220", cancel);
        foreach ((string command, string code) in new[] { ("EHLO client.test", "250"), ($"MAIL FROM:<{from}>", "250"), ($"RCPT TO:<{to}>", "250"), ("DATA", "354") })
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), cancel);
            await ExpectAsync(replies, code, cancel);
        }

        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] header = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"From: {from}\r\nTo: {to}\r\nSubject: {octets} octets\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
        digest.AppendData(header);
        await stream.WriteAsync(header, cancel);
        byte[] block = Lines(800);
        for (long left = octets; left > 0; left -= block.Length)
        {
            // No two blocks are equal: one that is lost, doubled or moved changes the digest.
            RandomNumberGenerator.GetItems<byte>("ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8, block.AsSpan(0, 32));
            int count = (int)Math.Min(block.Length, (left + LineLength + 1) / (LineLength + 2) * (LineLength + 2));
            digest.AppendData(block, 0, count);
            await stream.WriteAsync(block.AsMemory(0, count), cancel);
        }
        await stream.WriteAsync(".\r\n"u8.ToArray(), cancel);
        await ExpectAsync(replies, "250", cancel);
        await stream.WriteAsync("QUIT\r\n"u8.ToArray(), cancel);
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private static byte[] Lines(int count)
    {
        byte[] lines = new byte[count * (LineLength + 2)];
        for (int line = 0; line < count; line++)
        {
            Span<byte> one = lines.AsSpan(line * (LineLength + 2), LineLength + 2);
            RandomNumberGenerator.GetItems<byte>("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8, one[..LineLength]);
            "\r\n"u8.CopyTo(one[LineLength..]);
        }
        return lines;
    }

    private static async Task ExpectAsync(PipeReader replies, string code, CancellationToken cancel)
    {
        while (true)
        {
            string line = await LineAsync(replies, cancel) ?? throw new IOException($"the connection ended where {code} was expected");
            if (!line.StartsWith(code, StringComparison.Ordinal))
                throw new IOException($"expected {code}: {line}");
            if (line.Length < 4 || line[3] != '-')
                return;
        }
    }

    private static async Task<string?> LineAsync(PipeReader reader, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancel);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                string line = Encoding.Latin1.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }
            if (read.IsCompleted)
                return null;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Takes one message after another.</summary>
    internal sealed class Server : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _serving;
        private TaskCompletionSource<string> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Server()
        {
            _listener.Start();
            _serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        /// <summary>SHA-256 of the next message, dots undone, without the Authentication-Results field at its beginning.</summary>
        public async Task<string> TakeAsync(CancellationToken cancel)
        {
            string digest = await _next.Task.WaitAsync(cancel);
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return digest;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _serving;
            _stop.Dispose();
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                try
                {
                    using Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                    client.NoDelay = true;
                    await using var stream = new NetworkStream(client);
                    await ConverseAsync(stream);
                }
                catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
                {
                    return;
                }
                catch (Exception e) when (e is IOException or SocketException)
                {
                    if (_stop.IsCancellationRequested)
                        return;
                }
            }
        }

        private async Task ConverseAsync(NetworkStream stream)
        {
            PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
            await stream.WriteAsync("220 large.test ESMTP\r\n"u8.ToArray(), _stop.Token);
            while (await LineAsync(reader, _stop.Token) is { } command)
            {
                switch (command.Split(' ')[0].ToUpperInvariant())
                {
                    case "DATA":
                        await stream.WriteAsync("354 Go ahead\r\n"u8.ToArray(), _stop.Token);
                        string digest = await DigestAsync(reader);
                        await stream.WriteAsync("250 2.0.0 Ok\r\n"u8.ToArray(), _stop.Token);
                        _next.TrySetResult(digest);
                        break;
                    case "EHLO":
                        await stream.WriteAsync("250-large.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"u8.ToArray(), _stop.Token);
                        break;
                    case "QUIT":
                        await stream.WriteAsync("221 2.0.0 Bye\r\n"u8.ToArray(), _stop.Token);
                        return;
                    default:
                        await stream.WriteAsync("250 2.0.0 Ok\r\n"u8.ToArray(), _stop.Token);
                        break;
                }
            }
        }

        private async Task<string> DigestAsync(PipeReader reader)
        {
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var lines = new MessageLines(digest);
            while (true)
            {
                ReadResult read = await reader.ReadAsync(_stop.Token);
                ReadOnlySequence<byte> rest = read.Buffer;
                bool ended = lines.Take(ref rest);
                reader.AdvanceTo(rest.Start, ended ? rest.Start : read.Buffer.End);
                if (ended)
                    return Convert.ToHexStringLower(digest.GetHashAndReset());
                if (read.IsCompleted)
                    throw new IOException("cut within content");
            }
        }
    }

    /// <summary>Goes over the lines of a message.</summary>
    private sealed class MessageLines(IncrementalHash digest)
    {
        private bool _first = true;
        private bool _inResults;

        /// <summary>Takes whole lines off the front.</summary>
        /// <returns>Whether the final dot was among them.</returns>
        public bool Take(ref ReadOnlySequence<byte> octets)
        {
            var reader = new SequenceReader<byte>(octets);
            Span<byte> copy = stackalloc byte[2048];
            while (reader.TryReadTo(out ReadOnlySequence<byte> parts, (byte)'\n'))
            {
                scoped ReadOnlySpan<byte> line = parts.FirstSpan;
                if (!parts.IsSingleSegment)
                {
                    parts.CopyTo(copy);
                    line = copy[..(int)parts.Length];
                }
                octets = octets.Slice(reader.Position);
                reader = new SequenceReader<byte>(octets);
                if (line is [(byte)'.', (byte)'\r'])
                    return true;
                if (_first)
                    _inResults = line.StartsWith("Authentication-Results:"u8);
                else if (_inResults && !(line.Length > 0 && line[0] is (byte)' ' or (byte)'\t'))
                    _inResults = false;
                _first = false;
                if (_inResults)
                    continue;
                digest.AppendData(line is [(byte)'.', ..] ? line[1..] : line);
                digest.AppendData("\n"u8);
            }
            return false;
        }
    }
}
