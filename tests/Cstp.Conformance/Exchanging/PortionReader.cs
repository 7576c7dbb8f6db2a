using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.Conformance.Exchanging;

/// <summary>Octets that arrive in portions: each read that examined all before gets the next one, the end comes by itself.</summary>
/// <param name="octets">All octets.</param>
/// <param name="ends">Where each portion ends but the last, ascending.</param>
internal sealed class PortionReader(byte[] octets, params IReadOnlyList<int> ends) : PipeReader
{
    private int _portion;
    private int _consumed;
    private int _examined;
    private int _arrived;
    private bool _ended;
    private ReadOnlySequence<byte> _last;

    /// <summary>Whether somebody completed it.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Whether all was consumed and the end was seen.</summary>
    public bool IsReadToEnd => _ended && _consumed == octets.Length;

    /// <summary>Portions of one length.</summary>
    /// <param name="octets">All octets.</param>
    /// <param name="length">The length of a portion.</param>
    public static PortionReader Of(byte[] octets, int length) =>
        new(octets, [.. Enumerable.Range(1, Math.Max(0, (octets.Length - 1) / length)).Select(number => number * length)]);

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsCompleted)
            throw new InvalidOperationException("the reader was completed by the module, and is read again");
        if (_examined == _arrived && !_ended)
        {
            if (_arrived == octets.Length)
                _ended = true;
            else
                _arrived = _portion < ends.Count ? ends[_portion++] : octets.Length;
        }
        _last = new ReadOnlySequence<byte>(octets, _consumed, _arrived - _consumed);
        return new(new ReadResult(_last, isCanceled: false, _ended));
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        result = ReadAsync().Result;
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        int from = _consumed;
        _examined = Math.Max(_examined, from + (int)_last.Slice(_last.Start, examined).Length);
        _consumed = from + (int)_last.Slice(_last.Start, consumed).Length;
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => IsCompleted = true;
}
