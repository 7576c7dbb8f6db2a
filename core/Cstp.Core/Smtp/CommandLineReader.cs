using System.Buffers;
using System.Text;

namespace Cstp.Core.Smtp;

/// <summary>What stands at the front of a client's octets.</summary>
internal enum CommandLineKind
{
    /// <summary>A line; its text is given.</summary>
    Line,

    /// <summary>Not yet a whole line.</summary>
    Incomplete,

    /// <summary>A line over the limit, now skipped to its end.</summary>
    TooLong,

    /// <summary>A line over the limit for the third time, or without any end.</summary>
    Endless,

    /// <summary>CR, LF or NUL alone (RFC 5321 2.3.8).</summary>
    BadLineEnd,
}

/// <summary>A line, or what is there instead.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Text">The line without CRLF, one character an octet.</param>
internal readonly record struct CommandLine(CommandLineKind Kind, string? Text = null);

/// <summary>Takes command lines off what a client sends, in constant memory. State survives every split into segments.</summary>
/// <param name="limit">Octets of a line.</param>
internal sealed class CommandLineReader(int limit)
{
    /// <summary>How much of an overlong line is skipped before the session ends.</summary>
    private const int MaxSkipped = 64 * 1024;

    /// <summary>RFC 4954 4: a client's AUTH line with its initial response.</summary>
    private const int AuthLimit = 12_288;

    private long _skipped;
    private int _overlong;

    /// <summary>Whether the next line waits for the replies to those before it.</summary>
    public bool IsHeldBack { get; private set; }

    /// <summary>The line just taken was put back.</summary>
    public void HoldBack() => IsHeldBack = true;

    /// <summary>Takes one line.</summary>
    /// <param name="buffer">What arrived; cut by what was taken.</param>
    public CommandLine Take(ref ReadOnlySequence<byte> buffer)
    {
        IsHeldBack = false;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> raw, (byte)'\n'))
        {
            if (_skipped > 0 || buffer.Length > Math.Max(limit, AuthLimit) || (buffer.Length > limit && !IsAuth(buffer)))
            {
                _skipped += buffer.Length;
                buffer = buffer.Slice(buffer.End);
                if (_skipped > MaxSkipped)
                    return new CommandLine(CommandLineKind.Endless);
            }
            return new CommandLine(CommandLineKind.Incomplete);
        }
        ReadOnlySequence<byte> before = buffer;
        buffer = buffer.Slice(reader.Position);
        if (_skipped > 0 || raw.Length > Math.Max(limit, AuthLimit) || (raw.Length > limit && !IsAuth(before)))
        {
            bool endless = _skipped + raw.Length > MaxSkipped || ++_overlong >= 3;
            _skipped = 0;
            return new CommandLine(endless ? CommandLineKind.Endless : CommandLineKind.TooLong);
        }
        string line = Encoding.Latin1.GetString(raw);
        if (!line.EndsWith('\r') || line.AsSpan(0, line.Length - 1).IndexOfAny('\r', '\0') >= 0)
            return new CommandLine(CommandLineKind.BadLineEnd);
        return new CommandLine(CommandLineKind.Line, line[..^1]);
    }

    private static bool IsAuth(ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[5];
        buffer.Slice(0, 5).CopyTo(start);
        return Ascii.EqualsIgnoreCase(start, "AUTH "u8);
    }
}
