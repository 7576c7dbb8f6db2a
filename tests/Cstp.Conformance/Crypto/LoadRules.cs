using System.Diagnostics;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;

namespace Cstp.Conformance.Crypto;

/// <summary>Large messages in little memory, and many at once.</summary>
internal static class LoadRules
{
    private const long Megabyte = 1 << 20;
    private const long Size = 100 * Megabyte;
    private const long MostMemory = 48 * Megabyte;
    private const long Between = 20 * Megabyte;

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("parallel", "64 tasks at once each get back their own content", ParallelAsync),
        new("large.signed", "100 MiB are signed and verified in memory that does not grow with them", SignedAsync),
        new("large.detached", "100 MiB are signed detached and verified in memory that does not grow with them", DetachedAsync),
        new("large.cbc", "100 MiB are encrypted and decrypted with AES-256-CBC in memory that does not grow with them", module => EncryptedAsync(module, ContentCipher.Aes256Cbc)),
        new("large.gcm", "100 MiB are encrypted and decrypted with AES-256-GCM in memory that does not grow with them", module => EncryptedAsync(module, ContentCipher.Aes256Gcm)),
    ];

    private static Task ParallelAsync(ModuleExchange module)
    {
        CmsIdentity[] keys = [TestIdentities.P256, TestIdentities.Rsa];
        ContentCipher[] ciphers = Enum.GetValues<ContentCipher>();
        return Task.WhenAll(Enumerable.Range(0, 64).Select(number => Task.Run(async () =>
        {
            byte[] content = Octets.Of(5000 + number * 997);
            CmsIdentity key = keys[number % keys.Length];
            byte[] signed = await module.SignAsync(content, ModuleExchange.Signing(key));
            byte[] detached = await module.SignDetachedAsync(content, ModuleExchange.Signing(key));
            byte[] encrypted = await module.EncryptAsync(signed, ModuleExchange.Encryption(ciphers[number % 4], RsaKeyTransport.Pkcs1, key));
            (DecryptionResult opened, byte[] decrypted) = await module.DecryptAsync(encrypted, key);
            Expect.Decrypted(opened, $"task {number}");
            Expect.Same(signed, decrypted, $"task {number}");
            (VerificationResult result, byte[] output) = await module.VerifyAsync(decrypted);
            Expect.Valid(result, $"task {number}");
            Expect.Same(content, output, $"task {number}");
            Expect.Valid(await module.VerifyDetachedAsync(content, detached, CmsAlgorithmNames.Sha256), $"task {number}");
        })));
    }

    private static async Task SignedAsync(ModuleExchange module)
    {
        Pipe plain = new(), signed = new(), verified = new();
        Task sign = StageAsync(plain.Reader, signed.Writer, () => module.Module.SignAsync(plain.Reader, signed.Writer, ModuleExchange.Signing(TestIdentities.P256), module.Cancel).AsTask());
        Task<VerificationResult>? verify = null;
        Task verifying = StageAsync(signed.Reader, verified.Writer, () =>
            verify = module.Module.VerifyAsync(signed.Reader, verified.Writer, new VerificationRequest(_ => []), module.Cancel).AsTask());
        await ComparedAsync(plain.Writer, verified.Reader, async () => Expect.Valid(await verify!, "100 MiB"), sign, verifying);
    }

    private static async Task EncryptedAsync(ModuleExchange module, ContentCipher cipher)
    {
        Pipe plain = new(), encrypted = new(), decrypted = new();
        Task encrypt = StageAsync(plain.Reader, encrypted.Writer, () => module.Module.EncryptAsync(
            plain.Reader, encrypted.Writer, ModuleExchange.Encryption(cipher, RsaKeyTransport.Pkcs1, TestIdentities.P256), module.Cancel).AsTask());
        Task<DecryptionResult>? decrypt = null;
        Task decrypting = StageAsync(encrypted.Reader, decrypted.Writer, () =>
            decrypt = module.Module.DecryptAsync(encrypted.Reader, decrypted.Writer, new DecryptionRequest([TestIdentities.P256]), module.Cancel).AsTask());
        await ComparedAsync(plain.Writer, decrypted.Reader, async () => Expect.Decrypted(await decrypt!, "100 MiB"), encrypt, decrypting);
    }

    private static async Task DetachedAsync(ModuleExchange module)
    {
        var signature = new CollectingWriter();
        await FedAsync(reader => module.Module.SignDetachedAsync(reader, signature, ModuleExchange.Signing(TestIdentities.P256), module.Cancel).AsTask());
        var detached = new PortionReader(signature.Flushed);
        VerificationResult? result = null;
        await FedAsync(async reader =>
            result = await module.Module.VerifyDetachedAsync(reader, detached, [CmsAlgorithmNames.Sha256], new VerificationRequest(_ => []), module.Cancel));
        Expect.Valid(result!, "100 MiB");
    }

    private static async Task FedAsync(Func<PipeReader, Task> call)
    {
        var plain = new Pipe();
        var memory = new MemoryWatch();
        long fed = 0;
        Task feed = Task.Run(() => new PipeFeed(plain.Writer, Size).RunAsync(portion => memory.After(ref fed, portion.Length)));
        await StageAsync(plain.Reader, null, () => call(plain.Reader));
        await feed;
        memory.Expect();
    }

    private static async Task ComparedAsync(PipeWriter input, PipeReader output, Func<Task> judge, params Task[] stages)
    {
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var memory = new MemoryWatch();
        Task feed = Task.Run(() => new PipeFeed(input, Size).RunAsync(sent.AppendData));
        long octets = 0;
        while (true)
        {
            ReadResult read = await output.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                received.AppendData(segment.Span);
            memory.After(ref octets, read.Buffer.Length);
            output.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }
        await Task.WhenAll([.. stages, feed]);
        await judge();
        Expect.That(octets == Size, $"{octets} octets came out of {Size}");
        Expect.That(sent.GetHashAndReset().AsSpan().SequenceEqual(received.GetHashAndReset()), "other octets came out");
        memory.Expect();
    }

    /// <summary>Runs a stage and completes its pipes, whatever became of it.</summary>
    private static async Task StageAsync(PipeReader reader, PipeWriter? writer, Func<Task> call)
    {
        try
        {
            await Task.Run(call);
        }
        finally
        {
            await reader.CompleteAsync();
            if (writer is not null)
                await writer.CompleteAsync();
        }
    }

    /// <summary>The most memory that is live at once, beyond what was at the beginning; what is garbage does not count.</summary>
    private sealed class MemoryWatch
    {
        private readonly long _managed;
        private readonly long _native;
        private long _most;

        public MemoryWatch()
        {
            // What .NET's heap kept of earlier work would else be given back while we watch, and what is left seem to grow.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            _managed = GC.GetTotalMemory(true);
            _native = Native();
        }

        public void After(ref long octets, long more)
        {
            if (octets / Between != (octets + more) / Between)
                _most = Math.Max(_most, Math.Max(GC.GetTotalMemory(true) - _managed, Native() - _native));
            octets += more;
        }

        public void Expect() => Exchanging.Expect.That(_most < MostMemory, $"{_most / Megabyte} MiB of memory were held");

        // What libraries beneath .NET take, without the part of .NET's own heap.
        private static long Native()
        {
            using var self = Process.GetCurrentProcess();
            return self.WorkingSet64 - GC.GetGCMemoryInfo().TotalCommittedBytes;
        }
    }
}
