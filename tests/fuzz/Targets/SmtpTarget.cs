using System.Buffers;
using Cstp.Abstractions;
using Cstp.Core.Smtp;

namespace Cstp.Fuzz.Targets;

/// <summary>The grammars of an SMTP session. The first octet says which, the second in portions of what size.</summary>
internal sealed class SmtpTarget : FuzzTarget
{
    /// <inheritdoc/>
    public override void Take(byte[] input)
    {
        if (input.Length < 2)
            return;
        byte[] wire = input[2..];
        int portion = 1 + input[1];
        switch (input[0] % 4)
        {
            case 0:
                Same(Commands(wire, wire.Length + 1), Commands(wire, portion));
                break;
            case 1:
                Same(Replies(wire, wire.Length + 1), Replies(wire, portion));
                break;
            case 2:
                Same(Data(wire, wire.Length + 1, refuseBareNewline: true), Data(wire, portion, refuseBareNewline: true));
                break;
            default:
                Same(Data(wire, wire.Length + 1, refuseBareNewline: false), Data(wire, portion, refuseBareNewline: false));
                break;
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, byte[] Octets)> Seeds()
    {
        foreach ((string name, int grammar, string wire) in new[]
        {
            ("session", 0, "EHLO client.example.org\r\nMAIL FROM:<ann@amd.test> SIZE=1000 BODY=8BITMIME\r\nRCPT TO:<bob@intel.test>\r\nDATA\r\nQUIT\r\n"),
            ("paths", 0, "MAIL FROM:<>\r\nMAIL FROM: <\"a>b \\\" c\"@[192.0.2.1]>\r\nRCPT TO:<@x.test,@y.test:a@b.test> NOTIFY=NEVER\r\nRCPT TO:<postmaster>\r\nRCPT TO:<a@[IPv6:2001:db8::1]>\r\n"),
            ("auth", 0, "AUTH PLAIN AGFubgBzZWNyZXQ=\r\nNOOP x\r\nmail from:<a@b.test>\r\n"),
            ("bare", 0, "NOOP\nRSET\r\nA\rB\r\n"),
            ("replies", 1, "220 mx.test ESMTP\r\n250-mx.test\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250-AUTH PLAIN GSSAPI\r\n250-LIMITS RCPTMAX=5000\r\n250-STARTTLS\r\n250 8BITMIME\r\n354 Go\r\n550 5.7.1 No\r\n"),
            ("content", 2, "Subject: hi\r\n\r\n..dot\r\nline\r\n.\r\n"),
            ("smuggled", 3, "a\n.\nMAIL\r\n.\r\nb\0c\r\n.\rd\r\n"),
        })
            yield return (name, [(byte)grammar, 7, .. Octets(wire)]);
    }

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Dictionary() => new[]
    {
        "EHLO ", "MAIL FROM:<", "RCPT TO:<", "DATA\r\n", "AUTH ", "BDAT ", "STARTTLS\r\n", "\r\n.\r\n", "\n.\n", "\r.\r", "250-", "250 ", "SIZE=", "BODY=8BITMIME", "BODY=BINARYMIME", "250-CHUNKING\r\n", "250-8BITMIME\r\n", "250 BINARYMIME\r\n", "[IPv6:", "postmaster",
        "LIMITS RCPTMAX=", "RCPTMAX=", "PIPELINING", "99999999999999999999",
    }.Select(Octets);

    private static void Same(string whole, string cut) => FuzzFinding.Unless(whole == cut, $"whole: {whole}\ncut: {cut}");

    private static string Commands(byte[] wire, int portion)
    {
        var reader = new CommandLineReader(512);
        var lines = new List<string>();
        bool isOver = false;   // the session ends where a line has no end
        Feed(wire, portion, (ref ReadOnlySequence<byte> buffer) =>
        {
            if (isOver)
                return false;
            CommandLine line = reader.Take(ref buffer);
            if (line.Kind == CommandLineKind.Incomplete)
                return false;
            isOver = line.Kind == CommandLineKind.Endless;
            lines.Add($"{line.Kind} {line.Text}");
            if (line.Text is { } text)
                lines.Add(Parse(SmtpCommand.Parse(text)));
            return true;
        });
        return string.Join('\n', lines);
    }

    private static string Parse(SmtpCommand command)
    {
        FuzzFinding.Unless(!command.Verb.Contains(' ', StringComparison.Ordinal), "a verb with a space");
        Reply? refusal = PathArgument.TryParse(command.Argument, command.Verb == "RCPT" ? "TO:" : "FROM:", out PathArgument? path);
        FuzzFinding.Unless(refusal is null == path is not null, "neither a path nor a refusal, or both");
        if (path?.Mailbox is not { } mailbox)
            return $"{command.Verb} {refusal}";
        // What is written of it reads as the same again, and cannot hold a line end.
        string text = mailbox.ToString();
        FuzzFinding.Unless(!text.Any(char.IsControl) && Mailbox.TryParse(text, out Mailbox? again) && again.Equals(mailbox), $"the mailbox {text} is not itself");
        return $"{command.Verb} {text} {string.Join(' ', path.Parameters)}";
    }

    private static string Replies(byte[] wire, int portion)
    {
        var assembler = new ReplyAssembler();
        var replies = new List<string>();
        try
        {
            Feed(wire, portion, (ref ReadOnlySequence<byte> buffer) =>
            {
                if (assembler.TryTake(ref buffer) is not { } reply)
                    return false;
                ServerReply rewritten = EhloResponse.Rewrite(reply, Side.Inside, new SmtpOptions(), out ServerExtensions extensions);
                FuzzFinding.Unless(
                    !extensions.Has("STARTTLS") && (!extensions.Has("BINARYMIME") || (extensions.Has("CHUNKING") && extensions.Has("8BITMIME"))), "offers what cannot be honoured");
                FuzzFinding.Unless(rewritten.Lines.All(line => line.Length >= 4 && !line.AsSpan().ContainsAny('\r', '\n')), "a reply line that is none");
                replies.Add(string.Join('|', rewritten.Lines));
                return true;
            });
        }
        catch (SmtpProtocolException broken)
        {
            replies.Add(broken.Message);
        }
        return string.Join('\n', replies);
    }

    private static string Data(byte[] wire, int portion, bool refuseBareNewline)
    {
        var decoder = new DataDecoder(refuseBareNewline);
        var content = new ArrayBufferWriter<byte>();
        var relay = new WireRelay(refuseBareNewline);
        var onward = new ArrayBufferWriter<byte>();
        DataState state = DataState.Open;
        int at = 0;
        while (at < wire.Length && state == DataState.Open)
        {
            ReadOnlySpan<byte> piece = wire.AsSpan(at, Math.Min(portion, wire.Length - at));
            state = decoder.Decode(piece, content, out int consumed);
            FuzzFinding.Unless(
                relay.Pass(piece, onward, out int relayed) == state && relayed == consumed && relay.Fault == decoder.Fault && relay.NulSeen == decoder.NulSeen,
                "a message that is relayed ends otherwise than one that is read");
            at += consumed;
        }
        if (state == DataState.Ended)
        {
            var stuffing = new DotStuffing();
            var stuffed = new ArrayBufferWriter<byte>();
            stuffing.Write(content.WrittenSpan, stuffed);
            FuzzFinding.Unless(stuffing.IsAtLineStart, "content that ends within a line");
            FuzzFinding.Unless(onward.WrittenSpan.SequenceEqual(stuffed.WrittenSpan), "what is relayed is not what was read");
            stuffed.Write(".\r\n"u8);
            var again = new ArrayBufferWriter<byte>();
            DataState second = new DataDecoder(refuseBareNewline: true).Decode(stuffed.WrittenSpan, again, out int all);
            FuzzFinding.Unless(
                second == DataState.Ended && all == stuffed.WrittenCount && again.WrittenSpan.SequenceEqual(content.WrittenSpan), "what is sent on is read otherwise than what came");
        }
        return $"{state} {at} {decoder.Fault} {decoder.NulSeen} {(state == DataState.Broken ? "" : Convert.ToHexString(content.WrittenSpan))}";
    }

    private delegate bool TakeOne(ref ReadOnlySequence<byte> buffer);

    /// <summary>Gives octets as a pipe does: what was not taken comes again with more.</summary>
    private static void Feed(byte[] wire, int portion, TakeOne take)
    {
        int taken = 0;
        for (int arrived = Math.Min(portion, wire.Length); ; arrived = Math.Min(arrived + portion, wire.Length))
        {
            var buffer = new ReadOnlySequence<byte>(wire, taken, arrived - taken);
            while (take(ref buffer))
            {
            }
            taken = arrived - (int)buffer.Length;
            if (arrived == wire.Length)
                return;
        }
    }
}
