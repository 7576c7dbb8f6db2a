using CsCheck;
using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Tests.Mime;

/// <summary>Line ends, what content holds, header sections and the sealed block.</summary>
public sealed class ContentTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a", "a\r\n")]
    [InlineData("a\n", "a\r\n")]
    [InlineData("a\r\n", "a\r\n")]
    [InlineData("\n\n", "\r\n\r\n")]
    [InlineData("\r\n\n\r\n", "\r\n\r\n\r\n")]
    [InlineData("a\r", "a\r\r\n")]
    [InlineData("a\rb\r\r\nc", "a\rb\r\r\nc\r\n")]
    public async Task Bare_LF_becomes_CRLF_and_the_last_line_gets_an_end(string content, string lines)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(content)))
            Assert.Equal(lines, Cuts.Text(await Cuts.RunAsync(pieces, (from, to) => LineEnds.NormaliseAsync(from, to, default))));
    }

    [Theory]
    [InlineData("plain\r\n\t~ text\r\n", false, false, false, true)]
    [InlineData("a\nb\n", false, false, false, false)]
    [InlineData("a\r\n\n", false, false, false, false)]
    [InlineData("\n", false, false, false, false)]
    [InlineData("no end", false, false, false, false)]
    [InlineData("\r\n", false, false, false, true)]
    [InlineData("", false, false, false, true)]
    [InlineData("a\0b", true, false, false, false)]
    [InlineData("\0\r\n", true, false, false, false)]
    [InlineData("a\rb", false, true, false, false)]
    [InlineData("a\r", false, true, false, false)]
    [InlineData("\r\r\n", false, true, false, false)]
    [InlineData("\u00e4", false, false, true, false)]
    [InlineData("\u00e4\r\n", false, false, true, true)]
    [InlineData("\u007f\r\n", false, false, false, true)]
    [InlineData("\0\r\u0080", true, true, true, false)]
    public void What_content_holds_is_found_wherever_it_is_cut(string content, bool nul, bool bareCr, bool eightBit, bool isLines)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(content)))
        {
            var scan = new ContentScan();
            foreach (byte[] piece in pieces)
                scan.Write(piece);
            scan.End();
            Assert.Equal((nul, bareCr, eightBit, isLines), (scan.HasNul, scan.HasBareCarriageReturn, scan.HasEightBit, scan.IsLines));
        }
    }

    [Theory]
    [InlineData("A: 1\r\nB: 2\r\n 3\r\n\r\nbody", "A=1|B=2 3", "body", true)]
    [InlineData("A: 1\nB: 2\n\t3\n\nbody", "A=1|B=2\t3", "body", true)]
    [InlineData("A: 1\n\r\nbody", "A=1", "body", true)]
    [InlineData("A: 1\r\n\nbody", "A=1", "body", true)]
    [InlineData("\r\nbody", "", "body", true)]
    [InlineData("\nbody", "", "body", true)]
    [InlineData("A: 1\r\n\r\n\r\n", "A=1", "\r\n", true)]
    [InlineData("A: 1\r\nB: 2\r\n", "A=1|B=2", "", false)]
    [InlineData("A: 1\r\n\r", "A=1|!", "", false)]
    [InlineData("no field\r\nA : 1\r\n: x\r\nB:\r\n\r\n", "!|!|!|B=", "", true)]
    [InlineData(" folded first\r\nA: 1\r\n\r\n", "!|A=1", "", true)]
    [InlineData("", "", "", false)]
    public async Task A_header_section_ends_at_the_first_empty_line_wherever_it_is_cut(string message, string fields, string body, bool hasEmptyLine)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(message)))
        {
            HeaderSection? header = null;
            byte[] rest = await Cuts.RunAsync(pieces, async (from, to) =>
            {
                header = await HeaderSection.ReadAsync(from, 1000, default);
                await Stages.CopyAsync(from, [to], default);
            });
            Assert.Equal(fields, string.Join('|', header!.Fields.Select(f => f.IsWellFormed ? $"{f.Name}={f.Value}" : "!")));
            Assert.Equal((body, hasEmptyLine), (Cuts.Text(rest), header.HasEmptyLine));
        }
    }

    [Fact]
    public async Task A_header_section_over_the_limit_is_none_and_the_reader_stands_at_its_beginning()
    {
        byte[] message = Cuts.Octets($"A: {new string('x', 100)}\r\n\r\nbody");
        foreach (byte[][] pieces in Cuts.Of(message))
        {
            byte[] rest = await Cuts.RunAsync(pieces, async (from, to) =>
            {
                Assert.Null(await HeaderSection.ReadAsync(from, 50, default));
                await Stages.CopyAsync(from, [to], default);
            });
            Assert.Equal(message, rest);
            Assert.NotNull(await HeaderSection.ReadAsync(Cuts.Reader(pieces), 105, default));
        }
    }

    [Theory]
    [InlineData("A: 1\r\n\r\n", "Added")]
    [InlineData("A: 1\r\nContent-Type: text/plain\r\n\r\n", "Extended")]
    [InlineData("A: 1\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\n", "AsIs")]
    [InlineData("A: 1\r\nbroken\r\n\r\n", "Message")]
    public async Task A_sealed_block_gives_back_what_it_was_made_of(string original, string how)
    {
        HeaderSection header = (await HeaderSection.ReadAsync(Cuts.Reader(Cuts.Octets(original)), 1000, default))!;
        Mailbox[] recipients = [Mailbox.Parse("Anna@Intel.test"), Mailbox.Parse("bert@intel.test")];
        byte[] sealed_ = SealedBlock.Seal(header, [.. header.Fields.Where(f => f.Is("A"))], recipients, isInternational: false, BodyValue.SevenBit);
        HeaderSection inner = (await HeaderSection.ReadAsync(Cuts.Reader(sealed_), 10_000, default))!;
        SealedBlock block = SealedBlock.TryRead(inner)!;
        Assert.Equal((1, how), (block.HpOuter, block.ContentType.ToString()));
        Assert.Equal([SealedBlock.DigestOf(Mailbox.Parse("anna@intel.test")), SealedBlock.DigestOf(recipients[1])], block.Recipients);
    }

    [Theory]
    [InlineData("CSTP-Sealed: 2; hp-outer=0; content-type=asis\r\n\r\n")]
    [InlineData("CSTP-Sealed: 1; content-type=asis\r\n\r\n")]
    [InlineData("CSTP-Sealed: 1; hp-outer=-1; content-type=asis\r\n\r\n")]
    [InlineData("CSTP-Sealed: 1; hp-outer=99999999999; content-type=asis\r\n\r\n")]
    [InlineData("CSTP-Sealed: 1; hp-outer=0; content-type=other\r\n\r\n")]
    [InlineData("CSTP-Sealed: 1; hp-outer=1; content-type=asis\r\nA: 1\r\n\r\n")]
    [InlineData("CSTP-Sealed: 1; hp-outer=3; content-type=asis\r\nHP-Outer: A: 1\r\n\r\n")]
    [InlineData("A: 1\r\nCSTP-Sealed: 1; hp-outer=0; content-type=asis\r\n\r\n")]
    public async Task A_broken_block_is_no_block(string header) =>
        Assert.Null(SealedBlock.TryRead((await HeaderSection.ReadAsync(Cuts.Reader(Cuts.Octets(header)), 1000, default))!));

    [Fact]
    public void Normalised_content_stays_as_it_is() => Gen.Int[0, 5].Array[0, 40].Sample(places =>
    {
        byte[] content = [.. places.Select(p => "ab\r\n\n "u8[p])];
        byte[] once = Normalise(content);
        Assert.Equal(once, Normalise(once));
    });

    private static byte[] Normalise(byte[] content) => Cuts.RunAsync([content], (from, to) => LineEnds.NormaliseAsync(from, to, default)).GetAwaiter().GetResult();
}
