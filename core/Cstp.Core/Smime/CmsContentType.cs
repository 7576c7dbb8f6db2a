using System.Buffers;
using System.IO.Pipelines;

namespace Cstp.Core.Smime;

/// <summary>Which structure a ContentInfo holds (RFC 5652 3), told from its first octets: the CMS decides, smime-type is a hint.</summary>
internal static class CmsContentType
{
    /// <summary>id-signedData.</summary>
    public const string SignedData = "1.2.840.113549.1.7.2";

    /// <summary>id-envelopedData.</summary>
    public const string EnvelopedData = "1.2.840.113549.1.7.3";

    /// <summary>id-ct-authEnvelopedData.</summary>
    public const string AuthEnvelopedData = "1.2.840.113549.1.9.16.1.23";

    /// <summary>id-ct-compressedData.</summary>
    public const string CompressedData = "1.2.840.113549.1.9.16.1.9";

    /// <summary>What is peeked at: tag, up to nine octets of length, and the identifier.</summary>
    private const int Front = 32;

    /// <summary>Reads the content type without taking anything.</summary>
    /// <param name="cms">Left where it stands.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <returns>A dotted identifier of this class, or null.</returns>
    public static async ValueTask<string?> PeekAsync(PipeReader cms, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await cms.ReadAsync(cancel);
            if (read.Buffer.Length < Front && !read.IsCompleted)
            {
                cms.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }
            string? type = Parse(read.Buffer.Slice(0, Math.Min(Front, read.Buffer.Length)).ToArray());
            cms.AdvanceTo(read.Buffer.Start);
            return type;
        }
    }

    private static string? Parse(ReadOnlySpan<byte> front)
    {
        if (front.Length < 2 || front[0] != 0x30)
            return null;
        int lengthOctets = front[1] is > 0x80 and <= 0x88 ? front[1] - 0x80 : 0;
        if (front[1] > 0x88 || front.Length < 2 + lengthOctets)
            return null;
        ReadOnlySpan<byte> rest = front[(2 + lengthOctets)..];
        if (rest.StartsWith((ReadOnlySpan<byte>)[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07]) && rest.Length > 10)
        {
            return rest[10] switch
            {
                2 => SignedData,
                3 => EnvelopedData,
                _ => null,
            };
        }
        if (rest.StartsWith((ReadOnlySpan<byte>)[0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01]) && rest.Length > 12)
        {
            return rest[12] switch
            {
                9 => CompressedData,
                23 => AuthEnvelopedData,
                _ => null,
            };
        }
        return null;
    }
}
