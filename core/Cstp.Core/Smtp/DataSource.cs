using System.Buffers;
using System.IO.Pipelines;
using Cstp.Core.Mime;

namespace Cstp.Core.Smtp;

/// <summary>How receiving a message from the client ended.</summary>
internal enum DataEnd
{
    /// <summary>With CRLF . CRLF.</summary>
    Complete,

    /// <summary>With CRLF . CRLF, but a NUL was in it that the settings refuse.</summary>
    ContainsNul,

    /// <summary>With a line end that other servers may read differently.</summary>
    Broken,

    /// <summary>The client closed, or was silent for too long.</summary>
    ClientGone,

    /// <summary>The client trickled.</summary>
    TooSlow,
}

/// <summary>A message that was cut short; what fails while reading it fails with this.</summary>
/// <param name="end">How it ended.</param>
internal sealed class IncompleteMessageException(DataEnd end) : IOException($"the client's message ended early ({end})")
{
    /// <summary>How it ended.</summary>
    public DataEnd End { get; } = end;
}

/// <summary>Receives the octets after DATA from a client into a pipe, to the final dot even where nobody wants the content any more.</summary>
internal sealed class DataSource : IAsyncDisposable
{
    /// <summary>
    /// Octets that are gathered before anybody sees the first: a small message is handed over whole, with one change of threads
    /// instead of one for each piece that a client sends. Less than a pipe holds, so that nobody waits for ever.
    /// </summary>
    private const int Begin = 16 * 1024;

    private readonly SmtpConnection _client;
    private readonly SmtpOptions _options;
    private readonly ClientPace _pace;
    private readonly Pipe _pipe = new(ContentPipes.FromSocket);
    private readonly DataDecoder _decoder;
    private readonly CancellationTokenSource _stop;

    private DataSource(SmtpConnection client, SmtpOptions options, TimeProvider time, CancellationToken cancel)
    {
        _client = client;
        _options = options;
        _pace = new ClientPace(client, options, time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _decoder = new DataDecoder(options.BareNewline == BareNewline.Refuse);
        End = Task.FromResult(DataEnd.ClientGone);
    }

    /// <summary>The content. Completing it early makes the source discard what follows.</summary>
    public PipeReader Content => _pipe.Reader;

    /// <summary>How receiving ended; completes at the final dot, or when there will be none.</summary>
    public Task<DataEnd> End { get; private set; }

    /// <summary>What was wrong, for the log.</summary>
    public string? Fault => _decoder.Fault;

    /// <summary>Starts to receive.</summary>
    /// <param name="client">The client; not to be read by others until <see cref="End"/>.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">The session ends.</param>
    public static DataSource Start(SmtpConnection client, SmtpOptions options, TimeProvider time, CancellationToken cancel)
    {
        var source = new DataSource(client, options, time, cancel);
        source.End = source.ReceiveAsync(source._stop.Token);
        return source;
    }

    /// <summary>Stops receiving where it has not ended, so that the client may be read by others.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await End;
        _stop.Dispose();
    }

    private async Task<DataEnd> ReceiveAsync(CancellationToken cancel)
    {
        DataEnd end = DataEnd.ClientGone;
        _client.ExpectsContent = true;
        try
        {
            end = await DecodeAsync(cancel);
        }
        catch (Exception e) when (e is ConnectionLostException or OperationCanceledException)
        {
            end = DataEnd.ClientGone;
        }
        finally
        {
            _client.ExpectsContent = false;
            await _pipe.Writer.CompleteAsync(end is DataEnd.Complete ? null : new IncompleteMessageException(end));
        }
        return end;
    }

    private async Task<DataEnd> DecodeAsync(CancellationToken cancel)
    {
        ArrayBufferWriter<byte>? discarded = null;
        bool isBegun = false;
        while (true)
        {
            if (await _pace.ReadAsync(cancel) is not { } read)
                return DataEnd.TooSlow;
            SequencePosition consumed = read.Buffer.Start;
            DataState state = DataState.Open;
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                state = _decoder.Decode(segment.Span, discarded ?? (IBufferWriter<byte>)_pipe.Writer, out int used);
                _pace.Took(used);
                consumed = read.Buffer.GetPosition(used, consumed);
                discarded?.ResetWrittenCount();
                if (state != DataState.Open)
                    break;
            }
            _client.AdvanceTo(consumed, consumed);
            switch (state)
            {
                case DataState.Broken:
                    return DataEnd.Broken;
                case DataState.Ended:
                    if (_decoder.NulSeen && _options.Nul == NulHandling.Refuse)
                        return DataEnd.ContainsNul;
                    if (discarded is null)
                        await _pipe.Writer.FlushAsync(cancel);
                    return DataEnd.Complete;
            }
            if (read.IsCompleted)
                return DataEnd.ClientGone;
            isBegun |= _pipe.Writer.UnflushedBytes >= Begin;
            if (isBegun && discarded is null && (await _pipe.Writer.FlushAsync(cancel)).IsCompleted)
                discarded = new ArrayBufferWriter<byte>(64 * 1024);   // nobody wants the content any more
        }
    }
}
