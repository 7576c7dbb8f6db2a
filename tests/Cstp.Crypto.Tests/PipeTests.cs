using System.IO.Pipelines;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>What happens at the pipes: failures and cancellation.</summary>
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

    private static async Task OpenAsync(bool decrypt, PipeReader reader, PipeWriter writer)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        if (decrypt)
            await Exchange.Module.DecryptAsync(reader, writer, new DecryptionRequest([TestIdentities.P256]), cancel);
        else
            await Exchange.Module.VerifyAsync(reader, writer, new VerificationRequest(_ => []), cancel);
    }
}
