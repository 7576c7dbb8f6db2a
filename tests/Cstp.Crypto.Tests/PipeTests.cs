using System.IO.Pipelines;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>What happens at the pipes: failures, cancellation, back-pressure, memory.</summary>
public sealed class PipeTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public async Task A_failed_input_is_an_io_exception_and_no_result()
    {
        foreach (bool decrypt in new[] { true, false })
        {
            var source = new Pipe();
            await source.Writer.WriteAsync(new byte[] { 0x30, 0x80 });
            await source.Writer.CompleteAsync(new InvalidDataException("the stage before failed"));
            IOException fault = await Assert.ThrowsAnyAsync<IOException>(async () => await OpenAsync(decrypt, source.Reader, new Pipe().Writer));
            Assert.IsType<InvalidDataException>(fault.InnerException);
        }
    }

    [Fact]
    public async Task A_reader_who_gave_up_is_an_io_exception()
    {
        byte[] signed = await Exchange.SignAsync(Exchange.Content(100_000), Exchange.Signing(TestIdentities.P256));
        var source = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await source.Writer.WriteAsync(signed);
        await source.Writer.CompleteAsync();
        var target = new Pipe();
        await target.Reader.CompleteAsync();
        await Assert.ThrowsAnyAsync<IOException>(async () => await OpenAsync(false, source.Reader, target.Writer));
    }

    [Fact]
    public async Task Cancellation_ends_a_wait_for_input_and_for_output()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Exchange.Module.VerifyAsync(new Pipe().Reader, new Pipe().Writer, new VerificationRequest(_ => []), cancel.Token));

        using var second = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        PipeReader endless = PipeReader.Create(new MemoryStream(new byte[10 * Megabyte]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Exchange.Module.SignAsync(endless, new Pipe().Writer, Exchange.Signing(TestIdentities.P256), second.Token));
    }

    [Fact]
    public async Task Broken_input_is_read_to_its_end()
    {
        byte[] broken = new byte[Megabyte];
        Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync(broken, TestIdentities.P256)).Result);
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(broken)).Result);
        PipeReader signature = PipeReader.Create(new MemoryStream(broken));
        await Exchange.Module.VerifyDetachedAsync(
            PipeReader.Create(new MemoryStream(broken)), signature, [], new VerificationRequest(_ => []), TestContext.Current.CancellationToken);
        Assert.True((await signature.ReadAsync()) is { IsCompleted: true, Buffer.IsEmpty: true });
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

    private static async Task OpenAsync(bool decrypt, PipeReader reader, PipeWriter writer)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        if (decrypt)
            await Exchange.Module.DecryptAsync(reader, writer, new DecryptionRequest([TestIdentities.P256]), cancel);
        else
            await Exchange.Module.VerifyAsync(reader, writer, new VerificationRequest(_ => []), cancel);
    }
}
