namespace Cstp.Core.Smtp;

/// <summary>Receives the octets after DATA, to the final dot.</summary>
internal sealed class DataSource : ContentSource
{
    private DataSource(SmtpConnection client, SmtpOptions options, TimeProvider time, CancellationToken cancel)
        : base(client, options, time, new DataDecoder(options.BareNewline == BareNewline.Refuse), cancel)
    {
    }

    /// <summary>Starts to receive.</summary>
    /// <param name="client">The client; not to be read by others until <see cref="ContentSource.End"/>.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">The session ends.</param>
    public static DataSource Start(SmtpConnection client, SmtpOptions options, TimeProvider time, CancellationToken cancel)
    {
        var source = new DataSource(client, options, time, cancel);
        source.Start();
        return source;
    }

    /// <inheritdoc/>
    protected override async Task<DataEnd> DecodeAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (await Pace.ReadAsync(cancel) is not { } read)
                return DataEnd.TooSlow;
            SequencePosition consumed = read.Buffer.Start;
            DataState state = DataState.Open;
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                state = Decoder.Decode(segment.Span, Output, out int used);
                Pace.Took(used);
                consumed = read.Buffer.GetPosition(used, consumed);
                if (state != DataState.Open)
                    break;
            }
            Client.AdvanceTo(consumed, consumed);
            switch (state)
            {
                case DataState.Broken:
                    return DataEnd.Broken;
                case DataState.Ended when HasRefusedNul:
                    return DataEnd.ContainsNul;
                case DataState.Ended:
                    await PassOnAllAsync(cancel);
                    return DataEnd.Complete;
            }
            if (read.IsCompleted)
                return DataEnd.ClientGone;
            await PassOnAsync(cancel);
        }
    }
}
