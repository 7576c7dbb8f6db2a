using MimeKit;

namespace Cstp.Core.Mime;

/// <summary>How an entity's body is encoded for transfer (RFC 2045 6).</summary>
internal enum TransferEncoding
{
    /// <summary>7bit, 8bit or binary: as it is.</summary>
    Identity,

    /// <summary>base64.</summary>
    Base64,
}

/// <summary>What an entity is to S/MIME (RFC 8551 3.2, 3.5, 3.10). Exactly one of the nested types.</summary>
internal abstract record EntityKind
{
    private EntityKind()
    {
    }

    /// <summary>Not S/MIME.</summary>
    public sealed record Other : EntityKind;

    /// <summary>A CMS structure as the whole body.</summary>
    /// <param name="Encoding">How it is encoded.</param>
    public sealed record Opaque(TransferEncoding Encoding) : EntityKind;

    /// <summary>multipart/signed with a CMS signature.</summary>
    /// <param name="Boundary">The boundary.</param>
    /// <param name="Digests">The digests of micalg, by the names of the contracts.</param>
    public sealed record ClearSigned(string Boundary, IReadOnlyList<string> Digests) : EntityKind;

    /// <summary>It says S/MIME in a way that two programs may read differently.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Ambiguous(string Reason) : EntityKind;

    private static readonly string[] s_suffixes = [".p7m", ".p7s", ".p7c", ".p7z"];

    /// <summary>Judges an entity by its header section.</summary>
    /// <param name="header">The header section.</param>
    public static EntityKind Of(HeaderSection header)
    {
        HeaderField[] types = [.. header.All("Content-Type")];
        if (types.Length == 0 || !header.HasEmptyLine)
            return new Other();
        var parsed = types.Select(Parse).OfType<ContentType>().ToList();
        ContentType? smime = parsed.FirstOrDefault(t => IsSmime(t, header));
        if (smime is null)
            return new Other();
        if (types.Length > 1)
            return new Ambiguous("more than one Content-Type");
        HeaderField[] encodings = [.. header.All("Content-Transfer-Encoding")];
        if (encodings.Length > 1)
            return new Ambiguous("more than one Content-Transfer-Encoding");
        string value = types[0].Value;
        foreach (string parameter in new[] { "boundary", "protocol", "smime-type", "micalg" })
        {
            if (CountParameter(value, parameter) > 1)
                return new Ambiguous($"more than one {parameter} parameter");
        }
        string encoding = EncodingOf(encodings);
        if (smime.IsMimeType("multipart", "signed"))
        {
            if (encoding is not ("7bit" or "8bit" or "binary"))
                return new Ambiguous($"multipart in transfer encoding {encoding}");
            if (smime.Boundary is not { Length: > 0 and <= 70 } boundary || boundary.EndsWith(' ') || boundary.Any(c => c is < ' ' or > '~'))
                return new Ambiguous("no usable boundary");
            return new ClearSigned(boundary, DigestNames(smime.Parameters["micalg"]));
        }
        return encoding switch
        {
            "base64" => new Opaque(TransferEncoding.Base64),
            "7bit" or "8bit" or "binary" => new Opaque(TransferEncoding.Identity),
            _ => new Ambiguous($"CMS in transfer encoding {encoding}"),
        };
    }

    /// <summary>Whether an entity is protected already, by S/MIME or OpenPGP (RFC 3156).</summary>
    /// <param name="header">The header section.</param>
    public static bool IsSecured(HeaderSection header)
    {
        if (header.All("Content-Type").Select(Parse).FirstOrDefault() is not { } type)
            return false;
        return type.IsMimeType("multipart", "encrypted") || type.IsMimeType("multipart", "signed") || IsSmime(type, header);
    }

    /// <summary>The transfer encoding, in lower case (RFC 2045 6.1).</summary>
    /// <param name="fields">The header section's fields.</param>
    public static string EncodingOf(IEnumerable<HeaderField> fields) =>
        fields.FirstOrDefault(f => f.Is("Content-Transfer-Encoding")) is { IsWellFormed: true } field ? StripComments(field.Value).ToLowerInvariant() : "7bit";

    /// <summary>Reads a Content-Type field.</summary>
    /// <param name="field">The field.</param>
    /// <returns>Null where it cannot be read.</returns>
    public static ContentType? Parse(HeaderField field)
    {
        string value = field.Value;
        return value.Length < 64 * 1024 && ContentType.TryParse(value, out ContentType? type) ? type : null;
    }

    private static bool IsSmime(ContentType type, HeaderSection header)
    {
        if (type.IsMimeType("multipart", "signed"))
            return type.Parameters["protocol"]?.Trim().ToLowerInvariant() is "application/pkcs7-signature" or "application/x-pkcs7-signature";
        if (type.IsMimeType("application", "pkcs7-mime") || type.IsMimeType("application", "x-pkcs7-mime"))
            return true;
        if (!type.IsMimeType("application", "octet-stream"))
            return false;
        string? name = type.Name;
        if (name is null && header.All("Content-Disposition").FirstOrDefault() is { IsWellFormed: true } field
            && ContentDisposition.TryParse(field.Value, out ContentDisposition? disposition))
            name = disposition.FileName;
        return name is not null && s_suffixes.Any(s => name.EndsWith(s, StringComparison.OrdinalIgnoreCase));
    }

    private static string[] DigestNames(string? micalg) =>
        [.. (micalg ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(name => name.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal) switch
            {
                "rsasha1" => "sha1",
                "rsamd5" => "md5",
                var other => other,
            })
            .Distinct()];

    /// <summary>How often a parameter stands in a value, quoted strings and comments left out.</summary>
    private static int CountParameter(string value, string parameter)
    {
        int count = 0;
        bool quoted = false;
        int depth = 0;
        for (int i = 0; i < value.Length; i++)
        {
            switch (value[i])
            {
                case '\\' when quoted || depth > 0:
                    i++;
                    continue;
                case '"' when depth == 0:
                    quoted = !quoted;
                    continue;
                case '(' when !quoted:
                    depth++;
                    continue;
                case ')' when !quoted && depth > 0:
                    depth--;
                    continue;
                case ';' when !quoted && depth == 0:
                    ReadOnlySpan<char> rest = value.AsSpan(i + 1).TrimStart();
                    if (rest.StartsWith(parameter, StringComparison.OrdinalIgnoreCase) && rest[parameter.Length..].TrimStart() is ['=' or '*', ..])
                        count++;
                    continue;
            }
        }
        return count;
    }

    private static string StripComments(string value)
    {
        int comment = value.IndexOf('(', StringComparison.Ordinal);
        return (comment < 0 ? value : value[..comment]).Trim();
    }
}
