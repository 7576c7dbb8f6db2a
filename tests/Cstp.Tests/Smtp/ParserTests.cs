using System.Buffers;
using CsCheck;
using Cstp.Abstractions;
using Cstp.Core.Smtp;
using Cstp.Tests.Mime;

namespace Cstp.Tests.Smtp;

/// <summary>The small grammars of the session, whole and cut at each octet.</summary>
public sealed class ParserTests
{
    [Theory]
    [InlineData("250 Ok\r\n", "250: 250 Ok")]
    [InlineData("250\r\n", "250: 250")]
    [InlineData("250-a\r\n250-\r\n250 b\r\n", "250: 250-a|250-|250 b")]
    [InlineData("354 Go\r\n250 2.0.0 Ok\r\n", "354: 354 Go; 250: 250 2.0.0 Ok")]
    [InlineData("220 caf\u00e9\ttab\r\n", "220: 220 caf\u00e9\ttab")]
    public void Replies_are_put_together_wherever_they_are_cut(string wire, string replies)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(wire)))
            Assert.Equal(replies, Replies(pieces));
    }

    [Theory]
    [InlineData("250 Ok\n")]
    [InlineData("250 O\rk\r\n")]
    [InlineData("250 \0\r\n")]
    [InlineData("250-a\r\n251 b\r\n")]
    [InlineData("25\r\n")]
    [InlineData("abc hello\r\n")]
    [InlineData("199 x\r\n")]
    [InlineData("600 x\r\n")]
    [InlineData("260 x\r\n")]
    [InlineData("2505 x\r\n")]
    [InlineData("250_x\r\n")]
    [InlineData("\r\n")]
    public void T7_a_reply_that_is_none_ends_the_session_wherever_it_is_cut(string wire)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(wire)))
            Assert.Throws<SmtpProtocolException>(() => Replies(pieces));
    }

    [Fact]
    public void T7_endless_replies_end_the_session()
    {
        Assert.Throws<SmtpProtocolException>(() => Replies([Cuts.Octets("250 " + new string('x', 2_100))]));
        Assert.Throws<SmtpProtocolException>(() => Replies([Cuts.Octets(string.Concat(Enumerable.Repeat("250-x\r\n", 129)))]));
    }

    [Theory]
    [InlineData("NOOP\r\n", "Line NOOP")]
    [InlineData("\r\n", "Line ")]
    [InlineData("A\r\nB\r\n", "Line A, Line B")]
    [InlineData("A\nB\r\n", "BadLineEnd, Line B")]
    [InlineData("A\rB\r\nC\r\n", "BadLineEnd, Line C")]
    [InlineData("A\0\r\nC\r\n", "BadLineEnd, Line C")]
    [InlineData("01234567890123456789x\r\nB\r\n", "TooLong, Line B")]
    [InlineData("0123456789012345678\r\n", "Line 0123456789012345678")]
    [InlineData("AUTH PLAIN 0123456789012345\r\n", "Line AUTH PLAIN 0123456789012345")]
    [InlineData("auth PLAIN 0123456789012345\r\n", "Line auth PLAIN 0123456789012345")]
    public void Command_lines_are_cut_off_the_stream_wherever_it_is_cut(string wire, string lines)
    {
        foreach (byte[][] pieces in Cuts.Of(Cuts.Octets(wire)))
            Assert.Equal(lines, Lines(new CommandLineReader(20), pieces));
    }

    [Fact]
    public void T1_a_line_without_end_is_skipped_and_then_given_up()
    {
        Assert.Equal("Endless", Lines(new CommandLineReader(20), [.. Enumerable.Repeat(new byte[1_000], 66)]));
        Assert.Equal("TooLong, TooLong, Endless", Lines(new CommandLineReader(20), [Cuts.Octets(string.Concat(Enumerable.Repeat(new string('x', 30) + "\r\n", 3)))]));
    }

    [Theory]
    [InlineData("FROM:<a@b.test>", "a@b.test", "")]
    [InlineData("from:<a@b.test> SIZE=1 body=8BITMIME smtp-x", "a@b.test", "SIZE=1 BODY=8BITMIME SMTP-X=")]
    [InlineData("FROM: <a@b.test>", "a@b.test", "")]
    [InlineData("FROM:<>", "", "")]
    [InlineData("FROM:<@x.test,@y.test:a@b.test>", "a@b.test", "")]
    [InlineData("FROM:<\"a>b\"@b.test>", "\"a>b\"@b.test", "")]
    public void A_path_and_its_parameters_are_read(string argument, string mailbox, string parameters)
    {
        Assert.Null(PathArgument.TryParse(argument, "FROM:", out PathArgument? path));
        Assert.Equal(mailbox, path!.Mailbox?.ToString() ?? "");
        Assert.Equal(parameters, string.Join(' ', path.Parameters.Select(p => $"{p.Keyword}={p.Value}")));
    }

    [Theory]
    [InlineData("TO:<>", "501 5.1.3")]
    [InlineData("TO:a@b.test", "501 5.1.3")]
    [InlineData("TO:<a@b.test", "501 5.1.3")]
    [InlineData("TO:<a@b.test>x", "501 5.1.3")]
    [InlineData("TO:<a b@b.test>", "501 5.1.3")]
    [InlineData("TO:<a@b@c.test>", "501 5.1.3")]
    [InlineData("TO:<@x.test a@b.test>", "501 5.1.3")]
    [InlineData("TO:<a@b.test\t>", "501 5.1.3")]
    [InlineData("FROM:<a@b.test>", "501 5.1.3")]
    [InlineData("TO:<\u00e4@b.test>", "553 5.6.7")]
    [InlineData("TO:<a@b.test> =x", "501 5.5.4")]
    [InlineData("TO:<a@b.test> X=", "501 5.5.4")]
    [InlineData("TO:<a@b.test> X_Y=1", "501 5.5.4")]
    public void T5_what_does_not_fit_the_grammar_is_refused(string argument, string reply) =>
        Assert.StartsWith(reply, PathArgument.TryParse(argument, "TO:", out _)!.ToString(), StringComparison.Ordinal);

    [Fact]
    public void T5_an_over_long_path_is_refused() =>
        Assert.NotNull(PathArgument.TryParse($"TO:<{new string('a', 60)}@{string.Concat(Enumerable.Repeat("b.", 100))}test>", "TO:", out _));

    [Fact]
    public void No_argument_makes_the_parser_throw() =>
        Gen.Char[' ', '~'].Array[0, 40].Sample(rest => PathArgument.TryParse("TO:" + new string(rest), "TO:", out PathArgument? path) is null == path is not null);

    [Fact]
    public void EHLO_keeps_what_can_be_honoured_and_drops_the_rest()
    {
        ServerReply reply = Reply("mail.test greets", "PIPELINING", "CHUNKING", "BINARYMIME", "STARTTLS", "SMTPUTF8", "XCLIENT", "size 1000000", "AUTH PLAIN GSSAPI LOGIN", "AUTH=LOGIN", "LIMITS RCPTMAX=1000000 MAILMAX=5", "");
        ServerReply inside = EhloResponse.Rewrite(reply, Side.Inside, new SmtpOptions(), out ServerExtensions extensions);
        Assert.Equal(
            ["250-mail.test greets", "250-PIPELINING", "250-CHUNKING", $"250-SIZE {EhloResponse.Lowered(1_000_000)}", "250-AUTH PLAIN LOGIN", $"250 LIMITS RCPTMAX={new SmtpOptions().MaxRecipients} MAILMAX=2"],
            inside.Lines);
        Assert.Equal(["AUTH", "CHUNKING", "LIMITS", "PIPELINING", "SIZE"], extensions.Keywords.Order());
        Assert.Equal(1_000_000, extensions.Size);
        Assert.Contains("250-size 1000000", EhloResponse.Rewrite(reply, Side.Outside, new SmtpOptions(), out _).Lines);
        Assert.Contains("250-STARTTLS", EhloResponse.Rewrite(reply, Side.Inside, new SmtpOptions { Starttls = StartTlsHandling.Pass }, out _).Lines);
    }

    [Theory]
    [InlineData("SIZE", "250 SIZE")]
    [InlineData("SIZE 0", "250 SIZE 0")]
    [InlineData("SIZE 1", "250 SIZE 1")]
    [InlineData("AUTH GSSAPI", null)]
    [InlineData("BINARYMIME 8BITMIME CHUNKING", null)]
    public void EHLO_lines_at_the_edge(string line, string? rewritten)
    {
        ServerReply reply = EhloResponse.Rewrite(Reply("mail.test", line), Side.Inside, new SmtpOptions(), out _);
        Assert.Equal(rewritten ?? "250 mail.test", reply.Lines[^1]);
    }

    [Fact]
    public void A_size_within_the_lowered_limit_fits_the_servers_once_it_has_grown() =>
        Gen.Long[70_000, 1L << 40].Sample(limit => EhloResponse.Raised(EhloResponse.Lowered(limit)) <= limit);

    private static ServerReply Reply(params string[] texts) => new(250, [.. texts.Select((t, i) => $"250{(i < texts.Length - 1 ? '-' : ' ')}{t}")]);

    private static string Replies(byte[][] pieces)
    {
        var assembler = new ReplyAssembler();
        List<string> replies = [];
        byte[] left = [];
        foreach (byte[] piece in pieces)
        {
            var buffer = new ReadOnlySequence<byte>([.. left, .. piece]);
            while (assembler.TryTake(ref buffer) is { } reply)
                replies.Add($"{reply.Code}: {string.Join('|', reply.Lines)}");
            left = buffer.ToArray();
        }
        Assert.False(assembler.IsInReply);
        return string.Join("; ", replies);
    }

    private static string Lines(CommandLineReader reader, byte[][] pieces)
    {
        List<string> lines = [];
        byte[] left = [];
        foreach (byte[] piece in pieces)
        {
            var buffer = new ReadOnlySequence<byte>([.. left, .. piece]);
            while (reader.Take(ref buffer) is { Kind: not CommandLineKind.Incomplete } line)
            {
                lines.Add(line.Text is null ? line.Kind.ToString() : $"{line.Kind} {line.Text}");
                if (line.Kind == CommandLineKind.Endless)
                    return string.Join(", ", lines);
            }
            left = buffer.ToArray();
        }
        return string.Join(", ", lines);
    }
}
