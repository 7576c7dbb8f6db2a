using System.Security.Cryptography;
using Cstp.Core.Mime;
using Cstp.Tests.EndToEnd;
using Cstp.Tests.Store;

namespace Cstp.Tests.Mime;

public sealed class SpoolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(16 * 1024 + 1)]
    [InlineData(64 * 1024)]
    [InlineData(64 * 1024 + 1)]
    [InlineData(128 * 1024)]
    [InlineData(1_000_000)]
    public async Task A_message_comes_out_as_it_went_in_as_often_as_it_is_opened(int length)
    {
        byte[] content = RandomNumberGenerator.GetBytes(length);
        var spool = new Spool(Options() with { MemoryPerMessage = 64 * 1024 });
        foreach (int size in new[] { 1_000, 64 * 1024, Math.Max(1, length) })
        {
            using HeldMessage held = await spool.HoldAsync(content.AsMemory(0, Math.Min(10, length)), Cuts.Reader([.. content.Skip(10).Chunk(size)]), default);
            Assert.Equal(length, held.Length);
            Assert.Equal(content, await ReadAsync(held));
            Assert.Equal(content, await ReadAsync(held));
        }
        Assert.Equal(0, spool.InMemory);
        Assert.Empty(Directory.GetFiles(_folder[""]));
    }

    [Fact]
    public async Task Where_the_budget_is_used_up_messages_go_to_files_and_give_their_memory_back()
    {
        var spool = new Spool(Options() with { MemoryPerMessage = 64 * 1024, Memory = 64 * 1024 });
        byte[] content = RandomNumberGenerator.GetBytes(40_000);
        HeldMessage first = await spool.HoldAsync(content, Cuts.Reader(), default);
        long held = spool.InMemory;
        Assert.Equal(48 * 1024, held);
        using HeldMessage second = await spool.HoldAsync(content, Cuts.Reader(), default);
        Assert.Equal(held, spool.InMemory);
        Assert.Equal(content, await ReadAsync(second));
        Assert.Equal(content, await ReadAsync(first));
        first.Dispose();
        Assert.Equal(0, spool.InMemory);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("file/in-a-file")]
    public async Task A_folder_that_cannot_be_written_is_told_and_costs_nothing(string name)
    {
        await File.WriteAllTextAsync(_folder["file"], "");
        var spool = new Spool(Options() with { Folder = _folder[name], MemoryPerMessage = 16 * 1024 });
        SpoolException told = await Assert.ThrowsAsync<SpoolException>(() => spool.HoldAsync(new byte[100_000], Cuts.Reader(), default));
        Assert.Contains($"cannot hold a message in {_folder[name]}", told.Message, StringComparison.Ordinal);
        Assert.Equal(0, spool.InMemory);
    }

    [Fact]
    public async Task A_full_folder_makes_the_client_come_back()
    {
        await using var boxes = new TwoBoxes(spool: Options() with { Folder = _folder["missing"], MemoryPerMessage = 0 });
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync("bob@amd.test", "anna@intel.test");
        string message = SmimeWorkshop.Message("bob@amd.test", await SmimeWorkshop.OpaqueSignedAsync("Content-Type: text/plain\r\n\r\nHello\r\n", SmimeWorkshop.Identity("bob@amd.test")));
        Assert.StartsWith("452 4.3.1", await client.SendMessageAsync(message), StringComparison.Ordinal);
        Assert.Empty(boxes.IntelServer.Messages);
        Assert.StartsWith("250", await client.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_gives_its_blocks_in_any_order_and_has_no_name()
    {
        byte[] content = RandomNumberGenerator.GetBytes(200_000);
        using var file = new SpoolFile(_folder[""]);
        Assert.Empty(Directory.GetFiles(_folder[""]));
        foreach (byte[] piece in content.Chunk(777))
            file.Write(piece);
        file.FinishWriting();
        byte[] block = new byte[64 * 1024];
        foreach (int number in new[] { 3, 0, 2, 1 })
        {
            int count = file.ReadBlock(number, block);
            Assert.Equal(content.Skip(number * block.Length).Take(block.Length), block.Take(count));
        }
        Assert.Equal(0, file.ReadBlock(4, block));
    }

    private SpoolOptions Options() => new() { Folder = _folder[""] };

    private static Task<byte[]> ReadAsync(HeldMessage held) => Cuts.RunAsync([], async (_, to) =>
    {
        System.IO.Pipelines.PipeReader message = held.Open();
        await Stages.CopyAsync(message, [to], default);
        await message.CompleteAsync();
    });
}
