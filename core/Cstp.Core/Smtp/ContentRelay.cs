namespace Cstp.Core.Smtp;

/// <summary>
/// Passes a message on as it comes, up to just before its final dot; nobody looks at the content but for where it ends and
/// whether its lines do (RFC 5321 2.3.8). Where the server fails, the client is read to its dot all the same.
/// </summary>
/// <param name="client">The client; not to be read by others meanwhile.</param>
/// <param name="delivery">The message's way to the server, which answered DATA with 354.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
internal sealed class ContentRelay(SmtpConnection client, OutgoingDelivery delivery, SmtpOptions options, TimeProvider time)
{
    private readonly WireRelay _wire = new(options.BareNewline == BareNewline.Refuse);

    /// <summary>What was wrong with the client's lines, for the log.</summary>
    public string? Fault => _wire.Fault;

    /// <summary>Why the server did not get the message; null where all but the final dot is written, the last of it not yet sent.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Relays.</summary>
    /// <param name="cancel">The session ends.</param>
    /// <returns>How the client's message ended.</returns>
    public async Task<DataEnd> RunAsync(CancellationToken cancel)
    {
        client.ExpectsContent = true;
        try
        {
            return await PassAsync(new ClientPace(client, options, time), cancel);
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            return DataEnd.ClientGone;
        }
        finally
        {
            client.ExpectsContent = false;
        }
    }

    private async Task<DataEnd> PassAsync(ClientPace pace, CancellationToken cancel)
    {
        while (true)
        {
            if (await pace.ReadAsync(cancel) is not { } read)
                return DataEnd.TooSlow;
            DataState state = DataState.Open;
            SequencePosition consumed = read.Buffer.Start;
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                state = _wire.Pass(segment.Span, Failure is null ? delivery.Server.Output : null, out int used);
                pace.Took(used);
                consumed = read.Buffer.GetPosition(used, consumed);
                if (state != DataState.Open)
                    break;
            }
            client.AdvanceTo(consumed, consumed);
            switch (state)
            {
                case DataState.Broken:
                    return DataEnd.Broken;
                case DataState.Ended:
                    return _wire.NulSeen && options.Nul == NulHandling.Refuse ? DataEnd.ContainsNul : DataEnd.Complete;
            }
            if (read.IsCompleted)
                return DataEnd.ClientGone;
            if (Failure is null)
                Failure = await delivery.FlushAsync(cancel);
        }
    }
}
