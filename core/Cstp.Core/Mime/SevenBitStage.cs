using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MimeKit;

namespace Cstp.Core.Mime;

/// <summary>
/// Encodes an entity anew so that 7 bits carry it (RFC 8551 3.1.3): parts that are declared 8bit or binary become quoted-printable
/// or base64, what is around them 7bit. Everything else stays as it is.
/// </summary>
internal sealed class SevenBitStage
{
    private const int MaxDepth = 32;
    private const int MaxPartHeader = 256 * 1024;

    private enum Place
    {
        Header,
        Leaf,
        Around,
    }

    private readonly List<byte[]> _boundaries = [];
    private readonly ArrayBufferWriter<byte> _header = new();
    private Place _place;
    private TransferEncoder _encoder = TransferEncoder.Identity();
    private bool _pendingLineEnd;
    private bool _restOfLongLine;
    private bool _isInDelimiter;

    /// <summary>Encodes.</summary>
    /// <param name="header">The header section of the entity; only its Content-* fields are written.</param>
    /// <param name="body">Read to its end; lines end in CRLF.</param>
    /// <param name="entity">Receives header section, empty line and body.</param>
    /// <param name="cancel">Ends the encoding.</param>
    /// <exception cref="MultipartException">It is nested too deeply to be followed.</exception>
    public static async Task EncodeAsync(HeaderSection header, PipeReader body, PipeWriter entity, CancellationToken cancel)
    {
        var stage = new SevenBitStage();
        stage.Enter(header, header.Fields.Where(f => f.NameStartsWith("Content-")), entity);
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("encoding was cancelled");
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (LinePieces.TryTake(ref buffer, read.IsCompleted, out ReadOnlySequence<byte> line, out bool whole))
                stage.Take(line, whole, entity);
            body.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                stage.End(entity);
            if ((await entity.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (read.IsCompleted)
                return;
        }
    }

    private void Take(ReadOnlySequence<byte> line, bool whole, IBufferWriter<byte> output)
    {
        bool beginsLine = !_restOfLongLine;
        _restOfLongLine = !whole;
        if (!beginsLine && _isInDelimiter)
        {
            // Blanks without end behind a delimiter are the delimiter's (RFC 2046 5.1.1).
            Write(line, output);
            return;
        }
        _isInDelimiter = false;
        if (beginsLine && DelimiterLevel(line, out bool closes) is >= 0 and int level)
        {
            LeavePart(output);
            _boundaries.RemoveRange(level + 1, _boundaries.Count - level - 1);
            if (closes)
                _boundaries.RemoveAt(level);
            _isInDelimiter = true;
            _place = closes ? Place.Around : Place.Header;
            _header.ResetWrittenCount();
            Write(line, output);
            return;
        }
        switch (_place)
        {
            case Place.Header:
                TakeHeader(line, beginsLine, output);
                return;
            case Place.Around:
                Write(line, output);
                return;
        }
        if (_pendingLineEnd)
            _encoder.Write("\r\n"u8, output);
        _pendingLineEnd = whole && LinePieces.EndsInCrlf(line);
        foreach (ReadOnlyMemory<byte> segment in _pendingLineEnd ? line.Slice(0, line.Length - 2) : line)
            _encoder.Write(segment.Span, output);
    }

    private void TakeHeader(ReadOnlySequence<byte> line, bool beginsLine, IBufferWriter<byte> output)
    {
        if (beginsLine && line.Length == 2 && LinePieces.EndsInCrlf(line))
        {
            var header = HeaderSection.Parse(_header.WrittenSpan.ToArray());
            _header.ResetWrittenCount();
            Enter(header, header.Fields, output);
            return;
        }
        if (_header.WrittenCount + line.Length > MaxPartHeader)
            throw new MultipartException($"header section of a part over {MaxPartHeader} octets");
        Write(line, _header);
    }

    /// <summary>A header section is over: it is written, and what follows is known.</summary>
    private void Enter(HeaderSection header, IEnumerable<HeaderField> fields, IBufferWriter<byte> output)
    {
        ContentType? type = header.All("Content-Type").Select(EntityKind.Parse).FirstOrDefault();
        string encoding = EntityKind.EncodingOf(header.Fields);
        bool isMultipart = type?.IsMimeType("multipart", "*") == true && type.Boundary is { Length: > 0 };
        bool isMessage = type?.IsMimeType("message", "rfc822") == true;
        string? instead = encoding is not ("8bit" or "binary") ? null : isMultipart || isMessage ? "7bit" : type is null || type.IsMimeType("text", "*") ? "quoted-printable" : "base64";
        foreach (HeaderField each in fields)
        {
            if (instead is not null && each.Is("Content-Transfer-Encoding"))
                output.Write(Encoding.ASCII.GetBytes($"Content-Transfer-Encoding: {instead}\r\n"));
            else
                output.Write(each.Raw.Span);
        }
        output.Write("\r\n"u8);
        _pendingLineEnd = false;
        if (isMultipart)
        {
            if (_boundaries.Count == MaxDepth)
                throw new MultipartException($"nested deeper than {MaxDepth}");
            _boundaries.Add(Encoding.Latin1.GetBytes("--" + type!.Boundary));
            _place = Place.Around;
        }
        else if (isMessage)
            _place = Place.Header;
        else
        {
            _place = Place.Leaf;
            _encoder = instead switch
            {
                "quoted-printable" => TransferEncoder.QuotedPrintable(),
                "base64" => TransferEncoder.Base64Lines(),
                _ => TransferEncoder.Identity(),
            };
        }
    }

    /// <summary>The line end before a delimiter is the delimiter's (RFC 2046 5.1.1).</summary>
    private void LeavePart(IBufferWriter<byte> output)
    {
        if (_place == Place.Header)
            output.Write(_header.WrittenSpan);
        if (_place != Place.Leaf)
            return;
        _encoder.End(output);
        if (_pendingLineEnd)
            output.Write("\r\n"u8);
        _pendingLineEnd = false;
    }

    private void End(IBufferWriter<byte> output)
    {
        if (_place == Place.Leaf && _pendingLineEnd && _boundaries.Count == 0)
        {
            _encoder.Write("\r\n"u8, output);
            _pendingLineEnd = false;
        }
        LeavePart(output);
        if (_place == Place.Leaf && _encoder.LeavesLineOpen)
            output.Write("\r\n"u8);
    }

    private int DelimiterLevel(ReadOnlySequence<byte> line, out bool closes)
    {
        closes = false;
        if (_boundaries.Count == 0 || line.Length < 3)
            return -1;
        Span<byte> text = stackalloc byte[(int)Math.Min(line.Length, 80)];
        line.Slice(0, text.Length).CopyTo(text);
        for (int level = _boundaries.Count - 1; level >= 0; level--)
        {
            byte[] delimiter = _boundaries[level];
            if (!text.StartsWith(delimiter))
                continue;
            closes = text[delimiter.Length..].StartsWith("--"u8);
            if (LinePieces.IsBlank(line.Slice(delimiter.Length + (closes ? 2 : 0))))
                return level;
        }
        return -1;
    }

    private static void Write(ReadOnlySequence<byte> line, IBufferWriter<byte> output)
    {
        foreach (ReadOnlyMemory<byte> segment in line)
            output.Write(segment.Span);
    }
}
