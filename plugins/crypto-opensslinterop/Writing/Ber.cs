using System.Formats.Asn1;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>The frames of indefinite length around streamed content (X.690 8.1.3.6), and small elements in DER.</summary>
internal static class Ber
{
    /// <summary>Octets of content in one segment of a constructed OCTET STRING.</summary>
    public const int Segment = 16 * 1024;

    /// <summary>Ends so many frames.</summary>
    /// <param name="output">Receives the octets.</param>
    /// <param name="frames">How many.</param>
    public static void End(PipeOutput output, int frames)
    {
        Span<byte> octets = stackalloc byte[2 * frames];
        octets.Clear();
        output.Write(octets);
    }

    /// <summary>Begins a frame.</summary>
    /// <param name="output">Receives the octets.</param>
    /// <param name="tag">Its tag.</param>
    public static void Begin(PipeOutput output, byte tag) => output.Write([tag, 0x80]);

    /// <summary>Writes one segment of a constructed OCTET STRING.</summary>
    /// <param name="output">Receives it.</param>
    /// <param name="content">The octets.</param>
    public static void WriteSegment(PipeOutput output, ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
            return;
        WriteSegmentHead(output, content.Length);
        output.Write(content);
    }

    /// <summary>Writes tag and length of a segment.</summary>
    /// <param name="output">Receives them.</param>
    /// <param name="length">Octets that follow, up to 65,535.</param>
    public static void WriteSegmentHead(PipeOutput output, int length)
    {
        if (length < 0x80)
            output.Write([0x04, (byte)length]);
        else if (length < 0x100)
            output.Write([0x04, 0x81, (byte)length]);
        else
            output.Write([0x04, 0x82, (byte)(length >> 8), (byte)length]);
    }

    /// <summary>Writes an element in DER.</summary>
    /// <param name="output">Receives it.</param>
    /// <param name="write">Writes it.</param>
    public static void Write(PipeOutput output, Action<AsnWriter> write) => output.Write(Encode(write));

    /// <summary>An element in DER.</summary>
    /// <param name="write">Writes it.</param>
    public static byte[] Encode(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }

    /// <summary>An integer by its content octets, as another structure had it.</summary>
    /// <param name="content">The content octets.</param>
    public static byte[] Integer(ReadOnlySpan<byte> content) => content.Length < 0x80 ? [0x02, (byte)content.Length, .. content] : [0x02, 0x81, (byte)content.Length, .. content];
}
