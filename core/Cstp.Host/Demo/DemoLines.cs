namespace Cstp.Host.Demo;

/// <summary>Reads lines and message content off a stream, as a mail server does.</summary>
/// <param name="stream">The stream; not disposed.</param>
internal sealed class DemoLines(Stream stream) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly MemoryStream _line = new();
    private int _at;
    private int _end;

    /// <summary>One line with its end; null at the end of the stream.</summary>
    /// <param name="cancel">Ends the reading.</param>
    public async ValueTask<byte[]?> ReadAsync(CancellationToken cancel)
    {
        _line.SetLength(0);
        while (true)
        {
            if (_at == _end)
            {
                _end = await stream.ReadAsync(_buffer, cancel);
                _at = 0;
                if (_end == 0)
                    return null;
            }
            int newline = _buffer.AsSpan(_at, _end - _at).IndexOf((byte)'\n');
            int count = newline < 0 ? _end - _at : newline + 1;
            _line.Write(_buffer, _at, count);
            _at += count;
            if (newline >= 0)
                return _line.ToArray();
        }
    }

    /// <summary>Content up to the final dot, dots taken out; null where the stream ended before it.</summary>
    /// <param name="cancel">Ends the reading.</param>
    public async ValueTask<byte[]?> ReadContentAsync(CancellationToken cancel)
    {
        using var content = new MemoryStream();
        while (await ReadAsync(cancel) is { } line)
        {
            if (line is [(byte)'.', (byte)'\r', (byte)'\n'])
                return content.ToArray();
            content.Write(line[0] == '.' ? line.AsSpan(1) : line);
        }
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _line.Dispose();
}
