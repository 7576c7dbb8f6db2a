using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Cstp.Core.Mime;

/// <summary>A header field as it came (RFC 5322 2.2): its octets with folds and line ends.</summary>
internal readonly struct HeaderField
{
    private readonly int _nameLength;
    private readonly int _colon;

    /// <summary>Takes the octets of one field.</summary>
    /// <param name="raw">From the name to the CRLF that ends the last line.</param>
    public HeaderField(ReadOnlyMemory<byte> raw)
    {
        Raw = raw;
        _colon = raw.Span.IndexOf((byte)':');
        _nameLength = IsName(raw.Span, _colon) ? _colon : -1;
    }

    /// <summary>All octets, the closing CRLF included.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>Whether the line begins with a field name and a colon; otherwise no program may read it as a field.</summary>
    public bool IsWellFormed => _nameLength > 0;

    /// <summary>The name; empty where the field is broken.</summary>
    public string Name => _nameLength > 0 ? Encoding.Latin1.GetString(Raw.Span[.._nameLength]) : "";

    /// <summary>The value, unfolded and trimmed, one character an octet.</summary>
    public string Value => _colon < 0 ? "" : Unfold(Raw.Span[(_colon + 1)..]);

    /// <summary>Whether the field has a name, compared without case.</summary>
    /// <param name="name">The name.</param>
    public bool Is(string name) => _nameLength == name.Length && Ascii.EqualsIgnoreCase(Raw.Span[.._nameLength], name);

    /// <summary>Whether the name begins with this, compared without case.</summary>
    /// <param name="prefix">The beginning.</param>
    public bool NameStartsWith(string prefix) =>
        _nameLength >= prefix.Length && Ascii.EqualsIgnoreCase(Raw.Span[..prefix.Length], prefix);

    /// <summary>Whether it describes the MIME entity and so travels inside: Content-* and MIME-Version.</summary>
    public bool IsStructural => NameStartsWith("Content-") || Is("MIME-Version");

    private static bool IsName(ReadOnlySpan<byte> raw, int length)
    {
        if (length <= 0)
            return false;
        foreach (byte octet in raw[..length])
        {
            if (octet is <= 32 or > 126)
                return false;
        }
        return true;
    }

    private static string Unfold(ReadOnlySpan<byte> value)
    {
        string text = Encoding.Latin1.GetString(value);
        return text.Replace("\r\n", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Trim(' ', '\t');
    }
}

/// <summary>The header section of a message or entity, its octets and fields; bounded, the only part of a message that is held.</summary>
internal sealed class HeaderSection
{
    private HeaderSection(ReadOnlyMemory<byte> raw, bool hasEmptyLine)
    {
        Raw = raw;
        HasEmptyLine = hasEmptyLine;
        Fields = Split(raw);
    }

    /// <summary>Stands where there is no section, or one over the limit.</summary>
    public static HeaderSection Missing { get; } = new(ReadOnlyMemory<byte>.Empty, hasEmptyLine: false);

    /// <summary>All octets up to the empty line, and without it.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>Whether an empty line ends the section; without one the message is header only.</summary>
    public bool HasEmptyLine { get; }

    /// <summary>The fields in their order; a line that is no field stands as one that is not well formed.</summary>
    public IReadOnlyList<HeaderField> Fields { get; }

    /// <summary>Whether every line belongs to a field.</summary>
    public bool IsWellFormed => HasEmptyLine && Fields.All(f => f.IsWellFormed);

    /// <summary>The octets that stood before the body, the empty line included where there is one.</summary>
    public ReadOnlyMemory<byte> ToOctets()
    {
        if (!HasEmptyLine)
            return Raw;
        byte[] octets = new byte[Raw.Length + 2];
        Raw.CopyTo(octets);
        "\r\n"u8.CopyTo(octets.AsSpan(Raw.Length));
        return octets;
    }

    /// <summary>The fields of a name.</summary>
    /// <param name="name">The name, compared without case.</param>
    public IEnumerable<HeaderField> All(string name) => Fields.Where(f => f.Is(name));

    /// <summary>Reads a header section off the front of a message.</summary>
    /// <param name="message">Left standing at the first octet of the body.</param>
    /// <param name="limit">Octets that a section may have.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <returns>The section, or null where it is over the limit; the reader then stands at the beginning.</returns>
    public static async ValueTask<HeaderSection?> ReadAsync(PipeReader message, int limit, CancellationToken cancel)
    {
        int lineStart = 0;
        while (true)
        {
            ReadResult read = await message.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("reading the header section was cancelled");
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (FindEnd(buffer, limit, ref lineStart, out int bodyStart))
            {
                var section = new HeaderSection(buffer.Slice(0, lineStart).ToArray(), hasEmptyLine: true);
                message.AdvanceTo(buffer.GetPosition(bodyStart));
                return section;
            }
            if (buffer.Length > limit + 1)   // the empty line may still be on its way
            {
                message.AdvanceTo(buffer.Start);
                return null;
            }
            if (read.IsCompleted)
            {
                var section = new HeaderSection(buffer.ToArray(), hasEmptyLine: false);
                message.AdvanceTo(buffer.End);
                return section;
            }
            message.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>The same section with other fields.</summary>
    /// <param name="fields">The octets of each field, its CRLF included.</param>
    public HeaderSection With(IReadOnlyList<ReadOnlyMemory<byte>> fields)
    {
        var raw = new ArrayBufferWriter<byte>(Raw.Length);
        foreach (ReadOnlyMemory<byte> field in fields)
            raw.Write(field.Span);
        return new(raw.WrittenMemory, HasEmptyLine);
    }

    /// <summary>Cuts octets that are a header section into fields.</summary>
    /// <param name="raw">The octets, each line with its CRLF, without the empty line.</param>
    public static HeaderSection Parse(ReadOnlyMemory<byte> raw) => new(raw, hasEmptyLine: true);

    /// <summary>
    /// Finds the empty line, which may be the first line of all. Inside a layer lines may end in LF alone: OpenSSL and NSS sign and
    /// encrypt what they are given.
    /// </summary>
    /// <param name="buffer">The section from its first octet, as far as it came.</param>
    /// <param name="limit">Where the search ends.</param>
    /// <param name="lineStart">Where the search begins; afterwards the start of the empty line, or of the last line that came: a trickled section is searched once.</param>
    /// <param name="bodyStart">The first octet after the empty line.</param>
    private static bool FindEnd(ReadOnlySequence<byte> buffer, int limit, ref int lineStart, out int bodyStart)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.Advance(lineStart);
        while (reader.Consumed <= limit)
        {
            lineStart = (int)reader.Consumed;
            if (reader.IsNext("\r\n"u8, advancePast: true) || reader.IsNext((byte)'\n', advancePast: true))
            {
                bodyStart = (int)reader.Consumed;
                return true;
            }
            if (!reader.TryAdvanceTo((byte)'\n'))
                break;
        }
        bodyStart = 0;
        return false;
    }

    private static List<HeaderField> Split(ReadOnlyMemory<byte> raw)
    {
        var fields = new List<HeaderField>();
        int start = 0;
        while (start < raw.Length)
        {
            int end = start;
            do
            {
                int newline = raw.Span[end..].IndexOf((byte)'\n');
                end = newline < 0 ? raw.Length : end + newline + 1;
            }
            while (end < raw.Length && raw.Span[end] is (byte)' ' or (byte)'\t');
            fields.Add(new HeaderField(raw[start..end]));
            start = end;
        }
        return fields;
    }
}
