using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Smime;

/// <summary>What a message is signed and encrypted with.</summary>
/// <param name="Signing">Who signs, and how.</param>
/// <param name="Encryption">To whom; null for a signature alone.</param>
/// <param name="Recipients">The recipients of this delivery, bound into the signature.</param>
/// <param name="ForGatewaysAlone">Whether only boxes will read it: then the Subject hides and the signed layer is binary.</param>
/// <param name="OuterSubject">The Subject that stands outside instead; null leaves the real one there.</param>
internal sealed record SealingRequest(
    SigningRequest Signing, EncryptionRequest? Encryption, IReadOnlyList<Mailbox> Recipients, bool ForGatewaysAlone, string? OuterSubject)
{
    /// <summary>Whether the original came with SMTPUTF8.</summary>
    public bool IsInternational { get; init; }

    /// <summary>What the original was declared to hold.</summary>
    public BodyValue Body { get; init; }
}

/// <summary>Makes S/MIME of a message as it streams (RFC 8551 3).</summary>
/// <param name="crypto">The crypto module.</param>
internal sealed class Sealing(ICmsEnveloper crypto)
{
    private const string SignedHeader =
        "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n"
        + "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n";

    /// <summary>Signs, then encrypts: the whole original, header section and body, goes inside.</summary>
    /// <param name="header">The original header section.</param>
    /// <param name="body">The original body.</param>
    /// <param name="message">Receives the message.</param>
    /// <param name="request">Who, to whom, and how.</param>
    /// <param name="cancel">Ends the work.</param>
    public async Task SignAndEncryptAsync(HeaderSection header, PipeReader body, PipeWriter message, SealingRequest request, CancellationToken cancel)
    {
        EncryptionRequest encryption = request.Encryption ?? throw new ArgumentException("no recipients to encrypt to", nameof(request));
        List<HeaderField> outer = OuterFields(header, request.OuterSubject);
        byte[] front = SealedBlock.Seal(header, outer, request.Recipients, request.IsInternational, request.Body);
        WriteHeader(message, outer, EnvelopedHeader(encryption));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var entity = new Pipe(ContentPipes.Options);
        var signed = new Pipe(ContentPipes.Options);
        var enveloped = new Pipe(ContentPipes.Options);
        List<Task> stages =
        [
            Stages.RunAsync(() => PrependAsync(front, body, entity.Writer, stop.Token), null, entity.Writer),
            Stages.RunAsync(() => crypto.EncryptAsync(signed.Reader, enveloped.Writer, encryption, stop.Token).AsTask(), signed.Reader, enveloped.Writer),
            Stages.RunAsync(() => Base64Stage.EncodeAsync(enveloped.Reader, message, stop.Token), enveloped.Reader),
        ];
        if (request.ForGatewaysAlone)
        {
            signed.Writer.Write(Encoding.ASCII.GetBytes(SignedHeader + "Content-Transfer-Encoding: binary\r\n\r\n"));
            stages.Add(Stages.RunAsync(() => crypto.SignAsync(entity.Reader, signed.Writer, request.Signing, stop.Token).AsTask(), entity.Reader, signed.Writer));
        }
        else
        {
            // OpenSSL's cms command and others read no binary layer inside an envelope.
            var binary = new Pipe(ContentPipes.Options);
            signed.Writer.Write(Encoding.ASCII.GetBytes(SignedHeader + "Content-Transfer-Encoding: base64\r\n\r\n"));
            stages.Add(Stages.RunAsync(() => crypto.SignAsync(entity.Reader, binary.Writer, request.Signing, stop.Token).AsTask(), entity.Reader, binary.Writer));
            stages.Add(Stages.RunAsync(() => Base64Stage.EncodeAsync(binary.Reader, signed.Writer, stop.Token), binary.Reader, signed.Writer));
        }
        await Stages.WhenAllOrFirstFailureAsync(stages, stop);
    }

    /// <summary>Signs so that any reader can show the message: multipart/signed with a detached signature (RFC 8551 3.5.3).</summary>
    /// <param name="header">The original header section.</param>
    /// <param name="body">The original body.</param>
    /// <param name="message">Receives the message.</param>
    /// <param name="request">Who signs.</param>
    /// <param name="reencode">Whether parts that are declared 8bit or binary are encoded anew first (RFC 8551 3.1.3).</param>
    /// <param name="cancel">Ends the work.</param>
    public async Task SignClearAsync(HeaderSection header, PipeReader body, PipeWriter message, SealingRequest request, bool reencode, CancellationToken cancel)
    {
        string boundary = $"----cstp-{Guid.NewGuid():N}";
        WriteHeader(message, OuterFields(header, null), Encoding.ASCII.GetBytes(
            "MIME-Version: 1.0\r\n"
            + $"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={MicAlg(request.Signing)}; boundary=\"{boundary}\"\r\n"));
        message.Write(Encoding.ASCII.GetBytes($"--{boundary}\r\n"));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var entity = new Pipe(ContentPipes.Options);
        var shown = new Pipe(ContentPipes.Options);
        var digested = new Pipe(ContentPipes.Options);
        var signature = new Pipe(ContentPipes.Options);
        List<Task> stages =
        [
            Stages.RunAsync(() => reencode
                ? SevenBitStage.EncodeAsync(header, body, entity.Writer, stop.Token)
                : PrependAsync(ContentFields(header), body, entity.Writer, stop.Token), null, entity.Writer),
            Stages.RunAsync(() => Stages.CopyAsync(entity.Reader, [shown.Writer, digested.Writer], stop.Token), entity.Reader, shown.Writer, digested.Writer),
            Stages.RunAsync(() => crypto.SignDetachedAsync(digested.Reader, signature.Writer, request.Signing, stop.Token).AsTask(), digested.Reader, signature.Writer),
            Stages.RunAsync(() => WritePartsAsync(shown.Reader, signature.Reader, message, boundary, stop.Token), signature.Reader),
        ];
        await Stages.WhenAllOrFirstFailureAsync(stages, stop);
        await shown.Reader.CompleteAsync();
    }

    /// <summary>Signs opaquely: what a 7-bit clear signature cannot carry.</summary>
    /// <param name="header">The original header section.</param>
    /// <param name="body">The original body.</param>
    /// <param name="message">Receives the message.</param>
    /// <param name="request">Who signs.</param>
    /// <param name="cancel">Ends the work.</param>
    public async Task SignOpaqueAsync(HeaderSection header, PipeReader body, PipeWriter message, SealingRequest request, CancellationToken cancel)
    {
        WriteHeader(message, OuterFields(header, null), Encoding.ASCII.GetBytes("MIME-Version: 1.0\r\n" + SignedHeader + "Content-Transfer-Encoding: base64\r\n"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var entity = new Pipe(ContentPipes.Options);
        var signed = new Pipe(ContentPipes.Options);
        await Stages.WhenAllOrFirstFailureAsync(
            [
                Stages.RunAsync(() => PrependAsync(ContentFields(header), body, entity.Writer, stop.Token), null, entity.Writer),
                Stages.RunAsync(() => crypto.SignAsync(entity.Reader, signed.Writer, request.Signing, stop.Token).AsTask(), entity.Reader, signed.Writer),
                Stages.RunAsync(() => Base64Stage.EncodeAsync(signed.Reader, message, stop.Token), signed.Reader),
            ],
            stop);
    }

    /// <summary>Encrypts without a signature; the original header section stays outside.</summary>
    /// <param name="header">The original header section.</param>
    /// <param name="body">The original body.</param>
    /// <param name="message">Receives the message.</param>
    /// <param name="encryption">To whom, and how.</param>
    /// <param name="cancel">Ends the work.</param>
    public async Task EncryptAsync(HeaderSection header, PipeReader body, PipeWriter message, EncryptionRequest encryption, CancellationToken cancel)
    {
        WriteHeader(message, OuterFields(header, null), EnvelopedHeader(encryption));
        byte[] front = header.IsWellFormed ? ContentFields(header) : [.. "Content-Type: message/rfc822\r\n\r\n"u8, .. header.ToOctets().Span];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var entity = new Pipe(ContentPipes.Options);
        var enveloped = new Pipe(ContentPipes.Options);
        await Stages.WhenAllOrFirstFailureAsync(
            [
                Stages.RunAsync(() => PrependAsync(front, body, entity.Writer, stop.Token), null, entity.Writer),
                Stages.RunAsync(() => crypto.EncryptAsync(entity.Reader, enveloped.Writer, encryption, stop.Token).AsTask(), entity.Reader, enveloped.Writer),
                Stages.RunAsync(() => Base64Stage.EncodeAsync(enveloped.Reader, message, stop.Token), enveloped.Reader),
            ],
            stop);
    }

    private static byte[] EnvelopedHeader(EncryptionRequest encryption) => Encoding.ASCII.GetBytes(
        "MIME-Version: 1.0\r\n"
        + $"Content-Type: application/pkcs7-mime; smime-type={(encryption.Cipher is ContentCipher.Aes128Gcm or ContentCipher.Aes256Gcm ? "authEnveloped-data" : "enveloped-data")};\r\n name=\"smime.p7m\"\r\n"
        + "Content-Transfer-Encoding: base64\r\n"
        + "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n");

    private static async Task WritePartsAsync(PipeReader shown, PipeReader signature, PipeWriter message, string boundary, CancellationToken cancel)
    {
        await Stages.CopyAsync(shown, [message], cancel);
        message.Write(Encoding.ASCII.GetBytes(
            $"\r\n--{boundary}\r\n"
            + "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
            + "Content-Transfer-Encoding: base64\r\n"
            + "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"));
        await Base64Stage.EncodeAsync(signature, message, cancel);
        message.Write(Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n"));
        await message.FlushAsync(cancel);
    }

    /// <summary>The fields that stand outside: all but those that describe the entity (RFC 8551 3.1).</summary>
    private static List<HeaderField> OuterFields(HeaderSection header, string? subject)
    {
        var outer = new List<HeaderField>();
        bool hidden = false;
        foreach (HeaderField field in header.Fields.Where(f => f.IsWellFormed && !f.IsStructural))
        {
            if (subject is null || !field.Is("Subject"))
                outer.Add(field);
            else if (!hidden)
            {
                outer.Add(new HeaderField(Encoding.ASCII.GetBytes($"Subject: {subject}\r\n")));
                hidden = true;
            }
        }
        return outer;
    }

    private static byte[] ContentFields(HeaderSection header)
    {
        var fields = new ArrayBufferWriter<byte>();
        foreach (HeaderField field in header.Fields.Where(f => f.NameStartsWith("Content-")))
            fields.Write(field.Raw.Span);
        fields.Write("\r\n"u8);
        return fields.WrittenSpan.ToArray();
    }

    private static void WriteHeader(PipeWriter message, IEnumerable<HeaderField> outer, ReadOnlySpan<byte> mime)
    {
        foreach (HeaderField field in outer)
            message.Write(field.Raw.Span);
        message.Write(mime);
        message.Write("\r\n"u8);
    }

    private static async Task PrependAsync(ReadOnlyMemory<byte> front, PipeReader body, PipeWriter entity, CancellationToken cancel)
    {
        await entity.WriteAsync(front, cancel);
        await Stages.CopyAsync(body, [entity], cancel);
    }

    private static string MicAlg(SigningRequest signing) => signing.Digest switch
    {
        DigestAlgorithm.Sha384 => "sha-384",
        DigestAlgorithm.Sha512 => "sha-512",
        _ => "sha-256",
    };
}
