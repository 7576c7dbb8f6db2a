using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.Core.Mime;

/// <summary>A message that was read to its end and can be read again and again.</summary>
internal sealed class HeldMessage : IDisposable
{
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _memory;
    private readonly SpoolFile? _file;
    private readonly HeldMessageWriter _owner;

    internal HeldMessage(long length, IReadOnlyList<ReadOnlyMemory<byte>> memory, SpoolFile? file, HeldMessageWriter owner)
    {
        Length = length;
        _memory = memory;
        _file = file;
        _owner = owner;
    }

    /// <summary>Octets, header section and body.</summary>
    public long Length { get; }

    /// <summary>Reads the whole message once more.</summary>
    /// <returns>A reader that belongs to the caller, who completes it.</returns>
    public PipeReader Open() =>
        _file is null ? PipeReader.Create(Sequence(_memory)) : PipeReader.Create(new FileStreamView(_file), new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 16 * 1024));

    /// <summary>Takes memory for something that is derived from this message, until it is disposed.</summary>
    /// <param name="octets">How much.</param>
    /// <returns>Whether there was room, in this message's share and in the budget of all.</returns>
    public bool TryReserve(int octets) => _owner.TryReserve(octets);

    /// <summary>Gives memory and disk back. No reader may be in use any more.</summary>
    public void Dispose() => _owner.Dispose();

    private static ReadOnlySequence<byte> Sequence(IReadOnlyList<ReadOnlyMemory<byte>> blocks)
    {
        if (blocks.Count == 0)
            return ReadOnlySequence<byte>.Empty;
        var first = new Segment(blocks[0], 0);
        Segment last = first;
        foreach (ReadOnlyMemory<byte> block in blocks.Skip(1))
            last = last.Append(block);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    /// <summary>The octets of a spool file in order.</summary>
    private sealed class FileStreamView(SpoolFile file) : Stream
    {
        private readonly byte[] _block = new byte[64 * 1024];
        private int _at;
        private int _end;
        private long _next;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_at == _end)
            {
                _end = file.ReadBlock(_next++, _block);
                _at = 0;
            }
            int count = Math.Min(buffer.Length, _end - _at);
            _block.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(Read(buffer.Span));
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
