using System.IO.Pipelines;
using System.Text;

namespace Cstp.Tests.Mime;

/// <summary>Feeds a stage with octets in pieces, each of which is a read of its own.</summary>
internal static class Cuts
{
    /// <summary>Whole, cut in two at each position, and one octet at a time.</summary>
    public static IEnumerable<byte[][]> Of(byte[] octets)
    {
        yield return [octets];
        for (int cut = 1; cut < octets.Length; cut++)
            yield return [octets[..cut], octets[cut..]];
        yield return [.. octets.Select(o => new[] { o })];
    }

    public static PipeReader Reader(params byte[][] pieces) => PipeReader.Create(new Pieces(pieces));

    public static async Task<byte[]> RunAsync(byte[][] pieces, Func<PipeReader, PipeWriter, Task> stage)
    {
        var output = new MemoryStream();
        PipeReader from = Reader(pieces);
        PipeWriter to = PipeWriter.Create(output);
        await stage(from, to);
        await from.CompleteAsync();
        await to.CompleteAsync();
        return output.ToArray();
    }

    public static byte[] Octets(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(byte[] octets) => Encoding.Latin1.GetString(octets);

    private sealed class Pieces(byte[][] pieces) : MemoryStream
    {
        private int _next;
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_next < pieces.Length && _at == pieces[_next].Length)
            {
                _next++;
                _at = 0;
            }
            if (_next == pieces.Length)
                return ValueTask.FromResult(0);
            int count = Math.Min(buffer.Length, pieces[_next].Length - _at);
            pieces[_next].AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return ValueTask.FromResult(count);
        }
    }
}
