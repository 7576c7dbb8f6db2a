using System.Text;
using CsCheck;

namespace Cstp.Tests.EndToEnd;

public sealed class OctetEqualityTests
{
    [Fact]
    public async Task Each_message_of_the_corpus_comes_back_octet_for_octet()
    {
        await using var boxes = new TwoBoxes();
        int count = 0;
        foreach ((string path, string kind, _) in Corpora.Index().Where(e => e.Path.StartsWith("mail/", StringComparison.Ordinal) && e.Kind == "mail"))
        {
            byte[] message = Corpora.ToLines(Corpora.Read(path));
            if (message.AsSpan().IndexOf((byte)0) >= 0 || HasBareCr(message))
                continue;   // refused at the door: rows S13 and S14
            await AssertEqualAsync(boxes, message, path);
            count++;
        }
        Assert.True(count > 100, $"only {count} messages");
    }

    [Fact]
    public async Task Generated_header_sections_and_bodies_come_back_octet_for_octet()
    {
        await using var boxes = new TwoBoxes();
        foreach (byte[] message in MessageGenerator.Many(150))
            await AssertEqualAsync(boxes, message, Encoding.Latin1.GetString(message));
    }

    [Theory]
    [InlineData("From: juro@amd.test\r\n")]
    [InlineData("no header at all\r\n")]
    [InlineData("\r\nbody only\r\n")]
    [InlineData("\r\n")]
    [InlineData("")]
    [InlineData(" folded first line\r\nFrom: juro@amd.test\r\n\r\nx\r\n")]
    [InlineData("From: juro@amd.test\r\nContent-Type: text/plain;\r\n\r\nx\r\n")]
    [InlineData("From: juro@amd.test\r\nContent-Type: text/plain; hp=\"cipher\"\r\n\r\nx\r\n")]
    [InlineData("From: juro@amd.test\r\nContent-Type : text/plain\r\n\r\nx\r\n")]
    [InlineData("From: juro@amd.test\r\nCSTP-Sealed: 1; hp-outer=0; content-type=asis\r\nHP-Outer: Subject: x\r\n\r\nx\r\n")]
    [InlineData("CSTP-Sealed: 1; hp-outer=0; content-type=asis\r\nFrom: juro@amd.test\r\n\r\nx\r\n")]
    [InlineData("From: juro@amd.test\r\nSubject: one\r\nSubject: two\r\nSubject:\r\n three\r\n\r\nx\r\n")]
    [InlineData("From: juro@amd.test\r\nbroken line\r\nSubject: two\r\n\r\nx\r\n")]
    public async Task Odd_header_sections_come_back_octet_for_octet(string message)
    {
        await using var boxes = new TwoBoxes();
        await AssertEqualAsync(boxes, Encoding.Latin1.GetBytes(message), message);
    }

    [Fact]
    public async Task Trace_fields_of_the_way_stay_on_top_of_the_restored_header()
    {
        await using var boxes = new TwoBoxes();
        byte[] message = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: s\r\nX-One: 1\r\n\r\nx\r\n"u8.ToArray();
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(message, "juro@amd.test", "anna@intel.test"));
        byte[] underway = [.. "Received: from a by b; now\r\nX-Spam: no\r\n"u8, .. wire.Content];
        RecordedMessage arrived = await boxes.OpenAsync(underway, "juro@amd.test", "anna@intel.test");
        Assert.Equal("Received: from a by b; now\r\nX-Spam: no\r\n" + Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(WithoutResults(arrived.Content)));
    }

    [Fact]
    public async Task A_From_that_was_put_outside_on_the_way_is_not_delivered()
    {
        await using var boxes = new TwoBoxes();
        byte[] message = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: s\r\n\r\nx\r\n"u8.ToArray();
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(message, "juro@amd.test", "anna@intel.test"));
        byte[] changed = Encoding.Latin1.GetBytes(wire.Text.Replace("From: juro@amd.test", "From: boss@amd.test", StringComparison.Ordinal));
        RecordedMessage arrived = await boxes.OpenAsync(changed, "juro@amd.test", "anna@intel.test");
        Assert.Equal(message, WithoutResults(arrived.Content));
    }

    private static async Task AssertEqualAsync(TwoBoxes boxes, byte[] message, string name)
    {
        (RecordedMessage wire, RecordedMessage arrived) = await boxes.PassAsync(message);
        Assert.Contains("smime-type=authEnveloped-data", wire.Text, StringComparison.Ordinal);
        byte[] restored = WithoutResults(arrived.Content);
        Assert.True(message.AsSpan().SequenceEqual(restored), $"{name}\n--- sent\n{Encoding.Latin1.GetString(message)}\n--- arrived\n{Encoding.Latin1.GetString(restored)}");
    }

    internal static byte[] WithoutResults(byte[] arrived)
    {
        Assert.True(arrived.AsSpan().StartsWith("Authentication-Results: cstp.intel.test;"u8));
        int end = arrived.AsSpan().IndexOf("\r\n"u8);
        while (end + 2 < arrived.Length && arrived[end + 2] is (byte)'\t' or (byte)' ')
        {
            // The field's own folds begin with a tab; a message may begin with a folded line of its own.
            if (arrived[end + 2] == ' ')
                break;
            end += 2 + arrived.AsSpan(end + 2).IndexOf("\r\n"u8);
        }
        return arrived[(end + 2)..];
    }

    private static bool HasBareCr(byte[] message)
    {
        for (int i = 0; i < message.Length; i++)
        {
            if (message[i] == '\r' && (i + 1 == message.Length || message[i + 1] != '\n'))
                return true;
        }
        return false;
    }
}

/// <summary>Messages whose header sections interleave, repeat, fold and mis-case fields, Content-* and MIME-Version above all.</summary>
internal static class MessageGenerator
{
    private static readonly string[] s_names =
        ["Subject", "To", "Cc", "X-Test", "Content-Type", "CONTENT-type", "Content-Transfer-Encoding", "content-disposition", "MIME-Version", "mime-version", "Content-ID", "Received", "Reply-To", "DKIM-Signature", "Message-ID", "References", "HP-Outer", "Authentication-Results"];

    private static readonly string[] s_values =
        ["text/plain", "text/plain; charset=utf-8", "multipart/mixed; boundary=\"b\"", "1.0", "7bit", "8bit", "", "a b  c", "x;\r\n y=1", "\r\n folded", "=?utf-8?q?=C3=A4?=", "<a@b.test>", "text/html;\r\n\tcharset=\"us-ascii\"", "caf\u00e9", "attachment; filename=\"a;b\"", "other.test; spf=pass"];

    private static readonly string[] s_lines = ["", ".", "..", "From here", "--b", "text", "\u00e4\u00f6", " ", "\t", "x = y", "."];

    private static Gen<string> OneOf(params string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    public static IEnumerable<byte[]> Many(int count)
    {
        Gen<string> field = Gen.Select(OneOf(s_names), OneOf(":", ": ", ":  ", ":\t"), OneOf(s_values), (n, c, v) => $"{n}{c}{v}\r\n");
        Gen<byte[]> message = Gen.Select(
            field.Array[0, 12],
            OneOf(s_lines).Array[0, 20],
            Gen.Int[0, 12],
            (fields, lines, place) =>
            {
                var all = fields.ToList();
                all.Insert(Math.Min(place, all.Count), "From: juro@amd.test\r\n");
                return Encoding.Latin1.GetBytes(string.Concat(all) + "\r\n" + string.Concat(lines.Select(l => l + "\r\n")));
            });
        var generated = new List<byte[]>();
        message.Sample(m => { lock (generated) generated.Add(m); }, iter: count, threads: 1);
        return generated.Take(count);
    }
}
