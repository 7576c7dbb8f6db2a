using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Cstp.Abstractions;

namespace Cstp.Core.Mime;

/// <summary>What was done to the Content-Type of a sealed message.</summary>
internal enum SealedContentType
{
    /// <summary>There was none: one stands in the block.</summary>
    Added,

    /// <summary>It got <see cref="SealedBlock.Suffix"/>.</summary>
    Extended,

    /// <summary>It stayed.</summary>
    AsIs,

    /// <summary>The header section could not carry a block: the message stands whole as message/rfc822 (RFC 8551 3.1).</summary>
    Message,
}

/// <summary>
/// The block of ours that begins a sealed entity: header protection (RFC 9788) by which the message is restored octet for octet.
/// </summary>
/// <param name="HpOuter">How many HP-Outer fields follow.</param>
/// <param name="ContentType">What was done to the Content-Type.</param>
/// <param name="Recipients">SHA-256 of each recipient's address in lower case, in hexadecimal.</param>
internal sealed record SealedBlock(int HpOuter, SealedContentType ContentType, IReadOnlyList<string> Recipients)
{
    /// <summary>Says in the block that the header section is beyond ASCII and only SMTPUTF8 carries it (RFC 6531): the fields outside may not show it.</summary>
    private const string International = "smtputf8";

    /// <summary>Says in the block that the body is binary: a LF alone in it is no line end (RFC 3030 3).</summary>
    private const string Binary = "binarymime";

    /// <summary>The name of the first field.</summary>
    public const string FieldName = "CSTP-Sealed";

    /// <summary>What the first Content-Type field gets before its last CRLF.</summary>
    public static ReadOnlySpan<byte> Suffix => ";\r\n hp=\"cipher\""u8;

    /// <summary>Whether the original was sent with SMTPUTF8 and needs it.</summary>
    public bool IsInternational { get; init; }

    /// <summary>Whether the original was sent with BODY=BINARYMIME, so that its body is to stay as it is.</summary>
    public bool IsBinary { get; init; }

    /// <summary>The digest of an address as it stands in the block: of its UTF-8 in lower case, the domain in A-labels.</summary>
    /// <param name="mailbox">The address.</param>
    public static string DigestOf(Mailbox mailbox) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(mailbox.ToString().ToLowerInvariant())));

    /// <summary>Makes what stands before the original message in a sealed entity, and what of its header section stands changed.</summary>
    /// <param name="header">The original's header section.</param>
    /// <param name="outer">The fields that stand outside, as they stand there.</param>
    /// <param name="recipients">The recipients of this delivery.</param>
    /// <param name="isInternational">Whether the original came with SMTPUTF8.</param>
    /// <param name="body">What the original was declared to hold.</param>
    /// <returns>Everything up to the body.</returns>
    public static byte[] Seal(HeaderSection header, IReadOnlyList<HeaderField> outer, IReadOnlyList<Mailbox> recipients, bool isInternational, BodyValue body)
    {
        SealedContentType how = Judge(header, out HeaderField first);
        var text = new MemoryStream(header.Raw.Length * 2 + 1024);
        Write(text, $"{FieldName}: 1; hp-outer={outer.Count}; content-type={how.ToString().ToLowerInvariant()}");
        if (isInternational && !Ascii.IsValid(header.Raw.Span))
            Write(text, "; " + International);
        if (body == BodyValue.Binary)
            Write(text, "; " + Binary);
        for (int i = 0; i < recipients.Count; i++)
            Write(text, (i == 0 ? ";\r\n rcpt=" : ",\r\n ") + DigestOf(recipients[i]));
        Write(text, "\r\n");
        foreach (HeaderField field in outer)
        {
            Write(text, "HP-Outer: ");
            text.Write(field.Raw.Span);
        }
        switch (how)
        {
            case SealedContentType.Added:
                Write(text, "Content-Type: text/plain; hp=\"cipher\"\r\n");
                text.Write(header.ToOctets().Span);
                break;
            case SealedContentType.Message:
                Write(text, "Content-Type: message/rfc822; hp=\"cipher\"\r\n\r\n");
                text.Write(header.ToOctets().Span);
                break;
            case SealedContentType.AsIs:
                text.Write(header.ToOctets().Span);
                break;
            default:
                foreach (HeaderField field in header.Fields)
                {
                    if (field.Raw.Equals(first.Raw))
                    {
                        text.Write(field.Raw.Span[..^2]);
                        text.Write(Suffix);
                        Write(text, "\r\n");
                    }
                    else
                        text.Write(field.Raw.Span);
                }
                Write(text, "\r\n");
                break;
        }
        return text.ToArray();
    }

    /// <summary>Reads the block off a sealed entity's header section.</summary>
    /// <param name="header">The entity's header section.</param>
    /// <returns>Null where there is none, or none that we could have written.</returns>
    public static SealedBlock? TryRead(HeaderSection header)
    {
        if (header.Fields.Count == 0 || !header.Fields[0].Is(FieldName) || !header.HasEmptyLine)
            return null;
        int? hpOuter = null;
        SealedContentType? contentType = null;
        string[] recipients = [];
        bool isInternational = false;
        bool isBinary = false;
        string[] words = header.Fields[0].Value.Split(';', StringSplitOptions.TrimEntries);
        if (words[0] != "1")
            return null;
        foreach (string word in words.Skip(1))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string value = equals < 0 ? "" : word[(equals + 1)..];
            switch (equals < 0 ? word : word[..equals])
            {
                case "hp-outer" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int n):
                    hpOuter = n;
                    break;
                case "content-type" when Enum.TryParse(value, ignoreCase: true, out SealedContentType how) && !char.IsAsciiDigit(value[0]):
                    contentType = how;
                    break;
                case International:
                    isInternational = true;
                    break;
                case Binary:
                    isBinary = true;
                    break;
                case "rcpt":
                    recipients = [.. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
                    break;
            }
        }
        if (hpOuter is not { } count || contentType is not { } type || header.Fields.Count < 1 + count)
            return null;
        if (!header.Fields.Skip(1).Take(count).All(f => f.Is("HP-Outer")))
            return null;
        bool hasOwnType = type is SealedContentType.Added or SealedContentType.Message;
        if (hasOwnType && (header.Fields.Count < 2 + count || !header.Fields[1 + count].Is("Content-Type")))
            return null;
        return new SealedBlock(count, type, recipients) { IsInternational = isInternational, IsBinary = isBinary };
    }

    /// <summary>The outer fields as they stood when the message was sealed.</summary>
    /// <param name="header">The sealed entity's header section.</param>
    public IEnumerable<HeaderField> OuterFields(HeaderSection header) =>
        header.Fields.Skip(1).Take(HpOuter).Select(f => new HeaderField(AfterColon(f.Raw)));

    /// <summary>The original header section's fields, octet for octet; none where the original is the body.</summary>
    /// <param name="header">The sealed entity's header section.</param>
    public IReadOnlyList<HeaderField> OriginalFields(HeaderSection header)
    {
        switch (ContentType)
        {
            case SealedContentType.Message:
                return [];
            case SealedContentType.Added:
                return [.. header.Fields.Skip(2 + HpOuter)];
            case SealedContentType.AsIs:
                return [.. header.Fields.Skip(1 + HpOuter)];
            default:
                HeaderField[] fields = [.. header.Fields.Skip(1 + HpOuter)];
                int type = Array.FindIndex(fields, f => f.Is("Content-Type"));
                if (type >= 0 && fields[type].Raw.Span[..^2].EndsWith(Suffix))
                {
                    byte[] raw = [.. fields[type].Raw.Span[..^(2 + Suffix.Length)], .. "\r\n"u8];
                    fields[type] = new HeaderField(raw);
                }
                return fields;
        }
    }

    private static SealedContentType Judge(HeaderSection header, out HeaderField first)
    {
        first = header.All("Content-Type").FirstOrDefault();
        if (!header.IsWellFormed)
            return SealedContentType.Message;
        if (first.Raw.IsEmpty)
            return SealedContentType.Added;
        if (EntityKind.Parse(first) is not { } type || type.Parameters.Contains("hp") || first.Value.EndsWith(';') || first.Value.Contains('(', StringComparison.Ordinal))
            return SealedContentType.AsIs;
        return SealedContentType.Extended;
    }

    private static ReadOnlyMemory<byte> AfterColon(ReadOnlyMemory<byte> raw)
    {
        ReadOnlyMemory<byte> rest = raw[(raw.Span.IndexOf((byte)':') + 1)..];
        return rest.Length > 0 && rest.Span[0] == ' ' ? rest[1..] : rest;
    }

    private static void Write(MemoryStream text, string characters) => text.Write(Encoding.Latin1.GetBytes(characters));
}
