using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;

namespace Cstp.Crypto.Tests;

/// <summary>Runs the module over octets in memory, delivered in portions of any size.</summary>
internal static class Exchange
{
    /// <summary>The module under test; the same sources are built once for each.</summary>
#if OPENSSL
    public const string LibraryName = "OpenSSL 3.";
    public static readonly ICmsEnveloper Module = new Cstp.CryptoOpenSslInterop.OpenSslEnveloper();
#else
    public const string LibraryName = "BouncyCastle 2.7";
    public static readonly ICmsEnveloper Module = new Cstp.CryptoBouncyCastle.BouncyCastleEnveloper();
#endif

    public static SigningRequest Signing(CmsIdentity signer, DigestAlgorithm digest = DigestAlgorithm.Sha256) => ModuleExchange.Signing(signer, digest);

    public static EncryptionRequest Encryption(ContentCipher cipher, RsaKeyTransport transport, params CmsIdentity[] recipients) =>
        ModuleExchange.Encryption(cipher, transport, recipients);

    public static async Task<byte[]> SignAsync(byte[] content, SigningRequest request, int portion = 65536) =>
        (await RunAsync(content, portion, async (reader, writer) =>
        {
            await Module.SignAsync(reader, writer, request, TestContext.Current.CancellationToken);
            return true;
        })).Output;

    public static async Task<byte[]> SignDetachedAsync(byte[] content, SigningRequest request) =>
        (await RunAsync(content, 65536, async (reader, writer) =>
        {
            await Module.SignDetachedAsync(reader, writer, request, TestContext.Current.CancellationToken);
            return true;
        })).Output;

    public static async Task<byte[]> EncryptAsync(byte[] content, EncryptionRequest request, int portion = 65536) =>
        (await RunAsync(content, portion, async (reader, writer) =>
        {
            await Module.EncryptAsync(reader, writer, request, TestContext.Current.CancellationToken);
            return true;
        })).Output;

    public static Task<(DecryptionResult Result, byte[] Output)> DecryptAsync(byte[] message, params CmsIdentity[] keys) =>
        DecryptAsync(message, new DecryptionRequest(keys));

    public static Task<(DecryptionResult Result, byte[] Output)> DecryptAsync(byte[] message, DecryptionRequest request, int portion = 65536) =>
        RunAsync(message, portion, (reader, writer) => Module.DecryptAsync(reader, writer, request, TestContext.Current.CancellationToken));

    public static Task<(VerificationResult Result, byte[] Output)> VerifyAsync(byte[] message, int portion = 65536, params EncodedCertificate[] known) =>
        RunAsync(message, portion, (reader, writer) =>
            Module.VerifyAsync(reader, writer, new VerificationRequest(_ => known), TestContext.Current.CancellationToken));

    public static async Task<VerificationResult> VerifyDetachedAsync(byte[] content, byte[] signature, params string[] digests)
    {
        PipeReader message = PipeReader.Create(new ReadOnlySequence<byte>(content));
        PipeReader detached = PipeReader.Create(new ReadOnlySequence<byte>(signature));
        return await Module.VerifyDetachedAsync(
            message, detached, digests, new VerificationRequest(_ => []), TestContext.Current.CancellationToken);
    }

    /// <summary>The only signer's result.</summary>
    public static SignerResult Signer(VerificationResult result) =>
        Assert.Single(Assert.IsType<VerificationResult.Checked>(result).Signers);

    public static byte[] Content(int length) => Octets.Of(length);

    public static async Task<(T Result, byte[] Output)> RunAsync<T>(byte[] input, int portion, Func<PipeReader, PipeWriter, ValueTask<T>> stage)
    {
        var source = new Pipe();
        var target = new Pipe();
        Task feed = FeedAsync(input, portion, source.Writer);
        Task<byte[]> collect = CollectAsync(target.Reader);
        T result;
        try
        {
            result = await stage(source.Reader, target.Writer);
        }
        finally
        {
            await source.Reader.CompleteAsync();
            await target.Writer.CompleteAsync();
        }

        await feed;
        return (result, await collect);
    }

    public static async Task<byte[]> CollectAsync(PipeReader reader)
    {
        var output = new ArrayBufferWriter<byte>();
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                output.Write(segment.Span);
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return output.WrittenSpan.ToArray();
        }
    }

    private static async Task FeedAsync(byte[] input, int portion, PipeWriter writer)
    {
        for (int offset = 0; offset < input.Length; offset += portion)
        {
            FlushResult flush = await writer.WriteAsync(input.AsMemory(offset, Math.Min(portion, input.Length - offset)));
            if (flush.IsCompleted)
                break;
        }

        await writer.CompleteAsync();
    }
}
