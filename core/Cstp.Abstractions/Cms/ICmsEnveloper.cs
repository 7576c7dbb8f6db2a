using System.IO.Pipelines;

namespace Cstp.Abstractions;

/// <summary>
/// A crypto module: makes and opens CMS (RFC 5652, 5083) as a stream, in memory that does not depend on the content's size.
/// </summary>
/// <remarks>
/// <para>One instance serves all sessions; every member may be called by any number of threads at once.</para>
/// <para>
/// Each method reads its input to the end, flushes its output, and leaves completing both pipes to the caller. It may compute on
/// the calling thread for long, but never blocks it until a pipe moves: the other end of the pipe may be served by this very
/// thread. A module that can only wait by blocking does so on a thread of its own. What it wrote before it returned is unverified:
/// only the result says whether it may be used.
/// </para>
/// <para>
/// BER with indefinite lengths is written, BER and DER are read. Broken input, however broken, is a result and never an
/// exception. Exceptions: <see cref="CmsKeyException"/> (a key or certificate given cannot be used), <see cref="IOException"/>
/// (reading or writing a pipe failed) and <see cref="OperationCanceledException"/>; each fails the transaction with a 4xx reply.
/// </para>
/// <para>Whether a signer may be trusted is the host's business; a module judges mathematics alone.</para>
/// </remarks>
public interface ICmsEnveloper
{
    /// <summary>What the module can do; the same at every call.</summary>
    CmsCapabilities Capabilities { get; }

    /// <summary>Signs content into a SignedData that carries it (RFC 5652 5), inside a ContentInfo.</summary>
    /// <param name="content">The octets to sign, as they are.</param>
    /// <param name="signedData">Receives BER.</param>
    /// <param name="request">The signer and the choices.</param>
    /// <param name="cancel">Ends the operation with <see cref="OperationCanceledException"/>.</param>
    ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel);

    /// <summary>Signs content into a SignedData without it (a detached signature, RFC 8551 3.5.3).</summary>
    /// <param name="content">The octets to sign, as they are.</param>
    /// <param name="signature">Receives BER, after the content's end.</param>
    /// <param name="request">The signer and the choices.</param>
    /// <param name="cancel">Ends the operation.</param>
    ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel);

    /// <summary>Encrypts content into EnvelopedData or AuthEnvelopedData, inside a ContentInfo.</summary>
    /// <param name="content">The octets to encrypt.</param>
    /// <param name="envelopedData">Receives BER.</param>
    /// <param name="request">Recipients and algorithms.</param>
    /// <param name="cancel">Ends the operation.</param>
    ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel);

    /// <summary>Decrypts a ContentInfo with EnvelopedData or AuthEnvelopedData.</summary>
    /// <param name="envelopedData">BER or DER.</param>
    /// <param name="content">Receives the content octets; not to be used unless the result is <see cref="DecryptionResult.Decrypted"/>.</param>
    /// <param name="request">The keys that may be tried.</param>
    /// <param name="cancel">Ends the operation.</param>
    ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel);

    /// <summary>Checks a ContentInfo with SignedData that carries its content.</summary>
    /// <param name="signedData">BER or DER.</param>
    /// <param name="content">Receives the content octets; not to be used before the result is known.</param>
    /// <param name="request">Where further certificates come from.</param>
    /// <param name="cancel">Ends the operation.</param>
    ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel);

    /// <summary>Checks a detached signature over content.</summary>
    /// <param name="content">The octets that were signed; read to the end before the signature is.</param>
    /// <param name="signature">A ContentInfo with SignedData that carries no content.</param>
    /// <param name="digests">
    /// Names (<see cref="CmsAlgorithmNames"/>) of the digests to compute over the content; unknown names are ignored. A signer with another
    /// one gets <see cref="SignatureValidity.DigestMissing"/>.
    /// </param>
    /// <param name="request">Where further certificates come from.</param>
    /// <param name="cancel">Ends the operation.</param>
    ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel);
}
