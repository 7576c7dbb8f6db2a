using System.Globalization;
using System.IO.Pipelines;

namespace Cstp.Core.Smtp;

/// <summary>Sends content to a server in chunks (RFC 3030 2), all but the last one, which is empty and commits the message as a final dot does.</summary>
/// <param name="server">The connection, with a transaction open.</param>
/// <param name="pipelined">Whether the server offered PIPELINING: then chunks go on before those before them are answered.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
internal sealed class ChunkWriter(SmtpConnection server, bool pipelined, SmtpOptions options, TimeProvider time)
{
    /// <summary>Octets of a chunk at least, but for what is left at the end: half of what a pipe holds, so that nobody waits for ever.</summary>
    private const int Least = 64 * 1024;

    /// <summary>Chunks whose replies are owed at most: with it both ends cannot wait for each other with full buffers.</summary>
    private const int Window = 8;

    /// <summary>A client that trickles does not keep the server waiting for a whole chunk: its own patience is some minutes (RFC 5321 4.5.3.2.7).</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private Task<ServerReply>? _reply;
    private int _unanswered;

    /// <summary>Ends the message behind the chunks.</summary>
    public const string Last = "BDAT 0 LAST\r\n";

    /// <summary>The server's next word; after <see cref="SendAsync"/> the one to <see cref="Last"/>, or one that nobody asked for.</summary>
    public Task<ServerReply> NextReply => _reply ??= server.ReadReplyAsync(CancellationToken.None);

    /// <summary>Sends the chunks, to the reply to the last of them.</summary>
    /// <param name="message">Content; read to its end.</param>
    /// <param name="cancel">Ends the sending.</param>
    /// <exception cref="EarlyReplyException">The server refused, or was lost.</exception>
    public async Task SendAsync(PipeReader message, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await ReadAsync(message, cancel);
            if (!read.Buffer.IsEmpty)
            {
                server.Write(string.Create(CultureInfo.InvariantCulture, $"BDAT {read.Buffer.Length}\r\n"));
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                    server.Write(segment.Span);
                _unanswered++;
            }
            message.AdvanceTo(read.Buffer.End);
            try
            {
                await FlushAsync(cancel);
                while (_unanswered >= (pipelined && !read.IsCompleted ? Window : 1))
                    await TakeReplyAsync(NextReply.WaitAsync(options.DataTimeout, time, cancel));
            }
            catch (Exception e) when (e is ConnectionLostException or TimeoutException)
            {
                throw await LostAsync();
            }
            if (read.IsCompleted)
                return;
        }
    }

    /// <summary>Waits for as much as makes a chunk, for a while; and for the server's word, which may come first.</summary>
    private async Task<ReadResult> ReadAsync(PipeReader message, CancellationToken cancel)
    {
        Task<ReadResult> reading = message.ReadAtLeastAsync(Least, cancel).AsTask();
        using ITimer patience = time.CreateTimer(static reader => ((PipeReader)reader!).CancelPendingRead(), message, s_patience, Timeout.InfiniteTimeSpan);
        try
        {
            while (!reading.IsCompleted)
            {
                await Task.WhenAny(reading, NextReply);
                if (NextReply.IsCompleted)
                    await TakeReplyAsync(NextReply);
            }
        }
        catch (Exception e)
        {
            message.CancelPendingRead();
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (e is ConnectionLostException)
                throw new EarlyReplyException(null);
            throw;
        }
        return await reading;
    }

    /// <summary>A server may refuse and read no more: its word must not wait for its reading.</summary>
    private async Task FlushAsync(CancellationToken cancel)
    {
        Task sending = server.FlushAsync(cancel).AsTask();
        while (!sending.IsCompleted)
        {
            await Task.WhenAny(sending, NextReply).WaitAsync(options.DataTimeout, time, cancel);
            if (NextReply.IsCompleted)
                await TakeReplyAsync(NextReply);
        }
        await sending;
    }

    private async Task TakeReplyAsync(Task<ServerReply> next)
    {
        ServerReply reply = await next;
        if (!reply.IsPositive || _unanswered == 0)
            throw new EarlyReplyException(reply);
        _reply = null;
        _unanswered--;
    }

    /// <summary>What a server said before it closed counts more than that it did.</summary>
    private async Task<EarlyReplyException> LostAsync()
    {
        try
        {
            while (NextReply.IsCompleted)
                await TakeReplyAsync(NextReply);
            return new EarlyReplyException(null);
        }
        catch (EarlyReplyException said)
        {
            return said;
        }
        catch (ConnectionLostException)
        {
            return new EarlyReplyException(null);
        }
    }
}
