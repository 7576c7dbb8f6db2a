using System.IO.Pipelines;
using Cstp.Core.Mime;

namespace Cstp.Tests.Mime;

public sealed class MultipartSignedTests
{
    [Theory]
    [InlineData("--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n\r\n--b\r\nX: y\r\n\r\nQUJD\r\n--b--\r\n", "Content-Type: text/plain\r\n\r\nHello\r\n", "X: y\r\n\r\nQUJD")]
    [InlineData("\r\n \t\r\n--b  \r\nHello\r\n--b\t\r\nS\r\n--b-- \r\n\r\n", "Hello", "S")]
    [InlineData("--b\r\n\r\n--b\r\n\r\n--b--", "", "")]
    [InlineData("--b\r\n--b\r\n--b--\r\n", "", "")]
    [InlineData("--b\r\n-- \r\n-b\r\n--\r\n --b\r\n--b\r\nS\r\n--b--\r\n", "-- \r\n-b\r\n--\r\n --b", "S")]
    [InlineData("--b\r\nbare\rCR\n and LF\n\r\n--b\r\nS\r\n--b--\r\n", "bare\rCR\n and LF\n", "S")]
    [InlineData("This is an S/MIME signed message\r\n\r\n--b\r\nHello\r\n--b\r\nS\r\n--b--\r\n", "Hello", "S")]
    // All in LF, as found inside an envelope: what was signed had CRLF.
    [InlineData("--b\nHello\n\nyou\n\n--b\nS\nT\n--b--\n", "Hello\r\n\r\nyou\r\n", "S\r\nT")]
    public async Task The_parts_are_without_the_line_end_before_a_delimiter_wherever_it_is_cut(string body, string content, string signature)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(body)))
            Assert.Equal((content, signature), await SplitAsync(pieces));
    }

    [Theory]
    [InlineData("--b\r\nHello\r\n--b\r\nS\r\n--b\r\n", "not exactly two parts")]
    [InlineData("--b\r\nHello\r\n--b--\r\n", "not exactly two parts")]
    [InlineData("--b--\r\n", "not exactly two parts")]
    [InlineData("--b\r\nHello\r\n--b\r\nS\r\n--b--\r\n--b\r\n", "not exactly two parts")]
    [InlineData("--b\r\nHello\r\n--bx\r\n--b\r\nS\r\n--b--\r\n", "a line that begins like the delimiter")]
    [InlineData("--b\r\nHello\r\n--b\r\nS\r\n", "the final delimiter is missing")]
    [InlineData("--b\r\nHello\r\n", "the final delimiter is missing")]
    [InlineData("", "the final delimiter is missing")]
    [InlineData("Hi\r\n--b\r\nHello\r\n--b\r\nS\r\n--b--\r\n", "text before the first part")]
    [InlineData("--b\r\nHello\r\n--b\r\nS\r\n--b--\r\nlist footer\r\n", "text after the last part")]
    [InlineData("--b\r\nHello\r\n--b\r\nS\r\n--b--\r\nThis is an S/MIME signed message\r\n", "text after the last part")]
    public async Task What_programs_may_read_differently_is_refused_wherever_it_is_cut(string body, string reason)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(body)))
            Assert.Equal(reason, (await Assert.ThrowsAsync<MultipartException>(() => SplitAsync(pieces))).Message);
    }

    [Theory]
    [InlineData(4_095)]
    [InlineData(4_096)]
    [InlineData(4_097)]
    [InlineData(100_000)]
    public async Task A_line_longer_than_a_piece_stays_one_line_and_hides_no_delimiter(int length)
    {
        string line = new string('x', length) + "--b";
        byte[] body = Cuts.Octets($"--b\r\n{line}\r\n--b\r\nS\r\n--b--\r\n");
        foreach (int size in new[] { 1_000, 4_096, 4_097, body.Length })
            Assert.Equal((line, "S"), await SplitAsync([.. body.Chunk(size)]));
    }

    [Theory]
    [InlineData(4_096 - 5, false)]
    [InlineData(4_096 - 4, true)]
    [InlineData(100_000, true)]
    public async Task A_delimiter_that_is_padded_without_end_is_refused_wherever_it_is_cut(int blanks, bool isRefused)
    {
        byte[] body = Cuts.Octets($"--b\r\nHello\r\n--b{new string(' ', blanks - 1)}\r\nS\r\n--b--\r\n");
        foreach (int size in new[] { 1_000, 4_096, 4_097, 4_110, body.Length })
        {
            if (isRefused)
                await Assert.ThrowsAsync<MultipartException>(() => SplitAsync([.. body.Chunk(size)]));
            else
                Assert.Equal(("Hello", "S"), await SplitAsync([.. body.Chunk(size)]));
        }
    }

    private static async Task<(string Content, string Signature)> SplitAsync(byte[][] pieces)
    {
        var content = new MemoryStream();
        var signature = new MemoryStream();
        PipeWriter first = PipeWriter.Create(content), second = PipeWriter.Create(signature);
        int ended = 0;
        await new MultipartSigned("b").SplitAsync(
            Cuts.Reader(pieces),
            first,
            second,
            () =>
            {
                ended++;
                return ValueTask.CompletedTask;
            },
            default);
        await first.CompleteAsync();
        await second.CompleteAsync();
        Assert.Equal(1, ended);
        return (Cuts.Text(content.ToArray()), Cuts.Text(signature.ToArray()));
    }
}
