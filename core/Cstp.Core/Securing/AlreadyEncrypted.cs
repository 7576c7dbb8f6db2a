using System.Buffers;
using System.IO.Pipelines;
using Cstp.Core.Mime;
using Cstp.Core.Smime;

namespace Cstp.Core.Securing;

/// <summary>Tells whether a message from inside is encrypted already, so that it is not wrapped twice. Doubt means no.</summary>
internal static class AlreadyEncrypted
{
    /// <summary>Enough base64 for the front of a CMS structure, blank lines before it included.</summary>
    private const int Peeked = 256;

    /// <summary>Looks at the header section and at the first octets of the body: a header alone may lie.</summary>
    /// <param name="header">The header section.</param>
    /// <param name="body">The body; not consumed.</param>
    /// <param name="cancel">Ends the look.</param>
    public static async ValueTask<bool> IsSoAsync(HeaderSection header, PipeReader body, CancellationToken cancel)
    {
        if (!header.IsWellFormed)
            return false;
        if (EntityKind.Of(header) is EntityKind.Opaque opaque)
        {
            byte[] front = await PeekAsync(body, cancel);
            if (opaque.Encoding == TransferEncoding.Base64)
                front = DecodeFront(front);
            string? type = await CmsContentType.PeekAsync(PipeReader.Create(new ReadOnlySequence<byte>(front)), cancel);
            return type is CmsContentType.EnvelopedData or CmsContentType.AuthEnvelopedData;
        }
        return header.All("Content-Type").ToArray() is [var only]
            && EntityKind.Parse(only) is { } parsed
            && parsed.IsMimeType("multipart", "encrypted")
            && parsed.Parameters["protocol"]?.Equals("application/pgp-encrypted", StringComparison.OrdinalIgnoreCase) == true
            && System.Text.Encoding.Latin1.GetString(await PeekAsync(body, cancel)).Contains("application/pgp-encrypted", StringComparison.OrdinalIgnoreCase);
    }

    private static async ValueTask<byte[]> PeekAsync(PipeReader body, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancel);
            if (read.Buffer.Length < Peeked && !read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }
            byte[] front = read.Buffer.Slice(0, Math.Min(Peeked, read.Buffer.Length)).ToArray();
            body.AdvanceTo(read.Buffer.Start);
            return front;
        }
    }

    private static byte[] DecodeFront(byte[] text)
    {
        byte[] characters = [.. text.Where(c => c is not ((byte)'\r' or (byte)'\n' or (byte)' ' or (byte)'\t'))];
        Span<byte> decoded = new byte[characters.Length];
        System.Buffers.Text.Base64.DecodeFromUtf8(characters.AsSpan(0, characters.Length / 4 * 4), decoded, out _, out int written);
        return decoded[..written].ToArray();
    }
}
