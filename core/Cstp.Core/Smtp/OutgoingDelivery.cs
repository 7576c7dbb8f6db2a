using System.IO.Pipelines;

namespace Cstp.Core.Smtp;

/// <summary>A server answered, or was lost, before the message was sent to its end.</summary>
/// <param name="reply">The reply; null where the connection was lost.</param>
internal sealed class EarlyReplyException(ServerReply? reply) : Exception(reply is null ? "the server closed the connection while the message was sent" : $"the server answered '{reply.Text}' while the message was sent")
{
    /// <summary>The reply; null where the connection was lost.</summary>
    public ServerReply? Reply { get; } = reply;
}

/// <summary>One message on its way to one server: addressed, sent, and committed by the final dot, or the last chunk where it is binary.</summary>
/// <param name="server">The connection; EHLO was said there.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
/// <param name="chunks">Sends the content of a binary message; null for lines, which go by DATA.</param>
internal sealed class OutgoingDelivery(SmtpConnection server, SmtpOptions options, TimeProvider time, ChunkWriter? chunks = null)
{
    private Task<ServerReply>? _reply;

    /// <summary>The connection.</summary>
    public SmtpConnection Server => server;

    /// <summary>Whether content may flow: from then on only the final dot, or the last chunk, or the end of the connection ends the message.</summary>
    public bool IsInData { get; private set; }

    /// <summary>Whether the server accepted the message.</summary>
    public bool IsCommitted { get; private set; }

    /// <summary>Opens the transaction anew (RFC 2920 3.1 where the server pipelines).</summary>
    /// <param name="mail">The MAIL line.</param>
    /// <param name="recipients">The RCPT lines.</param>
    /// <param name="pipelined">Whether the server offered PIPELINING.</param>
    /// <param name="reset">Whether a transaction is open there that must go first.</param>
    /// <param name="cancel">The deadline.</param>
    /// <returns>Null where all was accepted, else the reply that was not.</returns>
    public async Task<ServerReply?> AddressAsync(string mail, IEnumerable<string> recipients, bool pipelined, bool reset, CancellationToken cancel)
    {
        List<string> commands = reset ? ["RSET", mail, .. recipients] : [mail, .. recipients];

        // A window keeps both ends from waiting for each other with full buffers.
        const int Window = 100;
        ServerReply? refusal = null;
        for (int sent = 0; sent < commands.Count && refusal is null;)
        {
            int count = pipelined ? Math.Min(Window, commands.Count - sent) : 1;
            foreach (string command in commands.Skip(sent).Take(count))
                server.Write(command + "\r\n");
            await server.FlushAsync(cancel);
            for (int i = 0; i < count; i++)
            {
                ServerReply reply = await server.ReadReplyAsync(cancel);
                if (!reply.IsPositive)
                    refusal ??= reply;
            }
            sent += count;
        }
        return refusal;
    }

    /// <summary>Says DATA; before chunks nothing is said.</summary>
    /// <param name="cancel">The deadline.</param>
    /// <returns>Null where content may follow, else the server's word.</returns>
    public async Task<ServerReply?> BeginAsync(CancellationToken cancel)
    {
        if (chunks is not null)
        {
            IsInData = true;
            return null;
        }
        ServerReply reply = await BeginDataAsync(cancel);
        return IsInData ? null : reply;
    }

    /// <summary>Says DATA.</summary>
    /// <param name="cancel">The deadline.</param>
    /// <returns>The reply; 354 means that content may follow.</returns>
    public async Task<ServerReply> BeginDataAsync(CancellationToken cancel)
    {
        await server.SendAsync("DATA\r\n", cancel);
        ServerReply reply = await server.ReadReplyAsync(cancel);
        if (reply.FirstDigit is 2 || (reply.FirstDigit == 3 && reply.Code != 354))
            throw new SmtpProtocolException($"reply {reply.Code} to DATA");
        IsInData = reply.Code == 354;
        return reply;
    }

    /// <summary>Listens for the server's word while content is written straight to its connection.</summary>
    public void BeginContent() => _reply = server.ReadReplyAsync(CancellationToken.None);

    /// <summary>Sends what was written straight to the server's connection.</summary>
    /// <param name="cancel">The session ends.</param>
    /// <returns>Null, or why the server gets no more: it answered, or was lost, before the message's end.</returns>
    public async ValueTask<EarlyReplyException?> FlushAsync(CancellationToken cancel)
    {
        if (_reply!.IsCompleted)
            return await EarlyAsync(_reply);
        try
        {
            ValueTask flush = server.FlushAsync(cancel);
            if (flush.IsCompletedSuccessfully)
                return null;
            // A server may refuse and read no more: its word must not wait for its reading.
            Task sending = flush.AsTask();
            await Task.WhenAny(sending, _reply).WaitAsync(options.DataTimeout, time, cancel);
            if (!sending.IsCompleted)
                return await EarlyAsync(_reply);
            await sending;
            return null;
        }
        catch (ConnectionLostException)
        {
            return _reply.IsCompletedSuccessfully ? await EarlyAsync(_reply) : new EarlyReplyException(null);
        }
        catch (TimeoutException)
        {
            return new EarlyReplyException(null);
        }
    }

    /// <summary>Sends the message, all but the final dot or the last chunk.</summary>
    /// <param name="message">Content; lines end in CRLF, unless it goes in chunks.</param>
    /// <param name="cancel">Ends the sending.</param>
    /// <exception cref="EarlyReplyException">The server answered or was lost.</exception>
    /// <exception cref="LineEndException">The content is not made of lines.</exception>
    public async Task SendAsync(PipeReader message, CancellationToken cancel)
    {
        if (chunks is null)
        {
            await SendLinesAsync(message, cancel);
            return;
        }
        await chunks.SendAsync(message, cancel);
        _reply = chunks.NextReply;
    }

    private async Task SendLinesAsync(PipeReader message, CancellationToken cancel)
    {
        var stuffing = new DotStuffing();
        BeginContent();
        // An early reply wakes whoever waits for content.
        _ = _reply!.ContinueWith(
            static (_, reader) => ((PipeReader)reader!).CancelPendingRead(), message, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (true)
        {
            ReadResult read = await message.ReadAsync(cancel);
            if (_reply.IsCompleted)
                throw await EarlyAsync(_reply);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                stuffing.Write(segment.Span, server.Output);
            message.AdvanceTo(read.Buffer.End);
            if (read.IsCanceled)
                throw new OperationCanceledException("sending the message was cancelled");
            if (await FlushAsync(cancel) is { } early)
                throw early;
            if (read.IsCompleted)
                break;
        }
        if (!stuffing.IsAtLineStart)
            throw new LineEndException("the last line of the content has no end");
    }

    /// <summary>Sends the final dot, or the last chunk, and waits for the server's word.</summary>
    /// <param name="patience">How long the reply may take.</param>
    /// <param name="cancel">The session ends.</param>
    /// <exception cref="EarlyReplyException">The server answered before the dot, or was lost after it.</exception>
    public async Task<ServerReply> CommitAsync(TimeSpan patience, CancellationToken cancel)
    {
        if (_reply is null || _reply.IsCompleted)
            throw await EarlyAsync(_reply ?? Task.FromException<ServerReply>(new ConnectionLostException("nothing was sent")));
        try
        {
            // The clock runs from before the dot: what its sending takes, the client waits as well.
            Task<ServerReply> inTime = _reply.WaitAsync(patience, time, cancel);
            await server.SendAsync(chunks is null ? ".\r\n" : ChunkWriter.Last, cancel).WaitAsync(options.DataTimeout, time, cancel);
            ServerReply reply = await inTime;
            IsInData = false;
            IsCommitted = reply.IsPositive;
            return reply;
        }
        catch (Exception e) when (e is ConnectionLostException or TimeoutException or SmtpProtocolException)
        {
            throw new EarlyReplyException(null);
        }
    }

    /// <summary>Takes leave of a server that is not the client's: QUIT where nothing is open there, else a cut that cannot pass for an end of data.</summary>
    public async Task LeaveAsync()
    {
        if (!IsCommitted)
        {
            server.Abort();
            return;
        }
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            await server.SendAsync("QUIT\r\n", patience.Token);
            await server.ReadReplyAsync(patience.Token);
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException or SmtpProtocolException)
        {
            // The message is delivered; how the server says goodbye changes nothing.
        }
        finally
        {
            server.Dispose();
        }
    }

    private static async Task<EarlyReplyException> EarlyAsync(Task<ServerReply> reply)
    {
        try
        {
            return new EarlyReplyException(await reply);
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            return new EarlyReplyException(null);
        }
    }
}
