using System.IO.Pipelines;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Cstp.CryptoBouncyCastle;

namespace Cstp.Tests.EndToEnd;

/// <summary>Makes S/MIME by hand, right and wrong, as a stranger's program would.</summary>
internal static class SmimeWorkshop
{
    private static readonly BouncyCastleEnveloper s_crypto = new();

    public static CmsIdentity Identity(string address, KeyKind kind = KeyKind.P256) =>
        KeyGeneration.Create(kind, Mailbox.Parse(address), Mailbox.Parse(address), DateTimeOffset.UtcNow.AddMinutes(-1))[0].Identity;

    public static async Task<byte[]> SignAsync(string entity, CmsIdentity signer) =>
        await RunAsync(Octets(entity), (from, to) => s_crypto.SignAsync(from, to, Request(signer), default));

    public static async Task<byte[]> SignDetachedAsync(string entity, CmsIdentity signer) =>
        await RunAsync(Octets(entity), (from, to) => s_crypto.SignDetachedAsync(from, to, Request(signer), default));

    public static async Task<byte[]> EncryptAsync(byte[] entity, ContentCipher cipher, params EncodedCertificate[] to) =>
        await RunAsync(entity, (from, output) => s_crypto.EncryptAsync(
            from, output, new EncryptionRequest([.. to.Select(c => new EncryptionRecipient(c, RsaKeyTransport.Pkcs1))], cipher), default));

    public static Task<byte[]> EncryptAsync(string entity, ContentCipher cipher, params EncodedCertificate[] to) => EncryptAsync(Octets(entity), cipher, to);

    /// <summary>An entity of application/pkcs7-mime in base64.</summary>
    public static string Opaque(byte[] cms, string smimeType) =>
        $"Content-Type: application/pkcs7-mime; smime-type={smimeType}; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n{Base64(cms)}";

    public static async Task<string> OpaqueSignedAsync(string entity, CmsIdentity signer) => Opaque(await SignAsync(entity, signer), "signed-data");

    public static async Task<string> EnvelopedAsync(string entity, ContentCipher cipher, params EncodedCertificate[] to) =>
        Opaque(await EncryptAsync(entity, cipher, to), cipher.ToString().EndsWith("Gcm", StringComparison.Ordinal) ? "authEnveloped-data" : "enveloped-data");

    public static async Task<string> ClearSignedAsync(string entity, CmsIdentity signer, string boundary = "bb", string micalg = "sha-256") =>
        ClearSigned(entity, await SignDetachedAsync(entity, signer), boundary, micalg);

    public static string ClearSigned(string entity, byte[] signature, string boundary = "bb", string micalg = "sha-256") =>
        $"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg={micalg}; boundary={boundary}\r\n\r\n--{boundary}\r\n{entity}\r\n--{boundary}\r\n"
        + $"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n{Base64(signature)}\r\n--{boundary}--\r\n";

    /// <summary>A whole message around an entity.</summary>
    public static string Message(string from, string entity, string more = "") =>
        $"From: {from}\r\nTo: anna@intel.test\r\nSubject: outside\r\n{more}MIME-Version: 1.0\r\n{entity}";

    public static string Base64(byte[] octets) => Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks) + "\r\n";

    public static byte[] Octets(string text) => Encoding.Latin1.GetBytes(text);

    private static SigningRequest Request(CmsIdentity signer) => new(signer, [], DigestAlgorithm.Sha256, DateTimeOffset.UtcNow);

    private static async Task<byte[]> RunAsync(byte[] input, Func<PipeReader, PipeWriter, ValueTask> stage)
    {
        var output = new MemoryStream();
        PipeReader from = PipeReader.Create(new MemoryStream(input));
        PipeWriter to = PipeWriter.Create(output);
        await stage(from, to);
        await from.CompleteAsync();
        await to.CompleteAsync();
        return output.ToArray();
    }
}
