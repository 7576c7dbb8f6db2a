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
