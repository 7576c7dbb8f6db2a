using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle;

namespace Cstp.Tests.Conformance;

/// <summary>A module that does everything right; those derived from it get one thing wrong.</summary>
internal class BrokenModule : ICmsEnveloper
{
    private readonly BouncyCastleEnveloper _right = new();

    public virtual CmsCapabilities Capabilities => _right.Capabilities;

    public virtual ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) =>
        _right.SignAsync(content, signedData, request, cancel);

    public virtual ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) =>
        _right.SignDetachedAsync(content, signature, request, cancel);

    public virtual ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
        _right.EncryptAsync(content, envelopedData, request, cancel);

    public virtual ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel) =>
        _right.DecryptAsync(envelopedData, content, request, cancel);

    public virtual ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel) =>
        _right.VerifyAsync(signedData, content, request, cancel);

    public virtual ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel) =>
        _right.VerifyDetachedAsync(content, signature, digests, request, cancel);

    /// <summary>Reads all there is.</summary>
    protected static async Task<byte[]> ReadAllAsync(PipeReader reader, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await reader.ReadAsync(cancel);
            }
            catch (InvalidDataException failed)
            {
                throw new IOException("the input failed", failed);
            }
            if (read.IsCompleted)
            {
                byte[] all = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return all;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}

/// <summary>Says that every signature holds.</summary>
internal sealed class VerifiesNothing : BrokenModule
{
    public override async ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel) =>
        AllValid(await base.VerifyAsync(signedData, content, request, cancel));

    public override async ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel) =>
        AllValid(await base.VerifyDetachedAsync(content, signature, digests, request, cancel));

    private static VerificationResult AllValid(VerificationResult result) => result is VerificationResult.Checked found
        ? found with { Signers = [.. found.Signers.Select(signer => signer with { Validity = SignatureValidity.Valid, Reason = null })] }
        : result;
}

/// <summary>Gives out decrypted content without its last 16 octets.</summary>
internal sealed class LosesTheLastBlock : BrokenModule
{
    public override async ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel)
    {
        var whole = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        DecryptionResult result = await base.DecryptAsync(envelopedData, whole.Writer, request, cancel);
        await whole.Writer.CompleteAsync();
        byte[] octets = await ReadAllAsync(whole.Reader, cancel);
        FlushResult flush = await content.WriteAsync(octets.AsMemory(0, Math.Max(0, octets.Length - 16)), cancel);
        return flush.IsCompleted ? throw new IOException("the reader gave up") : result;
    }
}

/// <summary>Takes AuthEnvelopedData for opened, whether the tag is right or not.</summary>
internal sealed class IgnoresTheTag : BrokenModule
{
    private static readonly byte[] AuthEnvelopedData = [0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17];

    public override async ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel)
    {
        byte[] message = await ReadAllAsync(envelopedData, cancel);
        DecryptionResult result = await base.DecryptAsync(PipeReader.Create(new ReadOnlySequence<byte>(message)), content, request, cancel);
        return result is DecryptionResult.Failed { Reason: var reason } && reason.Contains("mac", StringComparison.Ordinal) && message.AsSpan().IndexOf(AuthEnvelopedData) >= 0
            ? new DecryptionResult.Decrypted(true, request.Keys[0], CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.RsaPkcs1)
            : result;
    }
}

/// <summary>Reads each input whole before it does anything.</summary>
internal sealed class BuffersEverything : BrokenModule
{
    public override async ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) =>
        await base.SignAsync(await HeldAsync(content, cancel), signedData, request, cancel);

    public override async ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) =>
        await base.SignDetachedAsync(await HeldAsync(content, cancel), signature, request, cancel);

    public override async ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
        await base.EncryptAsync(await HeldAsync(content, cancel), envelopedData, request, cancel);

    public override async ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel) =>
        await base.DecryptAsync(await HeldAsync(envelopedData, cancel), content, request, cancel);

    public override async ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel) =>
        await base.VerifyAsync(await HeldAsync(signedData, cancel), content, request, cancel);

    public override async ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel) =>
        await base.VerifyDetachedAsync(await HeldAsync(content, cancel), signature, digests, request, cancel);

    private static async Task<PipeReader> HeldAsync(PipeReader reader, CancellationToken cancel) =>
        PipeReader.Create(new ReadOnlySequence<byte>(await ReadAllAsync(reader, cancel)));
}

/// <summary>Keeps its caller's thread while it waits for content to encrypt.</summary>
internal sealed class BlocksItsCaller : BrokenModule
{
    public override ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel)
    {
        using var read = new ManualResetEventSlim();
        byte[] held = [];
        _ = HoldAsync();
        read.Wait(cancel);
        return base.EncryptAsync(PipeReader.Create(new ReadOnlySequence<byte>(held)), envelopedData, request, cancel);

        async Task HoldAsync()
        {
            held = await ReadAllAsync(content, cancel);
            read.Set();
        }
    }
}

/// <summary>Throws whenever it is asked to do anything.</summary>
internal sealed class Throws : BrokenModule
{
    public override ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) => throw Fault();

    public override ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) => throw Fault();

    public override ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) => throw Fault();

    public override ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel) => throw Fault();

    public override ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel) => throw Fault();

    public override ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel) => throw Fault();

    private static NullReferenceException Fault() => new("out of order");
}

/// <summary>Can do less than it could.</summary>
/// <param name="signatures">The signature algorithms left.</param>
internal sealed class DoesLess(params string[] signatures) : BrokenModule
{
    public override CmsCapabilities Capabilities => base.Capabilities with { Signatures = signatures };
}
