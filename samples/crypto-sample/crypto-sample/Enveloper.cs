using System.Formats.Asn1;
using System.IO.Pipelines;
using CryptoSample.Ber;
using CryptoSample.Encrypting;
using CryptoSample.Signing;
using Cstp.Abstractions;

namespace CryptoSample;

/// <summary>
/// A crypto module that does what every module must do and no more: RSA (PKCS#1 v1.5) and P-256 over SHA-256, AES in CBC and GCM. Keys and
/// signatures are .NET's, streaming GCM is BouncyCastle's, and the structures are walked here.
/// </summary>
/// <remarks>Safe for all threads: nothing is kept between calls.</remarks>
public sealed class Enveloper : ICmsEnveloper
{
    /// <inheritdoc/>
    public CmsCapabilities Capabilities { get; } = new(
        [CmsAlgorithmNames.Sha256],
        [CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.EcdsaP256],
        [CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.EcdhP256],
        [CmsAlgorithmNames.Aes128Cbc, CmsAlgorithmNames.Aes256Cbc, CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.Aes256Gcm],
        KeyReferences: false,
        $".NET {Environment.Version}, BouncyCastle {typeof(Org.BouncyCastle.Crypto.IBlockCipher).Assembly.GetName().Version}");

    /// <inheritdoc/>
    public ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) =>
        WriteAsync(content, cancel, input => SignedDataWriter.WriteAsync(input, new Output(signedData, cancel), request, carries: true));

    /// <inheritdoc/>
    public ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) =>
        WriteAsync(content, cancel, input => SignedDataWriter.WriteAsync(input, new Output(signature, cancel), request, carries: false));

    /// <inheritdoc/>
    public ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
        WriteAsync(content, cancel, input => EnvelopedDataWriter.WriteAsync(input, new Output(envelopedData, cancel), request));

    /// <inheritdoc/>
    public async ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel)
    {
        var output = new Output(content, cancel);
        (DecryptionResult? result, string? fault) =
            await ReadAsync(envelopedData, cancel, input => new EnvelopedDataReader(new BerInput(input), output, request).ReadAsync());
        return result ?? new DecryptionResult.Failed(fault!);
    }

    /// <inheritdoc/>
    public async ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel)
    {
        var output = new Output(content, cancel);
        (VerificationResult? result, string? fault) =
            await ReadAsync(signedData, cancel, input => new SignedDataReader(new BerInput(input), request).ReadAsync(output));
        return result ?? new VerificationResult.Malformed(fault!);
    }

    /// <inheritdoc/>
    public async ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel)
    {
        using var computed = new ContentDigests(digests);
        await WriteAsync(content, cancel, async input =>
        {
            while (await input.PeekAsync() is { IsEmpty: false } piece)
            {
                computed.Add(piece.Span);
                input.Take(piece.Length);
            }
        });
        (VerificationResult? result, string? fault) =
            await ReadAsync(signature, cancel, input => new SignedDataReader(new BerInput(input), request).ReadDetachedAsync(computed));
        return result ?? new VerificationResult.Malformed(fault!);
    }

    private static async ValueTask WriteAsync(PipeReader content, CancellationToken cancel, Func<Input, ValueTask> write)
    {
        var input = new Input(content, cancel);
        try
        {
            await write(input);
        }
        finally
        {
            input.Release();
        }
    }

    /// <summary>Broken input is a result and never an exception; the rest of it is read all the same, so that nobody waits.</summary>
    private static async ValueTask<(T? Result, string? Fault)> ReadAsync<T>(PipeReader source, CancellationToken cancel, Func<Input, Task<T>> read)
        where T : class
    {
        var input = new Input(source, cancel);
        try
        {
            T? result = null;
            string? fault = null;
            try
            {
                result = await read(input);
            }
            catch (Exception broken) when (broken is MalformedException or AsnContentException)
            {
                fault = broken.Message;
            }
            await input.DrainAsync();
            return (result, fault);
        }
        finally
        {
            input.Release();
        }
    }
}
