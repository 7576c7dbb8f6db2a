using System.Buffers;
using System.IO.Pipelines;
using Cstp.Core.Mime;

namespace Cstp.Core.Smtp;

/// <summary>How receiving a message from the client ended.</summary>
internal enum DataEnd
{
    /// <summary>With CRLF . CRLF, or the last chunk.</summary>
    Complete,

    /// <summary>As it must, but a NUL was in it that the settings refuse.</summary>
    ContainsNul,

    /// <summary>With a line end that other servers may read differently: nobody knows where this message ends.</summary>
    Broken,

    /// <summary>With a chunk that cannot go on: DATA could not carry it, or a header section is not made of lines. The chunk was read to its end.</summary>
    Unfit,

    /// <summary>With a BDAT of which nobody knows how many octets belong to it.</summary>
    BadChunk,

    /// <summary>Between two chunks, with a line that is no command.</summary>
    BadCommand,

    /// <summary>Between two chunks, with commands and empty chunks without end.</summary>
    Junk,

    /// <summary>Between two chunks, with a command that ends the transaction; it is still to be read.</summary>
    Aborted,

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

/// <summary>Receives a message from a client into a pipe, to its end even where nobody wants the content any more.</summary>
internal abstract class ContentSource : IAsyncDisposable
{
    /// <summary>
    /// Octets that are gathered before anybody sees the first: a small message is handed over whole, with one change of threads
    /// instead of one for each piece that a client sends. Less than a pipe holds, so that nobody waits for ever.
    /// </summary>
    private const int Begin = 16 * 1024;

    private readonly Pipe _pipe = new(ContentPipes.FromSocket);
    private readonly CancellationTokenSource _stop;
    private ArrayBufferWriter<byte>? _discarded;
    private bool _isBegun;

    /// <summary>Prepares; nothing is read yet.</summary>
    /// <param name="client">The client; not to be read by others until <see cref="End"/>.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="decoder">Turns octets into content.</param>
    /// <param name="cancel">The session ends.</param>
    protected ContentSource(SmtpConnection client, SmtpOptions options, TimeProvider time, IContentDecoder decoder, CancellationToken cancel)
    {
        Client = client;
        Options = options;
        Pace = new ClientPace(client, options, time);
        Decoder = decoder;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        End = Task.FromResult(DataEnd.ClientGone);
    }

    /// <summary>The content. Completing it early makes the source discard what follows.</summary>
    public PipeReader Content => _pipe.Reader;

    /// <summary>How receiving ended; completes at the message's end, or when there will be none.</summary>
    public Task<DataEnd> End { get; private set; }

    /// <summary>What was wrong, for the log.</summary>
    public string? Fault => Decoder.Fault;

    /// <summary>The client.</summary>
    protected SmtpConnection Client { get; }

    /// <summary>Limits.</summary>
    protected SmtpOptions Options { get; }

    /// <summary>Reads the client.</summary>
    protected ClientPace Pace { get; }

    /// <summary>Turns octets into content.</summary>
    protected IContentDecoder Decoder { get; }

    /// <summary>Receives content.</summary>
    protected IBufferWriter<byte> Output => _discarded ?? (IBufferWriter<byte>)_pipe.Writer;

    /// <summary>Whether a NUL was seen that the settings refuse.</summary>
    protected bool HasRefusedNul => Decoder.NulSeen && Options.Nul == NulHandling.Refuse;

    /// <summary>Stops receiving where it has not ended, so that the client may be read by others.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await End;
        _stop.Dispose();
    }

    /// <summary>Starts to receive.</summary>
    protected void Start() => End = ReceiveAsync(_stop.Token);

    /// <summary>Receives to the message's end.</summary>
    /// <param name="cancel">Ends it.</param>
    protected abstract Task<DataEnd> DecodeAsync(CancellationToken cancel);

    /// <summary>Hands over what was decoded, once it is worth it.</summary>
    /// <param name="cancel">Ends the waiting.</param>
    protected async ValueTask PassOnAsync(CancellationToken cancel)
    {
        _discarded?.ResetWrittenCount();
        _isBegun |= _pipe.Writer.UnflushedBytes >= Begin;
        if (_isBegun && _discarded is null && (await _pipe.Writer.FlushAsync(cancel)).IsCompleted)
            _discarded = new ArrayBufferWriter<byte>(64 * 1024);   // nobody wants the content any more
    }

    /// <summary>Hands over the rest.</summary>
    /// <param name="cancel">Ends the waiting.</param>
    protected async ValueTask PassOnAllAsync(CancellationToken cancel)
    {
        if (_discarded is null)
            await _pipe.Writer.FlushAsync(cancel);
    }

    private async Task<DataEnd> ReceiveAsync(CancellationToken cancel)
    {
        DataEnd end = DataEnd.ClientGone;
        Client.ExpectsContent = true;
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
            Client.ExpectsContent = false;
            await _pipe.Writer.CompleteAsync(end is DataEnd.Complete ? null : new IncompleteMessageException(end));
        }
        return end;
    }
}
