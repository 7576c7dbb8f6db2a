using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Running;

namespace Cstp.Conformance.Crypto;

/// <summary>What happens at the pipes: failure, cancellation and a reader that is slow.</summary>
internal static class PipeRules
{
    private const int Megabyte = 1 << 20;

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private static readonly Lazy<byte[]> s_signed = new(() => new SignedDataForge { Content = new byte[8 * Megabyte] }.Build());

    private static readonly (string Id, string Title, Func<ModuleExchange, PipeReader, PipeWriter, CancellationToken, Task> Call, Func<byte[]?> Input)[] s_calls =
    [
        ("sign", "signing", (module, input, output, cancel) => module.Module.SignAsync(input, output, ModuleExchange.Signing(TestIdentities.P256), cancel).AsTask(), () => null),
        ("encrypt-cbc", "encrypting (CBC)", (module, input, output, cancel) => module.Module.EncryptAsync(
            input, output, ModuleExchange.Encryption(ContentCipher.Aes128Cbc, RsaKeyTransport.Pkcs1, TestIdentities.P256), cancel).AsTask(), () => null),
        ("encrypt-gcm", "encrypting (GCM)", (module, input, output, cancel) => module.Module.EncryptAsync(
            input, output, ModuleExchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256), cancel).AsTask(), () => null),
        ("verify", "verifying", (module, input, output, cancel) => module.Module.VerifyAsync(input, output, new VerificationRequest(_ => []), cancel).AsTask(), () => s_signed.Value),
        ("decrypt-cbc", "decrypting (CBC)", DecryptAsync, () => Encrypted(ContentCipher.Aes128Cbc)),
        ("decrypt-gcm", "decrypting (GCM)", DecryptAsync, () => Encrypted(ContentCipher.Aes128Gcm)),
    ];

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        .. s_calls.Select(call => new CryptoRule($"cancel.{call.Id}", $"cancellation ends {call.Title}, waiting for input or for its reader", async module =>
        {
            await CancelAsync(module, call.Call, []);
            await CancelAsync(module, call.Call, call.Input() ?? new byte[4 * Megabyte]);
        })),
        .. s_calls.Select(call => new CryptoRule($"backpressure.{call.Id}", $"{call.Title} stops reading where its own reader stops, and goes on with it", module =>
            SlowReaderAsync(module, call.Call, call.Input()))),
        .. s_calls.Select(call => new CryptoRule($"input-failed.{call.Id}", $"an input that failed ends {call.Title} with an IOException, never with a result", module =>
            InputFailedAsync(module, call.Call, call.Input() ?? new byte[100_000]))),
        .. s_calls.Select(call => new CryptoRule($"reader-gone.{call.Id}", $"a reader who gave up ends {call.Title} with an IOException", module =>
            ReaderGoneAsync(module, call.Call, call.Input() ?? new byte[4 * Megabyte]))),
        .. s_calls.Select(call => new CryptoRule($"caller.{call.Id}", $"{call.Title} gives its caller's thread back while it waits for a pipe", module =>
            CallerAsync(module, call.Call, call.Input() ?? new byte[4 * Megabyte]))),
        new("cancel.before", "a call that was cancelled before it began does nothing", async module =>
        {
            foreach (var call in s_calls)
                await Expect.ThrowsAsync<OperationCanceledException>(() => call.Call(module, PipeReader.Create(Stream.Null), new CollectingWriter(), new CancellationToken(true)), call.Title);
        }),
        new("lookup.throws", "what the host's certificate look-up throws reaches the host", async module =>
            await Expect.ThrowsAsync<InvalidTimeZoneException>(
                async () => await module.Module.VerifyAsync(
                    new PortionReader(new SignedDataForge().Build()), new CollectingWriter(), new VerificationRequest(_ => throw new InvalidTimeZoneException()), module.Cancel),
                "the look-up")),
    ];

    private static Task DecryptAsync(ModuleExchange module, PipeReader input, PipeWriter output, CancellationToken cancel) =>
        module.Module.DecryptAsync(input, output, new DecryptionRequest([TestIdentities.P256]), cancel).AsTask();

    private static byte[] Encrypted(ContentCipher cipher) =>
        EnvelopedDataForge.Of(cipher, CmsAlgorithmNames.EcdhP256, TestIdentities.P256, new byte[8 * Megabyte]).Build();

    private static async Task CancelAsync(ModuleExchange module, Func<ModuleExchange, PipeReader, PipeWriter, CancellationToken, Task> call, byte[] input)
    {
        Pipe source = new(), target = new();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(module.Cancel);
        Task feed = Task.Run(() => input.Length == 0 ? Task.CompletedTask : new PipeFeed(source.Writer, 0).RunAsync(input));
        Task running = Task.Run(() => call(module, source.Reader, target.Writer, cancel.Token));
        await Task.Delay(100, module.Cancel);
        Expect.That(!running.IsCompleted, $"ended before it was cancelled: {running.Exception?.GetBaseException().Message ?? "without an error"}");
        await cancel.CancelAsync();
        await Expect.ThrowsAsync<OperationCanceledException>(() => InTimeAsync(running), "cancelled");
        await source.Reader.CompleteAsync();
        await target.Writer.CompleteAsync();
        await feed;
    }

    /// <summary>The other end of a pipe may be served by the thread that calls, and by none else.</summary>
    private static async Task CallerAsync(ModuleExchange module, Func<ModuleExchange, PipeReader, PipeWriter, CancellationToken, Task> call, byte[] input)
    {
        var inline = new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline);
        Pipe source = new(inline), target = new(inline);
        Task<Task> caller = Task.Run(() =>
        {
            Task running = call(module, source.Reader, target.Writer, module.Cancel);
            Task feeding = new PipeFeed(source.Writer, 0).RunAsync(input);
            Task draining = target.Reader.CopyToAsync(Stream.Null, module.Cancel);
            return Task.FromResult(FinishAsync(running, feeding, draining));
        });
        Expect.That(await Task.WhenAny(caller, Task.Delay(s_soon, module.Cancel)) == caller, "the caller's thread was kept, waiting for a pipe");
        await InTimeAsync(await caller);

        async Task FinishAsync(Task running, Task feeding, Task draining)
        {
            await running;
            await target.Writer.CompleteAsync();
            await source.Reader.CompleteAsync();
            await Task.WhenAll(feeding, draining);
        }
    }

    private static async Task SlowReaderAsync(ModuleExchange module, Func<ModuleExchange, PipeReader, PipeWriter, CancellationToken, Task> call, byte[]? message)
    {
        Pipe source = new(), target = new();
        var feed = new PipeFeed(source.Writer, 8 * Megabyte);
        Task feeding = Task.Run(() => message is null ? feed.RunAsync() : feed.RunAsync(message));
        Task running = Task.Run(() => call(module, source.Reader, target.Writer, module.Cancel));
        long before = -1;
        for (int i = 0; i < 50 && (before != feed.Written || before == 0); i++)
        {
            before = feed.Written;
            await Task.Delay(100, module.Cancel);
        }
        Expect.That(feed.Written < 2 * Megabyte, $"{feed.Written} octets were read while nobody read the output");
        Task drain = target.Reader.CopyToAsync(Stream.Null, module.Cancel);
        await running;
        await target.Writer.CompleteAsync();
        await source.Reader.CompleteAsync();
        await drain;
        await feeding;
    }

    private static async Task InputFailedAsync(ModuleExchange module, Func<ModuleExchange, PipeReader, PipeWriter, CancellationToken, Task> call, byte[] input)
    {
        foreach (int length in new[] { 0, 2, Math.Min(input.Length - 10, 100_000) })
        {
            var source = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            await source.Writer.WriteAsync(input.AsMemory(0, length), module.Cancel);
            await source.Writer.CompleteAsync(new InvalidDataException("the stage before failed"));
            await Expect.ThrowsAsync<IOException>(() => InTimeAsync(call(module, source.Reader, new CollectingWriter(), module.Cancel)), $"input that fails after {length} octets");
        }
    }

    private static async Task ReaderGoneAsync(ModuleExchange module, Func<ModuleExchange, PipeReader, PipeWriter, CancellationToken, Task> call, byte[] input)
    {
        var target = new Pipe();
        await target.Reader.CompleteAsync();
        await Expect.ThrowsAsync<IOException>(() => InTimeAsync(call(module, new PortionReader(input), target.Writer, module.Cancel)), "a reader who gave up");
    }

    private static async Task InTimeAsync(Task running)
    {
        try
        {
            await running.WaitAsync(s_soon);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            throw new Shortfall($"still runs after {s_soon.TotalSeconds:0} s");
        }
    }
}
