using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;

namespace Cstp.Core.Mime;

/// <summary>Text is not base64 (RFC 2045 6.8).</summary>
/// <param name="message">Why.</param>
internal sealed class Base64Exception(string message) : Exception(message);

/// <summary>Base64 as content transfer encoding (RFC 2045 6.8): 76 columns when written, tolerant of foreign characters when read.</summary>
internal static class Base64Stage
{
    private const int LineOctets = 57;
    private const int LineCharacters = 76;

    /// <summary>Lines that fit into one block of a pipe.</summary>
    private const int MaxLines = 16 * 1024 / (LineCharacters + 2);

    private static readonly SearchValues<byte> s_alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    /// <summary>Encodes.</summary>
    /// <param name="octets">Read to the end.</param>
    /// <param name="text">Receives lines of 76 characters and CRLF.</param>
    /// <param name="cancel">Ends the encoding.</param>
    public static async Task EncodeAsync(PipeReader octets, PipeWriter text, CancellationToken cancel)
    {
        byte[] line = new byte[LineOctets];
        int held = 0;
        while (true)
        {
            ReadResult read = await octets.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("encoding was cancelled");
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                Encode(segment.Span, line, ref held, text);
            octets.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && held > 0)
                text.Advance(EncodeLine(line.AsSpan(0, held), text.GetSpan(LineCharacters + 2)));
            if ((await text.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (read.IsCompleted)
                return;
        }
    }

    /// <summary>Decodes.</summary>
    /// <param name="text">Read to the end.</param>
    /// <param name="octets">Receives what was encoded.</param>
    /// <param name="cancel">Ends the decoding.</param>
    /// <exception cref="Base64Exception">It is cut, or octets follow the padding.</exception>
    public static async Task DecodeAsync(PipeReader text, PipeWriter octets, CancellationToken cancel)
    {
        byte[] group = new byte[16 * 1024];   // whole groups of four, cleared of line ends before they are handed on
        int held = 0;
        int padding = 0;
        while (true)
        {
            ReadResult read = await text.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("decoding was cancelled");
            try
            {
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                    Gather(segment.Span, group, ref held, ref padding, octets);
            }
            finally
            {
                // Also where it is broken: the rest is then read by somebody else.
                text.AdvanceTo(read.Buffer.End);
            }
            if (read.IsCompleted)
                DecodeLast(group.AsSpan(0, held), padding, octets);
            if ((await octets.FlushAsync(cancel)).IsCompleted)
                throw new IOException("a stage stopped reading");
            if (read.IsCompleted)
                return;
        }
    }

    private static void Encode(ReadOnlySpan<byte> octets, byte[] line, ref int held, PipeWriter text)
    {
        if (held > 0)
        {
            int count = Math.Min(LineOctets - held, octets.Length);
            octets[..count].CopyTo(line.AsSpan(held));
            held += count;
            octets = octets[count..];
            if (held < LineOctets)
                return;
            text.Advance(EncodeLine(line, text.GetSpan(LineCharacters + 2)));
            held = 0;
        }
        while (octets.Length >= LineOctets)
        {
            int lines = Math.Min(octets.Length / LineOctets, MaxLines);
            Span<byte> block = text.GetSpan(lines * (LineCharacters + 2));
            for (int i = 0; i < lines; i++)
                EncodeLine(octets.Slice(i * LineOctets, LineOctets), block.Slice(i * (LineCharacters + 2)));
            text.Advance(lines * (LineCharacters + 2));
            octets = octets[(lines * LineOctets)..];
        }
        octets.CopyTo(line);
        held = octets.Length;
    }

    private static int EncodeLine(ReadOnlySpan<byte> octets, Span<byte> line)
    {
        Base64.EncodeToUtf8(octets, line, out _, out int written);
        line[written] = (byte)'\r';
        line[written + 1] = (byte)'\n';
        return written + 2;
    }

    private static void Gather(ReadOnlySpan<byte> text, byte[] group, ref int held, ref int padding, PipeWriter octets)
    {
        while (!text.IsEmpty)
        {
            int run = text.IndexOfAnyExcept(s_alphabet);
            if (run < 0)
                run = text.Length;
            if (run > 0 && padding > 0)
                throw new Base64Exception("characters after the padding");
            ReadOnlySpan<byte> characters = text[..run];
            while (!characters.IsEmpty)
            {
                int count = Math.Min(characters.Length, group.Length - held);
                characters[..count].CopyTo(group.AsSpan(held));
                held += count;
                characters = characters[count..];
                if (held == group.Length)
                {
                    Decode(group, octets);
                    held = 0;
                }
            }
            if (run < text.Length && text[run] == '=')
                padding++;
            text = text[Math.Min(run + 1, text.Length)..];
        }
    }

    private static void DecodeLast(Span<byte> rest, int padding, PipeWriter octets)
    {
        int whole = rest.Length / 4 * 4;
        Decode(rest[..whole], octets);
        int left = rest.Length - whole;
        if (left == 1 || (left == 0 && padding > 0) || (left > 0 && padding != 4 - left))
            throw new Base64Exception("the text ends inside a group of four");
        if (left == 0)
            return;
        Span<byte> last = stackalloc byte[4];
        last.Fill((byte)'=');
        rest[whole..].CopyTo(last);
        Decode(last, octets);
    }

    private static void Decode(ReadOnlySpan<byte> groups, PipeWriter octets)
    {
        if (groups.IsEmpty)
            return;
        Span<byte> target = octets.GetSpan(Base64.GetMaxDecodedFromUtf8Length(groups.Length));
        if (Base64.DecodeFromUtf8(groups, target, out _, out int written) != OperationStatus.Done)
            throw new Base64Exception("a group of four that encodes nothing");
        octets.Advance(written);
    }
}
