using Cstp.Core.Mime;

namespace Cstp.Tests.Mime;

public sealed class SevenBitStageTests
{
    private const string Part = "Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\u00e4\r\n--b--\r\n";

    public static TheoryData<string> LongLines => new(
        $"--b{new string(' ', 5000)}\r\n{Part}",
        $"--b\r\nX-Long: {new string('x', 5000)}\r\n{Part}",
        $"{new string('p', 5000)}\r\n--b\r\n{Part}");

    [Theory]
    [MemberData(nameof(LongLines))]
    public async Task A_line_that_is_too_long_to_wait_for_is_the_same_wherever_it_is_cut(string body)
    {
        byte[] octets = Cuts.Octets("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body);
        string whole = Cuts.Text(await EncodeAsync([octets]));
        Assert.Contains("quoted-printable\r\n\r\n=E4\r\n--b--", whole, StringComparison.Ordinal);
        for (int cut = 4090; cut < octets.Length; cut++)
            Assert.Equal(whole, Cuts.Text(await EncodeAsync([octets[..cut], octets[cut..]])));
    }

    [Fact]
    public async Task A_line_that_begins_like_a_delimiter_and_has_text_far_behind_it_is_content()
    {
        string line = $"--b{new string(' ', 100)}x\r\n";
        string body = $"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{line}\u00e4\r\n--b--\r\n";
        string encoded = Cuts.Text(await EncodeAsync([Cuts.Octets("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)]));
        Assert.Contains("x\r\n=E4\r\n--b--", encoded, StringComparison.Ordinal);
    }

    private static Task<byte[]> EncodeAsync(byte[][] pieces) => Cuts.RunAsync(pieces, async (from, to) =>
    {
        HeaderSection? header = await HeaderSection.ReadAsync(from, 1000, default);
        await SevenBitStage.EncodeAsync(header!, from, to, default);
    });
}
