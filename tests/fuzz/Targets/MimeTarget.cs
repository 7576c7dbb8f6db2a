using System.IO.Pipelines;
using System.Text;
using Cstp.Conformance.Exchanging;
using Cstp.Core.Mime;
using Cstp.Core.Smime;

namespace Cstp.Fuzz.Targets;

/// <summary>What reads messages: the first octet says which parser, the second in portions of what size.</summary>
internal sealed class MimeTarget : FuzzTarget
{
    private const int Limit = 64 * 1024;

    private static readonly AuthenticationResults s_results = new("cstp.intel.test");

    /// <inheritdoc/>
    public override void Take(byte[] input)
    {
        if (input.Length < 2)
            return;
        byte[] message = input[2..];
        Func<byte[], int, Task<string>> parse = (input[0] % 5) switch
        {
            0 => HeaderAsync,
            1 => SplitAsync,
            2 => Base64Async,
            3 => SevenBitAsync,
            _ => ContentAsync,
        };
        string whole = parse(message, Math.Max(1, message.Length)).GetAwaiter().GetResult();
        string cut = parse(message, 1 + input[1]).GetAwaiter().GetResult();
        FuzzFinding.Unless(whole == cut, $"whole: {whole}\ncut: {cut}");
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, byte[] Octets)> Seeds()
    {
        string signed = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=\"b\"\r\n\r\n";
        string parts = "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nQUJD\r\n--b--\r\n";
        foreach ((string name, int parser, string message) in new[]
        {
            ("plain", 0, "From: ann@amd.test\r\nTo: bob@intel.test\r\nSubject: =?utf-8?q?h=C3=A4?=\r\n hi\r\n\r\nbody"),
            ("clear-signed", 0, signed + parts),
            ("opaque", 0, "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAG"),
            ("octet-stream", 0, "Content-Type: application/octet-stream; name*0=smime; name*1=.p7m\r\nContent-Disposition: attachment; filename=smime.p7m\r\n\r\n"),
            ("results", 0, "Authentication-Results: (c) \"cstp.intel.test\" 1; smime=pass\r\nAuthentication-Results :cstp.intel.test/1; none\r\n\r\n"),
            ("sealed", 0, "CSTP-Sealed: 1; hp-outer=1; content-type=added;\r\n rcpt=00ff\r\nHP-Outer: From: ann@amd.test\r\nContent-Type: text/plain; hp=\"cipher\"\r\nFrom: ann@amd.test\r\n\r\nbody"),
            ("extended", 0, "CSTP-Sealed: 1; hp-outer=0; content-type=extended; rcpt=00\r\nContent-Type: text/plain;\r\n hp=\"cipher\"\r\n\r\nbody"),
            ("parts", 1, parts),
            ("preamble", 1, "This is an S/MIME signed message\r\n\r\n" + parts),
            ("line-feeds", 1, parts.Replace("\r\n", "\n", StringComparison.Ordinal)),
            ("base64", 2, "SGVsbG8sIHdvcmxkIQ==\r\n"),
            ("base64-lines", 2, "SGVs\r\nbG8s IHdv*cmxk\r\nIQ=\r\n=\r\n\r\n"),
            ("eight-bit", 3, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\u00e4 \t\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\u00ff\u00fe\r\n--b--\r\n"),
            ("content", 4, "a\nb\r\nc\rd\0\u00e4"),
        })
            yield return (name, [(byte)parser, 7, .. Octets(message)]);
    }

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Dictionary() => new[]
    {
        "Content-Type:", "Content-Transfer-Encoding:", "Content-Disposition:", "Authentication-Results:", "CSTP-Sealed:", "HP-Outer:", "MIME-Version: 1.0\r\n", "multipart/signed",
        "application/pkcs7-mime", "application/pkcs7-signature", "boundary=", "micalg=", "protocol=", "smime-type=", "hp=\"cipher\"", "hp-outer=", "content-type=", "message/rfc822",
        "base64", "quoted-printable", "binary", "8bit", "\r\n\r\n", "\r\n--b\r\n", "--b--", "name*0=", "=?utf-8?b?", "(", "cstp.intel.test",
    }.Select(Octets);

    private static async Task<string> HeaderAsync(byte[] message, int portion)
    {
        PortionReader reader = PortionReader.Of(message, portion);
        HeaderSection? header = await HeaderSection.ReadAsync(reader, Limit, CancellationToken.None);
        if (header is null)
            return "over the limit";
        FuzzFinding.Unless(header.Fields.SelectMany(field => field.Raw.ToArray()).SequenceEqual(header.Raw.ToArray()), "the fields are not the section");
        ReadResult rest = await reader.ReadAsync();
        reader.AdvanceTo(rest.Buffer.Start);
        var said = new StringBuilder();
        said.Append(header.HasEmptyLine).Append(header.IsWellFormed).Append(header.Fields.Count).Append(EntityKind.Of(header)).Append(EntityKind.IsSecured(header)).Append(OuterHeader.FromOf(header.Fields));
        foreach (HeaderField field in header.Fields)
            said.Append(field.Name).Append(field.Value).Append(s_results.IsForged(field)).Append(field.IsStructural);
        if (SealedBlock.TryRead(header) is { } block)
        {
            said.Append(block.HpOuter).Append(block.ContentType).AppendJoin(',', block.Recipients);
            foreach (HeaderField field in block.OuterFields(header).Concat(block.OriginalFields(header)))
                said.Append(field.Name).Append(field.Value);
            said.Append(OuterHeader.Restore(header.Fields, header, block, s_results.IsForged).Count);
        }
        return said.Append(OuterHeader.Replace(header.Fields, header).Count).ToString();
    }

    private static async Task<string> SplitAsync(byte[] body, int portion)
    {
        var content = new CollectingWriter();
        var signature = new CollectingWriter();
        bool hasEnded = false;
        try
        {
            await new MultipartSigned("b").SplitAsync(PortionReader.Of(body, portion), content, signature, () =>
            {
                FuzzFinding.Unless(!hasEnded, "the content ended twice");
                hasEnded = true;
                return default;
            }, CancellationToken.None);
        }
        catch (MultipartException)
        {
            return "refused";
        }
        FuzzFinding.Unless(content.Flushed.Length + signature.Flushed.Length <= 2 * body.Length, "more comes out than went in");
        return $"{Convert.ToHexString(content.Flushed)} {Convert.ToHexString(signature.Flushed)}";
    }

    private static async Task<string> Base64Async(byte[] text, int portion)
    {
        var octets = new CollectingWriter();
        try
        {
            await Base64Stage.DecodeAsync(PortionReader.Of(text, portion), octets, CancellationToken.None);
        }
        catch (Base64Exception)
        {
            return "refused";
        }
        var encoded = new CollectingWriter();
        await Base64Stage.EncodeAsync(PortionReader.Of(octets.Flushed, portion), encoded, CancellationToken.None);
        FuzzFinding.Unless(Convert.FromBase64String(Encoding.Latin1.GetString(encoded.Flushed)).AsSpan().SequenceEqual(octets.Flushed), "what was decoded is encoded to something else");
        return Convert.ToHexString(octets.Flushed);
    }

    private static async Task<string> SevenBitAsync(byte[] message, int portion)
    {
        PortionReader reader = PortionReader.Of(message, portion);
        if (await HeaderSection.ReadAsync(reader, Limit, CancellationToken.None) is not { } header)
            return "over the limit";
        var entity = new CollectingWriter();
        try
        {
            await SevenBitStage.EncodeAsync(header, reader, entity, CancellationToken.None);
        }
        catch (MultipartException)
        {
            return "refused";
        }
        return Convert.ToHexString(entity.Flushed);
    }

    private static async Task<string> ContentAsync(byte[] content, int portion)
    {
        var lines = new CollectingWriter();
        await LineEnds.NormaliseAsync(PortionReader.Of(content, portion), lines, CancellationToken.None);
        byte[] normal = lines.Flushed;
        FuzzFinding.Unless(normal.Length == 0 || normal.AsSpan().EndsWith("\r\n"u8), "the last line has no end");
        for (int at = 0; at < normal.Length; at++)
            FuzzFinding.Unless(normal[at] != '\n' || (at > 0 && normal[at - 1] == '\r'), "LF without CR");
        var scan = new ContentScan();
        foreach (byte[] piece in content.Chunk(portion))
            scan.Write(piece);
        scan.End();
        string? type = await CmsContentType.PeekAsync(PortionReader.Of(content, portion), CancellationToken.None);
        return $"{scan.HasNul} {scan.HasBareCarriageReturn} {scan.HasEightBit} {type} {Convert.ToHexString(normal)}";
    }
}
