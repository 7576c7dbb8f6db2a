using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cstp.Core.Smtp;

/// <summary>One end of a session: the octets of a peer, with at most one read in flight. For one flow at a time.</summary>
internal sealed class SmtpConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private readonly ReplyAssembler _replies = new();
    private Task<ReadResult>? _read;

    /// <summary>Takes over a connected socket.</summary>
    /// <param name="socket">Owned from now on.</param>
    public SmtpConnection(Socket socket)
    {
        _socket = socket;
        socket.NoDelay = true;
        _input = new SocketInput(socket);
        _output = new SocketOutput(socket);
    }

    /// <summary>The peer's address.</summary>
    public EndPoint? Peer => _socket.RemoteEndPoint;

    /// <summary>What is to be sent to the peer.</summary>
    public IBufferWriter<byte> Output => _output;

    /// <summary>Whether something was written and not sent.</summary>
    public bool HasUnsent => _output.Unsent > 0;

    /// <summary>Whether octets of the peer arrived that no read has asked for yet.</summary>
    public bool HasUnread
    {
        get
        {
            try
            {
                return _socket.Available > 0;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Gone: it says nothing any more.
                return false;
            }
        }
    }

    /// <summary>Whether content is expected from the peer, and much of it.</summary>
    public bool ExpectsContent
    {
        set => _input.ExpectsContent = value;
    }

    /// <summary>Starts to read, or joins the read that is in flight.</summary>
    public Task<ReadResult> ReadAsync() => _read ??= _input.ReadAsync();

    /// <summary>Gives back what a read returned.</summary>
    /// <param name="consumed">Up to here it was used.</param>
    /// <param name="examined">Up to here it was looked at; the next read waits for more.</param>
    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _read = null;
        _input.AdvanceTo(consumed, examined);
    }

    /// <summary>Takes one reply out of what arrived so far.</summary>
    /// <param name="result">A finished read; it is given back unless a reply was found with octets after it.</param>
    /// <returns>The reply, or null.</returns>
    /// <exception cref="SmtpProtocolException">What came is no reply.</exception>
    public ServerReply? TakeReply(ReadResult result)
    {
        ReadOnlySequence<byte> buffer = result.Buffer;
        ServerReply? reply = _replies.TryTake(ref buffer);
        AdvanceTo(buffer.Start, reply is null ? buffer.End : buffer.Start);
        return reply;
    }

    /// <summary>Waits for one reply.</summary>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="ConnectionLostException">The server closed.</exception>
    /// <exception cref="SmtpProtocolException">What came is no reply.</exception>
    public async Task<ServerReply> ReadReplyAsync(CancellationToken cancel)
    {
        while (true)
        {
            ReadResult result = await ReadAsync().WaitAsync(cancel);
            if (TakeReply(result) is { } reply)
                return reply;
            if (result.IsCompleted)
                throw new ConnectionLostException("the server closed the connection");
        }
    }

    /// <summary>Sends lines and waits until the system took them.</summary>
    /// <param name="text">Octets as characters, each line with its CRLF.</param>
    /// <param name="cancel">The deadline.</param>
    public async Task SendAsync(string text, CancellationToken cancel)
    {
        Write(text);
        await FlushAsync(cancel);
    }

    /// <summary>Puts lines into the buffer.</summary>
    /// <param name="text">Octets as characters.</param>
    public void Write(string text) => Encoding.Latin1.GetBytes(text, _output);

    /// <summary>Puts octets into the buffer.</summary>
    /// <param name="octets">Copied.</param>
    public void Write(ReadOnlySpan<byte> octets) => _output.Write(octets);

    /// <summary>Sends what was written.</summary>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="ConnectionLostException">The peer is gone.</exception>
    public ValueTask FlushAsync(CancellationToken cancel) => _output.FlushAsync(cancel);

    /// <summary>Tells the peer that nothing more comes, and goes on reading.</summary>
    public void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer is gone already: there is nobody left to tell.
        }
    }

    /// <summary>Lets the peer read the last reply: closing at once with octets unread would send RST, and with it the reply is lost.</summary>
    /// <param name="time">The clock; a peer has two seconds.</param>
    public async Task LingerAsync(TimeProvider time)
    {
        const int Most = 1024 * 1024;
        ShutdownSend();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
        try
        {
            for (long seen = 0; seen < Most;)
            {
                ReadResult read = await ReadAsync().WaitAsync(patience.Token);
                seen += read.Buffer.Length;
                AdvanceTo(read.Buffer.End, read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            // It was given its chance.
        }
    }

    /// <summary>Cuts the connection at once (RST), so that nothing in flight can pass for an end of data.</summary>
    public void Abort()
    {
        try
        {
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }
        _socket.Dispose();
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _socket.Dispose();
}
