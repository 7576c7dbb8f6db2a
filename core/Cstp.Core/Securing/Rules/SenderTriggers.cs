using System.Buffers;
using System.Text;
using Cstp.Core.Mime;
using MimeKit.Utils;

namespace Cstp.Core.Securing.Rules;

/// <summary>What a sender demands for one message.</summary>
/// <param name="Encrypt">That it leaves encrypted or not at all.</param>
/// <param name="Sign">That it leaves signed or not at all.</param>
/// <param name="Header">The header section without the words of the demand.</param>
internal sealed record SenderDemand(bool Encrypt, bool Sign, HeaderSection Header);

/// <summary>Reads a sender's demand off the header section and takes it out: it is meant for the box alone.</summary>
/// <param name="options">Section <c>[securing.triggers]</c>.</param>
internal sealed class SenderTriggers(TriggerOptions options)
{
    /// <summary>Whether a header section can say anything at all.</summary>
    public bool Any => options.Header.Length > 0 || options.EncryptTag.Length > 0 || options.SignTag.Length > 0;

    /// <summary>Reads.</summary>
    /// <param name="header">The header section of a message from inside.</param>
    public SenderDemand Read(HeaderSection header)
    {
        bool encrypt = false, sign = false, marked = false;
        var kept = new List<ReadOnlyMemory<byte>>(header.Fields.Count);
        foreach (HeaderField field in header.Fields)
        {
            if (options.Header.Length > 0 && field.Is(options.Header))
            {
                string[] words = field.Value.Split(',', StringSplitOptions.TrimEntries);
                encrypt |= words.Contains("encrypt", StringComparer.OrdinalIgnoreCase);
                sign |= words.Contains("sign", StringComparer.OrdinalIgnoreCase);
                marked = true;
                continue;
            }
            ReadOnlyMemory<byte> raw = field.Raw;
            if (field.Is("Subject"))
            {
                bool taken;
                do
                {
                    bool wantsEncryption = TakeTag(options.EncryptTag, ref raw), wantsSignature = TakeTag(options.SignTag, ref raw);
                    encrypt |= wantsEncryption;
                    sign |= wantsSignature;
                    taken = wantsEncryption || wantsSignature;
                }
                while (taken);   // one may have stood behind the other
            }
            kept.Add(raw);
        }
        return new SenderDemand(encrypt, sign, marked || encrypt || sign ? header.With(kept) : header);
    }

    private static bool TakeTag(string tag, ref ReadOnlyMemory<byte> raw)
    {
        if (tag.Length == 0)
            return false;
        var field = new HeaderField(raw);
        if (!TryCut(field.Value, tag, out string? rest))
        {
            // It may stand in an encoded-word (RFC 2047).
            string decoded = Rfc2047.DecodeText(Encoding.Latin1.GetBytes(field.Value));
            if (!TryCut(decoded, tag, out rest))
                return false;
            rest = Encoding.Latin1.GetString(Rfc2047.EncodeText(Encoding.UTF8, rest));
        }
        // One line is enough unless it would be too long for the wire (RFC 5322 2.1.1); then it is folded at spaces.
        var header = new ArrayBufferWriter<byte>();
        header.Write(raw.Span[..(raw.Span.IndexOf((byte)':') + 1)]);
        header.Write(Encoding.Latin1.GetBytes(Folded(rest)));
        header.Write("\r\n"u8);
        raw = header.WrittenMemory;
        return true;
    }

    private static bool TryCut(string value, string tag, out string rest)
    {
        bool first = value.StartsWith(tag, StringComparison.OrdinalIgnoreCase), last = value.EndsWith(tag, StringComparison.OrdinalIgnoreCase);
        rest = first ? value[tag.Length..].TrimStart(' ', '\t') : last ? value[..^tag.Length].TrimEnd(' ', '\t') : value;
        return first || last;
    }

    private static string Folded(string value)
    {
        const int MaxLine = 76;
        var folded = new StringBuilder();
        int line = "Subject:".Length;
        foreach (string word in value.Split(' '))
        {
            if (line + 1 + word.Length > MaxLine && word.Length > 0 && folded.Length > 0)
            {
                folded.Append("\r\n");
                line = 0;
            }
            folded.Append(' ').Append(word);
            line += 1 + word.Length;
        }
        return folded.ToString();
    }
}
