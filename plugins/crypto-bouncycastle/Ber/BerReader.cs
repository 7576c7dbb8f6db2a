using System.Buffers;
using Cstp.CryptoBouncyCastle.Pipes;

namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>Walks BER (X.690) front to back, in memory that does not depend on the input's size.</summary>
/// <remarks>
/// Every length is checked against the elements around it, and every limit of <see cref="BerLimits"/> before memory is taken.
/// Anything wrong is a <see cref="BerException"/>, and the reader is not to be used after one.
/// </remarks>
internal sealed class BerReader(OctetSource source)
{
    private readonly record struct Frame(long End, long Limit);

    private readonly Stack<Frame> _frames = new();
    private readonly BerInput _input = new(source);
    private BerHeader? _next;
    private int _contentDepth;
    private long _contentLeft;
    private bool _contentOpen;
    private int _emptySegments;

    /// <summary>Looks at the element that comes next.</summary>
    public async ValueTask<BerHeader> PeekAsync()
    {
        _next ??= await ReadHeaderAsync();
        return _next.Value;
    }

    /// <summary>Goes into a constructed element.</summary>
    public async ValueTask EnterAsync(BerTag tag, string what)
    {
        BerHeader header = await ExpectAsync(tag, what);
        if (!header.Constructed)
            throw new BerException($"{what} is primitive");
        Push(header);
    }

    /// <summary>Leaves the innermost element, which must be at its end.</summary>
    public async ValueTask LeaveAsync(string what)
    {
        BerHeader header = await PeekAsync();
        if (!header.IsEnd)
            throw new BerException($"{header.Tag} follows where {what} has to end");
        _next = null;
        _frames.Pop();
    }

    /// <summary>Requires that nothing follows the outermost element.</summary>
    public async ValueTask EndAsync()
    {
        if (!await _input.IsAtEndAsync())
            throw new BerException("octets follow the outermost element");
    }

    /// <summary>Takes the next element whole, as it is on the wire.</summary>
    public async ValueTask<byte[]> ReadElementAsync(BerTag tag, string what)
    {
        await ExpectTagAsync(tag, what);
        return await ReadElementAsync();
    }

    /// <summary>Takes the next element whole, whatever it is.</summary>
    public ValueTask<byte[]> ReadElementAsync() => HoldElementAsync(true);

    /// <summary>Takes the next element whole, leaving to others what is in it.</summary>
    public ValueTask<byte[]> ReadOpaqueElementAsync() => HoldElementAsync(false);

    /// <summary>Passes over the next element.</summary>
    public ValueTask SkipElementAsync() => WalkElementAsync(null, false);

    /// <summary>Begins to read a content OCTET STRING, primitive or in segments, under its own or an implicit tag.</summary>
    public async ValueTask OpenContentAsync(BerTag tag, string what)
    {
        BerHeader header = await ExpectAsync(tag, what);
        _contentDepth = _frames.Count;
        _contentLeft = 0;
        _contentOpen = true;
        EnterSegment(header);
    }

    /// <summary>The content's next octets; empty at its end. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadContentAsync()
    {
        while (_contentOpen)
        {
            if (_contentLeft > 0)
                return await TakeContentAsync();
            if (_frames.Count == _contentDepth)
            {
                _contentOpen = false;
                break;
            }

            BerHeader header = await PeekAsync();
            if (header.IsEnd)
            {
                await LeaveAsync("content");
                continue;
            }

            EnterSegment(await ExpectAsync(BerTag.OctetString, "a segment of the content"));
        }

        return default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> TakeContentAsync()
    {
        ReadOnlyMemory<byte> taken = await _input.TakeAsync(_contentLeft);
        _contentLeft -= taken.Length;
        return taken;
    }

    private void EnterSegment(BerHeader header)
    {
        bool empty = header.Constructed || header.Length == 0;
        _emptySegments = empty ? _emptySegments + 1 : 0;
        if (_emptySegments > BerLimits.EmptySegments)
            throw new BerException("content has too many segments without octets");
        if (header.Constructed)
            Push(header);
        else
            _contentLeft = header.Length;
    }

    private async ValueTask<BerHeader> ExpectAsync(BerTag tag, string what)
    {
        BerHeader header = await ExpectTagAsync(tag, what);
        _next = null;
        return header;
    }

    private async ValueTask<BerHeader> ExpectTagAsync(BerTag tag, string what)
    {
        BerHeader header = await PeekAsync();
        if (header.IsEnd)
            throw new BerException($"{what} is missing");
        if (header.Tag != tag)
            throw new BerException($"{header.Tag} stands where {what} has to");
        return header;
    }

    private void Push(BerHeader header)
    {
        if (_frames.Count >= BerLimits.Depth)
            throw new BerException("elements are nested too deep");
        long limit = EnclosingLimit;
        long end = header.Length == BerHeader.Indefinite ? -1 : _input.Position + header.Length;
        _frames.Push(new Frame(end, end < 0 ? limit : end));
    }

    private long EnclosingLimit => _frames.TryPeek(out Frame frame) ? frame.Limit : long.MaxValue;

    private async ValueTask<byte[]> HoldElementAsync(bool check)
    {
        var held = new ArrayBufferWriter<byte>(256);
        await WalkElementAsync(held, check);
        return held.WrittenSpan.ToArray();
    }

    private async ValueTask WalkElementAsync(ArrayBufferWriter<byte>? held, bool check)
    {
        if ((await PeekAsync()).IsEnd)
            throw new BerException("an element is missing");
        int outside = _frames.Count;
        long begin = _input.Position - _input.Header.Length;
        int elements = 0;
        do
        {
            BerHeader header = await PeekAsync();
            if (header.IsEnd)
            {
                if (_frames.Peek().End < 0)
                    held?.Write(BerFrames.End);
                await LeaveAsync("an element");
                continue;
            }

            _next = null;
            if (check && ++elements > BerLimits.ElementsHeld)
                throw new BerException("an element has too many elements in it");
            if (_input.Position - begin + Math.Max(header.Length, 0) > BerLimits.ElementOctets)
                throw new BerException("an element that is not content is over 1 MiB");
            held?.Write(_input.Header);
            if (header.Constructed)
                Push(header);
            else
                await WalkPrimitiveAsync(header, held, check);
        }
        while (_frames.Count > outside);
    }

    private async ValueTask WalkPrimitiveAsync(BerHeader header, ArrayBufferWriter<byte>? held, bool check)
    {
        int begin = held?.WrittenCount ?? 0;
        long left = header.Length;
        while (left > 0)
        {
            ReadOnlyMemory<byte> taken = await _input.TakeAsync(left);
            left -= taken.Length;
            held?.Write(taken.Span);
        }

        if (check)
            PrimitiveRules.Check(header.Tag, held!.WrittenSpan[begin..]);
    }

    private async ValueTask<BerHeader> ReadHeaderAsync()
    {
        bool inFrame = _frames.TryPeek(out Frame frame);
        if (inFrame && frame.End >= 0 && _input.Position == frame.End)
            return BerHeader.End;
        if (!inFrame && await _input.IsAtEndAsync())
            return BerHeader.End;
        BerHeader header = await _input.ReadHeaderAsync(EnclosingLimit);
        if (header.Tag != BerTag.EndOfContents)
            return header;
        bool due = inFrame && frame.End < 0 && _input.Header.SequenceEqual(BerFrames.End);
        return due ? BerHeader.End : throw new BerException("end-of-contents stands where none is due");
    }
}
