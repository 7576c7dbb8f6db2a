using System.IO.Pipelines;
using System.Reflection;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Decrypting;
using Cstp.CryptoBouncyCastle.Encrypting;
using Cstp.CryptoBouncyCastle.Pipes;
using Cstp.CryptoBouncyCastle.Signing;
using Cstp.CryptoBouncyCastle.Verifying;
using Org.BouncyCastle.Crypto;

namespace Cstp.CryptoBouncyCastle;

/// <summary>CMS with BouncyCastle's algorithms: managed code alone, with no library of the operating system beneath.</summary>
/// <remarks>
/// It walks the structure itself, front to back, and gives BouncyCastle only elements of bounded size; so its memory does not
/// depend on the message, and no thread waits for octets.
/// </remarks>
public sealed class BouncyCastleEnveloper : ICmsEnveloper
{
    private static readonly string[] s_digests = [CmsAlgorithmNames.Sha256, CmsAlgorithmNames.Sha384, CmsAlgorithmNames.Sha512];

    private static readonly string[] s_signatures =
    [
        CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.RsaPss, CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.EcdsaP384,
        CmsAlgorithmNames.EcdsaP521, CmsAlgorithmNames.Ed25519, CmsAlgorithmNames.MlDsa44, CmsAlgorithmNames.MlDsa65, CmsAlgorithmNames.MlDsa87,
    ];

    private static readonly string[] s_keyManagement =
    [
        CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.RsaOaep, CmsAlgorithmNames.EcdhP256, CmsAlgorithmNames.EcdhP384,
        CmsAlgorithmNames.EcdhP521, CmsAlgorithmNames.X25519, CmsAlgorithmNames.MlKem512, CmsAlgorithmNames.MlKem768, CmsAlgorithmNames.MlKem1024,
    ];

    private static readonly string[] s_contentEncryption =
    [
        CmsAlgorithmNames.Aes256Gcm, CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.Aes256Cbc, CmsAlgorithmNames.Aes128Cbc,
    ];

    /// <inheritdoc/>
    public CmsCapabilities Capabilities { get; } =
        new(s_digests, s_signatures, s_keyManagement, s_contentEncryption, KeyReferences: false, LibraryName());

    /// <inheritdoc/>
    public async ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) =>
        await Task.Run(() => SignedDataWriter.WriteAttachedAsync(Source(content, cancel), Sink(signedData, cancel), request), cancel);

    /// <inheritdoc/>
    public async ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) =>
        await Task.Run(() => SignedDataWriter.WriteDetachedAsync(Source(content, cancel), Sink(signature, cancel), request), cancel);

    /// <inheritdoc/>
    public async ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
        await Task.Run(() => EnvelopedDataWriter.WriteAsync(Source(content, cancel), Sink(envelopedData, cancel), request), cancel);

    /// <inheritdoc/>
    public async ValueTask<DecryptionResult> DecryptAsync(
        PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel)
    {
        OctetSource source = Source(envelopedData, cancel);
        OctetSink sink = Sink(content, cancel);
        DecryptionResult result = await InputNet.ReadAsync(
            () => new EnvelopedDataReader(source, sink, request).ReadAsync(), reason => new DecryptionResult.Failed(reason), cancel);
        await source.DrainAsync();
        await sink.FlushAsync();
        return result;
    }

    /// <inheritdoc/>
    public async ValueTask<VerificationResult> VerifyAsync(
        PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel)
    {
        OctetSource source = Source(signedData, cancel);
        OctetSink sink = Sink(content, cancel);
        VerificationResult result = await InputNet.ReadAsync(
            async () => Judge(await new SignedDataReader(source).ReadAttachedAsync(sink), request),
            reason => new VerificationResult.Malformed(reason),
            cancel);
        await source.DrainAsync();
        await sink.FlushAsync();
        return result;
    }

    /// <inheritdoc/>
    public async ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel)
    {
        var computed = new ContentDigests(digests.Select(DigestKind.Find).OfType<DigestKind>());
        await Task.Run(() => DigestAsync(Source(content, cancel), computed), cancel);
        OctetSource source = Source(signature, cancel);
        VerificationResult result = await InputNet.ReadAsync(
            async () => Judge(await new SignedDataReader(source).ReadDetachedAsync(computed), request),
            reason => new VerificationResult.Malformed(reason),
            cancel);
        await source.DrainAsync();
        return result;
    }

    private static async Task DigestAsync(OctetSource content, ContentDigests digests)
    {
        while (await content.FillAsync())
            digests.Update(content.Take(long.MaxValue).Span);
        digests.Finish();
    }

    private static VerificationResult Judge(SignedMessage message, VerificationRequest request) =>
        new VerificationResult.Checked(new SignerCheck(message, request.Lookup).Judge(), message.Certificates);

    private static OctetSource Source(PipeReader reader, CancellationToken cancel) => new(reader, cancel);

    private static OctetSink Sink(PipeWriter writer, CancellationToken cancel) => new(writer, cancel);

    // The assembly version stays the same over many releases, the file version does not.
    private static string LibraryName() =>
        $"BouncyCastle {typeof(IDigest).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version ?? "of unknown version"}";
}
