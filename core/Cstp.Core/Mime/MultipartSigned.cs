using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Cstp.Core.Mime;

/// <summary>A multipart/signed that programs may read differently.</summary>
/// <param name="message">Why.</param>
internal sealed class MultipartException(string message) : Exception(message);

/// <summary>
/// Cuts the body of a multipart/signed into its two parts (RFC 1847 2.1, RFC 2046 5.1.1): strictly, since what one program takes
/// for signed another may take for preamble.
/// </summary>
internal sealed class MultipartSigned(string boundary)
{
    private enum Place
    {
        Preamble,
        Content,
        Signature,
        Epilogue,
    }

    /// <summary>
    /// What programs themselves write before the first part, for readers without MIME: OpenSSL, Thunderbird, Outlook, Notes. Refusing
    /// these would leave most clear-signed mail unverified; any other text there is somebody's own, and unsigned.
    /// </summary>
    private static readonly HashSet<string> s_usualPreambles =
    [
        "This is an S/MIME signed message",
        "This is a cryptographically signed message in MIME format",
        "This is a multi-part message in MIME format",
        "This is a multipart message in MIME format",
    ];

    private readonly byte[] _delimiter = Encoding.ASCII.GetBytes("--" + boundary);
    private Place _place = Place.Preamble;
    private bool _pendingLineEnd;
    private bool _restOfLongLine;
    private bool _endsInLineFeeds;

    /// <summary>Cuts the body.</summary>
    /// <param name="body">Read to its end.</param>
    /// <param name="content">Receives part one with its header, without the CRLF before the delimiter.</param>
    /// <param name="signature">Receives part two with its header, after part one was flushed whole.</param>
    /// <param name="contentEnded">Called between the two.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <exception cref="MultipartException">It is not two parts and nothing else.</exception>
    public async Task SplitAsync(PipeReader body, PipeWriter content, PipeWriter signature, Func<ValueTask> contentEnded, CancellationToken cancel)
    {
        Place before = _place;
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("splitting was cancelled");
            ReadOnlySequence<byte> buffer = read.Buffer;
            try
            {
                while (LinePieces.TryTake(ref buffer, read.IsCompleted, out ReadOnlySequence<byte> line, out bool wholeLine))
                {
                    Take(line, wholeLine, _place == Place.Content ? content : signature);
                    if (before == Place.Content && _place != Place.Content)
                    {
                        await content.FlushAsync(cancel);
                        await contentEnded();
                    }
                    before = _place;
                }
            }
            finally
            {
                // Also where it is broken: the rest is then read by somebody else.
                body.AdvanceTo(buffer.Start, buffer.End);
            }
            if (_place == Place.Content && (await content.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (_place is Place.Signature or Place.Epilogue && (await signature.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (read.IsCompleted)
            {
                if (_place != Place.Epilogue)
                    throw new MultipartException("the final delimiter is missing");
                return;
            }
        }
    }

    private void Take(ReadOnlySequence<byte> line, bool whole, PipeWriter part)
    {
        bool beginsLine = !_restOfLongLine;
        _restOfLongLine = !whole;
        if (beginsLine && StartsWithDelimiter(line))
        {
            // Whether it came in pieces must make no difference.
            if (line.Length >= LinePieces.Piece)
                throw new MultipartException($"a delimiter of {LinePieces.Piece} octets or more");
            EnterNext(line);
            return;
        }
        switch (_place)
        {
            case Place.Preamble or Place.Epilogue:
                if (!LinePieces.IsBlank(line) && !(_place == Place.Preamble && beginsLine && IsUsualPreamble(line)))
                    throw new MultipartException(_place == Place.Preamble ? "text before the first part" : "text after the last part");
                return;
        }
        // The line end belongs to the delimiter, if one follows.
        if (_pendingLineEnd)
            part.Write("\r\n"u8);
        _pendingLineEnd = false;
        ReadOnlySequence<byte> text = line;
        if (whole && LinePieces.EndsInCrlf(line))
        {
            text = line.Slice(0, line.Length - 2);
            _pendingLineEnd = true;
        }
        else if (whole && _endsInLineFeeds)
        {
            text = line.Slice(0, line.Length - 1);
            _pendingLineEnd = true;
        }
        foreach (ReadOnlyMemory<byte> segment in text)
            part.Write(segment.Span);
    }

    private void EnterNext(ReadOnlySequence<byte> line)
    {
        string rest = Encoding.Latin1.GetString(line.Slice(_delimiter.Length)).TrimEnd('\r', '\n').TrimEnd(' ', '\t');
        _pendingLineEnd = false;
        switch (_place, rest)
        {
            case (Place.Preamble, ""):
                // Inside an envelope whole messages are found with LF alone; what was signed had CRLF (RFC 8551 3.1.1).
                _endsInLineFeeds = !LinePieces.EndsInCrlf(line);
                _place = Place.Content;
                break;
            case (Place.Content, ""):
                _place = Place.Signature;
                break;
            case (Place.Signature, "--"):
                _place = Place.Epilogue;
                break;
            case (_, "" or "--"):
                throw new MultipartException("not exactly two parts");
            default:
                throw new MultipartException("a line that begins like the delimiter");
        }
    }

    private bool StartsWithDelimiter(ReadOnlySequence<byte> line)
    {
        if (line.Length < _delimiter.Length)
            return false;
        var reader = new SequenceReader<byte>(line);
        return reader.IsNext(_delimiter);
    }

    private static bool IsUsualPreamble(ReadOnlySequence<byte> line) =>
        line.Length < 100 && s_usualPreambles.Contains(Encoding.Latin1.GetString(line).TrimEnd('\r', '\n', ' ').TrimEnd('.'));
}
