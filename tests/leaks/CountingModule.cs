using System.IO.Pipelines;
using Cstp.Abstractions;

namespace Cstp.Leaks;

/// <summary>Counts the operations of a module.</summary>
/// <param name="module">The module.</param>
internal sealed class CountingModule(ICmsEnveloper module) : ICmsEnveloper
{
    private long _operations;

    public long Operations => Interlocked.Read(ref _operations);

    /// <inheritdoc/>
    public CmsCapabilities Capabilities => module.Capabilities;

    private ICmsEnveloper Next
    {
        get
        {
            Interlocked.Increment(ref _operations);
            return module;
        }
    }

    /// <inheritdoc/>
    public ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) => Next.SignAsync(content, signedData, request, cancel);

    /// <inheritdoc/>
    public ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) =>
        Next.SignDetachedAsync(content, signature, request, cancel);

    /// <inheritdoc/>
    public ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
        Next.EncryptAsync(content, envelopedData, request, cancel);

    /// <inheritdoc/>
    public ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel) =>
        Next.DecryptAsync(envelopedData, content, request, cancel);

    /// <inheritdoc/>
    public ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel) =>
        Next.VerifyAsync(signedData, content, request, cancel);

    /// <inheritdoc/>
    public ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel) =>
        Next.VerifyDetachedAsync(content, signature, digests, request, cancel);
}
