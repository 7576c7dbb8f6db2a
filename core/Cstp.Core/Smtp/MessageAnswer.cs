using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>What the client hears after its final dot: the server's own word, or ours. Exactly one of the nested types.</summary>
internal abstract record MessageAnswer
{
    private MessageAnswer()
    {
    }

    /// <summary>The server's reply, as it came.</summary>
    /// <param name="Reply">The reply.</param>
    public sealed record FromServer(ServerReply Reply) : MessageAnswer;

    /// <summary>A refusal of ours.</summary>
    /// <param name="Reply">The reply.</param>
    /// <param name="Cause">For the log.</param>
    public sealed record Ours(Reply Reply, string Cause) : MessageAnswer;

    /// <summary>All recipients have the message already, from an attempt that others missed: nothing was sent.</summary>
    public sealed record Before : MessageAnswer
    {
        /// <summary>What the client hears.</summary>
        public Reply Reply { get; } = new(250, "2.0.0", "Ok: delivered already in an earlier attempt");
    }

    /// <summary>Nothing: the client ended the message itself, and hears the reply to the command by which it did.</summary>
    /// <param name="Cause">For the log.</param>
    public sealed record None(string Cause) : MessageAnswer;

    /// <summary>What follows from the way in which a message ended.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="fault">What was wrong, for the log; or null.</param>
    /// <returns>Null where it ended as it must.</returns>
    /// <exception cref="SessionClosedException">Nothing that this client sends can be trusted any more.</exception>
    public static MessageAnswer? After(DataEnd end, string? fault) => end switch
    {
        DataEnd.Complete => null,
        DataEnd.Aborted => new None("the client ended the message between two chunks"),
        DataEnd.ContainsNul => Refusal(new Reply(550, "5.6.0", "The message contains a NUL octet; encode it (RFC 2045 2.7)"), fault),
        DataEnd.Unfit => Refusal(new Reply(554, "5.6.3", "The content cannot be transported: a CR or NUL stands where no line ends, or a line does not end in CRLF"), fault),
        DataEnd.Broken => throw new SessionClosedException(
            new Reply(550, "5.5.2", "A line of the message does not end in CRLF; send CRLF (RFC 5321 2.3.8)"), $"smuggling is possible: {fault}"),
        DataEnd.BadChunk => throw new SessionClosedException(ChunkCommand.Unreadable, "a chunk whose size is not known"),
        DataEnd.BadCommand => throw new SessionClosedException(
            new Reply(500, "5.5.2", "A command between two chunks is too long, or its line is broken; connection closed"), "a broken command between two chunks"),
        DataEnd.Junk => throw new SessionClosedException(new Reply(421, "4.7.0", "Too many commands without mail; connection closed"), "too many commands between two chunks"),
        DataEnd.TooSlow => throw new SessionClosedException(new Reply(421, "4.4.2", "Timeout while the message was sent; connection closed"), "the client sent too slowly"),
        _ => throw new SessionClosedException(null, "the client closed in the middle of a message"),
    };

    private static Ours Refusal(Reply reply, string? fault) => new(reply, fault ?? reply.Text);

    /// <summary>Securing, opening or a check is not to be had now.</summary>
    /// <param name="cause">For the log.</param>
    public static Ours Unavailable(string cause) =>
        new(new Reply(451, "4.7.5", "The message cannot be secured or checked now; try again later"), cause);

    /// <summary>A held message could not be opened and sent on before the client's patience ends (RFC 5321 4.5.3.2.6).</summary>
    public static Ours TooLate { get; } =
        new(new Reply(451, "4.4.2", "The message could not be checked and passed on in time; try again later"), "over [smtp] transfer_timeout after the client's final dot");

    /// <summary>The server was lost.</summary>
    /// <param name="cause">For the log.</param>
    public static Ours ServerLost(string cause) =>
        new(new Reply(451, "4.4.2", "The mail server closed the connection; try again later"), cause);
}
