using System.Buffers;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Smtp;

/// <summary>
/// Receives a message in chunks (RFC 3030 2), to the last of them. All but the last are answered by us, as 354 is: only the reply to the
/// last one takes the message. Octets of a chunk are never looked at as commands, whatever they are.
/// </summary>
internal sealed class ChunkSource : ContentSource
{
    private readonly SmtpSession _session;
    private readonly TimeProvider _time;
    private readonly CommandLineReader _lines;
    private ChunkCommand _chunk;
    private int _junk;

    private ChunkSource(SmtpSession session, ChunkCommand first, SmtpOptions options, TimeProvider time, IContentDecoder decoder, CancellationToken cancel)
        : base(session.Client, options, time, decoder, cancel)
    {
        _session = session;
        _time = time;
        _chunk = first;
        _lines = new CommandLineReader(options.MaxCommandLine);
    }

    /// <summary>Starts to receive.</summary>
    /// <param name="session">The session, with a transaction open; nobody else reads its client, or writes to it, until <see cref="ContentSource.End"/>.</param>
    /// <param name="first">The first chunk, whose octets are the next ones.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">The session ends.</param>
    public static ChunkSource Start(SmtpSession session, ChunkCommand first, SmtpOptions options, TimeProvider time, CancellationToken cancel)
    {
        IContentDecoder decoder = session.Transaction!.Declared == BodyValue.Binary
            ? new BinaryDecoder()
            : new DataDecoder(options.BareNewline == BareNewline.Refuse, endsWithDot: false);
        var source = new ChunkSource(session, first, options, time, decoder, cancel);
        source.Start();
        return source;
    }

    /// <summary>Reads a chunk that nobody wants to its end (RFC 3030 2).</summary>
    /// <param name="client">The client.</param>
    /// <param name="size">Its octets.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">The session ends.</param>
    /// <returns>Whether all of it came in time.</returns>
    public static async Task<bool> DiscardAsync(SmtpConnection client, long size, SmtpOptions options, TimeProvider time, CancellationToken cancel)
    {
        var pace = new ClientPace(client, options, time);
        while (size > 0)
        {
            if (await pace.ReadAsync(cancel) is not { } read)
                return false;
            ReadOnlySequence<byte> octets = read.Buffer.Slice(0, Math.Min(size, read.Buffer.Length));
            (long taken, SequencePosition end) = (octets.Length, octets.End);
            client.AdvanceTo(end, end);
            pace.Took(taken);
            size -= taken;
            if (size > 0 && read.IsCompleted)
                return false;
        }
        return true;
    }

    /// <inheritdoc/>
    protected override async Task<DataEnd> DecodeAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (await TakeChunkAsync(cancel) is { } cut)
                return cut;
            if (_chunk.IsLast)
            {
                if (Decoder.End(Output) == DataState.Broken)
                    return DataEnd.Unfit;
                if (HasRefusedNul)
                    return DataEnd.ContainsNul;
                await PassOnAllAsync(cancel);
                return DataEnd.Complete;
            }
            await AnswerAsync(new Reply(250, "2.0.0", $"{_chunk.Size} octets received"), cancel);
            if (await NextAsync(cancel) is { } end)
                return end;
        }
    }

    /// <returns>Null once the chunk is taken, else how the message ended.</returns>
    private async Task<DataEnd?> TakeChunkAsync(CancellationToken cancel)
    {
        bool isBroken = false;
        for (long left = _chunk.Size; left > 0;)
        {
            if (await Pace.ReadAsync(cancel) is not { } read)
                return DataEnd.TooSlow;
            ReadOnlySequence<byte> octets = read.Buffer.Slice(0, Math.Min(left, read.Buffer.Length));
            foreach (ReadOnlyMemory<byte> segment in octets)
                isBroken = isBroken || Decoder.Decode(segment.Span, Output, out _) == DataState.Broken;
            (long taken, SequencePosition end) = (octets.Length, octets.End);
            Client.AdvanceTo(end, end);
            Pace.Took(taken);
            left -= taken;
            if (left > 0 && read.IsCompleted)
                return DataEnd.ClientGone;
            await PassOnAsync(cancel);
        }
        return isBroken ? DataEnd.Unfit : null;
    }

    /// <summary>Reads commands to the next BDAT.</summary>
    /// <returns>Null at the next chunk, else how the message ended.</returns>
    private async Task<DataEnd?> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (await Pace.ReadAsync(cancel) is not { } read)
                return DataEnd.TooSlow;
            ReadOnlySequence<byte> buffer = read.Buffer;
            SequencePosition before = buffer.Start;
            CommandLine line = _lines.Take(ref buffer);
            if (line.Kind == CommandLineKind.Incomplete)
            {
                Client.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                    return DataEnd.ClientGone;
                continue;
            }
            SmtpCommand? command = line.Kind == CommandLineKind.Line ? SmtpCommand.Parse(line.Text!) : null;
            bool isOurs = command is null or { Verb: "BDAT" or "NOOP" or "MAIL" or "RCPT" or "DATA" };
            SequencePosition used = isOurs ? buffer.Start : before;
            Client.AdvanceTo(used, used);
            if (!isOurs)
                return DataEnd.Aborted;
            if (command is null)
                return DataEnd.BadCommand;
            ChunkCommand? next = command.Verb == "BDAT" ? ChunkCommand.TryParse(command.Argument) : null;
            if (next is null or { Size: 0, IsLast: false } && ++_junk > Options.MaxJunkCommands)
                return DataEnd.Junk;
            switch (command.Verb)
            {
                case "BDAT" when next is null:
                    return DataEnd.BadChunk;
                case "BDAT":
                    _chunk = next;
                    return null;
                case "NOOP":
                    await AnswerAsync(new Reply(250, "2.0.0", "Ok"), cancel);
                    break;
                default:
                    await AnswerAsync(new Reply(503, "5.5.1", "A message is under way in chunks; go on with BDAT, or RSET"), cancel);
                    break;
            }
        }
    }

    private async Task AnswerAsync(Reply reply, CancellationToken cancel)
    {
        Client.Write(_session.Format(reply) + "\r\n");
        try
        {
            await Client.FlushAsync(cancel).AsTask().WaitAsync(Options.DataTimeout, _time, cancel);
        }
        catch (TimeoutException)
        {
            throw new ConnectionLostException("the client sends chunks and reads no replies");
        }
    }
}
