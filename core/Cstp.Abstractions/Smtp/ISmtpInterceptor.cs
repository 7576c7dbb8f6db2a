using System.Net;

namespace Cstp.Abstractions;

/// <summary>The side of the box on which a session came in.</summary>
public enum Side
{
    /// <summary>From the local users and their mail server.</summary>
    Inside,

    /// <summary>From everybody else.</summary>
    Outside,
}

/// <summary>What an interceptor sees of a session. The same object at every call of one session.</summary>
public interface ISmtpSessionInfo
{
    /// <summary>The session's name in the log.</summary>
    string Id { get; }

    /// <summary>Where the session came in.</summary>
    Side Side { get; }

    /// <summary>The client's address.</summary>
    EndPoint Client { get; }

    /// <summary>The address that the client connected to.</summary>
    EndPoint Server { get; }

    /// <summary>
    /// Whether octets of the client arrived before the server's greeting was sent to it; a client waits for it (RFC 5321 3.1).
    /// While <see cref="SmtpEvent.Connected"/> is decided, whether that happened so far.
    /// </summary>
    bool SpokeBeforeGreeting => false;

    /// <summary>
    /// Notes that interceptors leave for each other and for the log; the key begins with the plugin's name and a dot. Used by one
    /// call at a time.
    /// </summary>
    IDictionary<string, string> Notes { get; }
}

/// <summary>One thing that happened or is about to happen in a session. Exactly one of the nested types.</summary>
public abstract record SmtpEvent
{
    private SmtpEvent()
    {
    }

    /// <summary>A client connected; the server was not asked yet.</summary>
    public sealed record Connected : SmtpEvent;

    /// <summary>EHLO or HELO.</summary>
    /// <param name="Name">What the client calls itself, as it came.</param>
    public sealed record Hello(string Name) : SmtpEvent;

    /// <summary>MAIL.</summary>
    /// <param name="ReversePath">The sender; null for the null reverse-path <c>&lt;&gt;</c>.</param>
    /// <param name="Parameters">The parameters as they came.</param>
    public sealed record Mail(Mailbox? ReversePath, string Parameters) : SmtpEvent;

    /// <summary>RCPT.</summary>
    /// <param name="ForwardPath">The recipient.</param>
    /// <param name="Parameters">The parameters as they came.</param>
    public sealed record Recipient(Mailbox ForwardPath, string Parameters) : SmtpEvent;

    /// <summary>DATA, with at least one recipient accepted.</summary>
    /// <param name="Recipients">The recipients that were accepted.</param>
    public sealed record Data(IReadOnlyList<Mailbox> Recipients) : SmtpEvent;

    /// <summary>The header section of a message was read; its body follows.</summary>
    /// <param name="Header">The octets of the header section, without the empty line.</param>
    public sealed record Message(ReadOnlyMemory<byte> Header) : SmtpEvent;

    /// <summary>A command was answered. Only observed. The answer to DATA and its message is <see cref="Answered"/>.</summary>
    /// <param name="Verb">The command in upper case; empty where the line was none.</param>
    /// <param name="Code">The code of the reply.</param>
    /// <param name="IsFromServer">Whether it is the server's word; else the box's, an interceptor's included.</param>
    public sealed record Replied(string Verb, int Code, bool IsFromServer) : SmtpEvent;

    /// <summary>The client's message was answered.</summary>
    /// <param name="Code">The code of the reply to the final dot.</param>
    public sealed record Answered(int Code) : SmtpEvent;

    /// <summary>The session is over. Only observed.</summary>
    public sealed record Closed : SmtpEvent;
}

/// <summary>What an interceptor decides. Exactly one of the nested types.</summary>
public abstract record InterceptorVerdict
{
    private InterceptorVerdict()
    {
    }

    /// <summary>Go on.</summary>
    public static InterceptorVerdict Pass { get; } = new Passed();

    /// <summary>Go on.</summary>
    public sealed record Passed : InterceptorVerdict;

    /// <summary>Answer the command (or the client's final dot) with this reply; the server does not see it.</summary>
    /// <param name="Reply">A 4yz or 5yz reply. After 421 the session ends (RFC 5321 3.8).</param>
    public sealed record Refuse(Reply Reply) : InterceptorVerdict;

    /// <summary>Wait, then go on.</summary>
    /// <param name="Duration">Up to one minute; longer is cut to that.</param>
    public sealed record Delay(TimeSpan Duration) : InterceptorVerdict;

    /// <summary>Close both connections without a word, the server's before any end of data.</summary>
    public sealed record Drop : InterceptorVerdict;
}

/// <summary>
/// Sees the course of each SMTP session and may interfere. Interceptors are asked in the order of the configuration; the first
/// verdict that is neither pass nor delay holds.
/// </summary>
/// <remarks>
/// One instance serves all sessions, calls of one session come one after the other. An exception refuses the command or message
/// with 451 4.7.5 and is logged; the message never passes unseen.
/// </remarks>
public interface ISmtpInterceptor
{
    /// <summary>Told of each event after it was decided to go on, and of the end of the session. Must not block.</summary>
    /// <param name="session">The session.</param>
    /// <param name="happened">What happened.</param>
    void Observe(ISmtpSessionInfo session, SmtpEvent happened)
    {
    }

    /// <summary>
    /// Asked before an event takes effect: all but <see cref="SmtpEvent.Replied"/>, <see cref="SmtpEvent.Answered"/> and
    /// <see cref="SmtpEvent.Closed"/>.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="about">What is about to happen.</param>
    /// <param name="cancel">The session ends.</param>
    /// <remarks>
    /// May compute or wait for long, up to five minutes with all interceptors of an event together, but waits without blocking its
    /// thread. <paramref name="cancel"/> is raised where this time passes, and where the box stops.
    /// </remarks>
    ValueTask<InterceptorVerdict> DecideAsync(ISmtpSessionInfo session, SmtpEvent about, CancellationToken cancel) =>
        ValueTask.FromResult(InterceptorVerdict.Pass);
}
