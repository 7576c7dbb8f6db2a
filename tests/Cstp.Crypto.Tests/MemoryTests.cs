using System.IO.Pipelines;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>What is measured in memory, and so runs alone.</summary>
[Collection(nameof(MemoryTests))]
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests
{
    private const int Megabyte = 1 << 20;

    [Theory]
    [InlineData("84FFFFFFFF")]
    [InlineData("850100000000")]
    [InlineData("88FFFFFFFFFFFFFFFF")]
    [InlineData("887FFFFFFFFFFFFFFF")]
    [InlineData("89010000000000000000")]
    [InlineData("FF")]
    [InlineData("80")]
    public async Task B2_Impossible_lengths_take_no_memory(string length)
    {
        foreach (string tag in new[] { "02", "04", "31", "30", "A0" })
        {
            byte[] message = Convert.FromHexString("308006092A864886F70D010702A0803080" + tag + length + "00");
            long before = GC.GetTotalAllocatedBytes(true);
            Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(message)).Result);
            Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync(message, TestIdentities.P256)).Result);
            Assert.InRange(GC.GetTotalAllocatedBytes(true) - before, 0, Megabyte);
        }
    }

    [Fact]
    public async Task Memory_does_not_depend_on_the_size()
    {
        const int size = 64 * Megabyte;
        CmsIdentity identity = TestIdentities.P256;
        Pipe plain = new(), signed = new(), encrypted = new(), decrypted = new(), verified = new();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await WarmUpAsync();
        GC.Collect();
        long before = GC.GetTotalMemory(true);
        long peak = 0;

        Task feed = FeedAsync(plain.Writer, size);
        Task sign = StageAsync(plain.Reader, signed.Writer, Exchange.Module.SignAsync(plain.Reader, signed.Writer, Exchange.Signing(identity), cancel).AsTask());
        Task encrypt = StageAsync(signed.Reader, encrypted.Writer, Exchange.Module.EncryptAsync(
            signed.Reader, encrypted.Writer, Exchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1, identity), cancel).AsTask());
        Task<DecryptionResult> decrypt = Exchange.Module.DecryptAsync(encrypted.Reader, decrypted.Writer, new DecryptionRequest([identity]), cancel).AsTask();
        Task decryptStage = StageAsync(encrypted.Reader, decrypted.Writer, decrypt);
        Task<VerificationResult> verify = Exchange.Module.VerifyAsync(decrypted.Reader, verified.Writer, new VerificationRequest(_ => []), cancel).AsTask();
        Task verifyStage = StageAsync(decrypted.Reader, verified.Writer, verify);

        long octets = 0;
        while (true)
        {
            ReadResult read = await verified.Reader.ReadAsync(cancel);
            octets += read.Buffer.Length;
            verified.Reader.AdvanceTo(read.Buffer.End);
            // What is garbage already does not count, so the peak is that of live octets.
            if (octets / (8 * Megabyte) != (octets - read.Buffer.Length) / (8 * Megabyte))
                peak = Math.Max(peak, GC.GetTotalMemory(true) - before);
            if (read.IsCompleted)
                break;
        }

        await Task.WhenAll(feed, sign, encrypt, decryptStage, verifyStage);
        Assert.Equal(size, octets);
        Assert.IsType<DecryptionResult.Decrypted>(await decrypt);
        Assert.Equal(SignatureValidity.Valid, Exchange.Signer(await verify).Validity);
        Assert.InRange(peak, 0, 8 * Megabyte);
    }

    private static async Task WarmUpAsync()
    {
        byte[] signed = await Exchange.SignAsync(Exchange.Content(100_000), Exchange.Signing(TestIdentities.P256));
        await Exchange.EncryptAsync(signed, Exchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256));
    }

    private static async Task StageAsync(PipeReader reader, PipeWriter writer, Task stage)
    {
        await stage;
        await reader.CompleteAsync();
        await writer.CompleteAsync();
    }

    private static async Task FeedAsync(PipeWriter writer, int size)
    {
        byte[] portion = new byte[16 * 1024];
        for (int written = 0; written < size; written += portion.Length)
            await writer.WriteAsync(portion);
        await writer.CompleteAsync();
    }
}
