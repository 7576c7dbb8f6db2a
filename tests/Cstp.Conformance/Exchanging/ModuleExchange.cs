using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Running;

namespace Cstp.Conformance.Exchanging;

/// <summary>Calls a module over octets in memory, and holds it to what every call owes its caller.</summary>
/// <param name="module">The module.</param>
/// <param name="cancel">Ends every call.</param>
internal sealed class ModuleExchange(ICmsEnveloper module, CancellationToken cancel)
{
    private const int Portion = 65536;

    private readonly HashSet<object> _done = [];

    /// <summary>The signing time of all that is signed.</summary>
    public static DateTimeOffset SigningTime { get; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public ICmsEnveloper Module => module;

    public CancellationToken Cancel => cancel;

    /// <summary>Whether something is to be done now, since the row has not done it yet.</summary>
    /// <param name="what">The thing, by value.</param>
    public bool IsDue(object what) => _done.Add(what);

    public static SigningRequest Signing(CmsIdentity signer, DigestAlgorithm digest = DigestAlgorithm.Sha256) =>
        new(signer, [TestIdentities.Authority], digest, SigningTime);

    public static EncryptionRequest Encryption(ContentCipher cipher, RsaKeyTransport transport, params CmsIdentity[] recipients) =>
        new([.. recipients.Select(recipient => new EncryptionRecipient(recipient.Certificate, transport))], cipher);

    public Task<byte[]> SignAsync(byte[] content, SigningRequest request, int portion = Portion) => WriteAsync(
        PortionReader.Of(content, portion), (input, output) => module.SignAsync(input, output, request, cancel));

    public Task<byte[]> SignAsync(PortionReader content, SigningRequest request) =>
        WriteAsync(content, (input, output) => module.SignAsync(input, output, request, cancel));

    public Task<byte[]> SignDetachedAsync(byte[] content, SigningRequest request) => WriteAsync(
        PortionReader.Of(content, Portion), (input, output) => module.SignDetachedAsync(input, output, request, cancel));

    public Task<byte[]> EncryptAsync(byte[] content, EncryptionRequest request, int portion = Portion) =>
        EncryptAsync(PortionReader.Of(content, portion), request);

    public Task<byte[]> EncryptAsync(PortionReader content, EncryptionRequest request) =>
        WriteAsync(content, (input, output) => module.EncryptAsync(input, output, request, cancel));

    public Task<(DecryptionResult Result, byte[] Output)> DecryptAsync(byte[] message, params CmsIdentity[] keys) =>
        DecryptAsync(PortionReader.Of(message, Portion), new DecryptionRequest(keys));

    public Task<(DecryptionResult Result, byte[] Output)> DecryptAsync(byte[] message, DecryptionRequest request, int portion = Portion) =>
        DecryptAsync(PortionReader.Of(message, portion), request);

    public Task<(DecryptionResult Result, byte[] Output)> DecryptAsync(PortionReader message, DecryptionRequest request) =>
        ReadAsync(message, (input, output) => module.DecryptAsync(input, output, request, cancel));

    public Task<(VerificationResult Result, byte[] Output)> VerifyAsync(byte[] message, int portion = Portion, params EncodedCertificate[] known) =>
        VerifyAsync(PortionReader.Of(message, portion), known);

    public Task<(VerificationResult Result, byte[] Output)> VerifyAsync(PortionReader message, params EncodedCertificate[] known) =>
        ReadAsync(message, (input, output) => module.VerifyAsync(input, output, new VerificationRequest(_ => known), cancel));

    public Task<VerificationResult> VerifyDetachedAsync(byte[] content, byte[] signature, params string[] digests) =>
        VerifyDetachedAsync(PortionReader.Of(content, Portion), PortionReader.Of(signature, Portion), digests);

    public async Task<VerificationResult> VerifyDetachedAsync(PortionReader content, PortionReader signature, params string[] digests)
    {
        VerificationResult result = Answer(await module.VerifyDetachedAsync(content, signature, digests, new VerificationRequest(_ => []), cancel));
        CheckReader(content, "the content");
        CheckReader(signature, "the signature");
        return result;
    }

    private static async Task<byte[]> WriteAsync(PortionReader input, Func<PipeReader, PipeWriter, ValueTask> call)
    {
        var output = new CollectingWriter();
        await call(input, output);
        return Settle(input, output);
    }

    private static async Task<(T Result, byte[] Output)> ReadAsync<T>(PortionReader input, Func<PipeReader, PipeWriter, ValueTask<T>> call)
    {
        var output = new CollectingWriter();
        T result = Answer(await call(input, output));
        return (result, Settle(input, output));
    }

    private static T Answer<T>(T? result) => result ?? throw new Shortfall("the result is null");

    private static byte[] Settle(PortionReader input, CollectingWriter output)
    {
        CheckReader(input, "the input");
        if (output.IsCompleted)
            throw new Shortfall("completed the output, which is the caller's to do");
        return output.Unflushed == 0 ? output.Flushed : throw new Shortfall($"left {output.Unflushed} octets of its output unflushed");
    }

    private static void CheckReader(PortionReader reader, string what)
    {
        if (reader.IsCompleted)
            throw new Shortfall($"completed {what}, which is the caller's to do");
        if (!reader.IsReadToEnd)
            throw new Shortfall($"did not read {what} to its end");
    }
}
