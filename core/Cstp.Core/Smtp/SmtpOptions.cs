using System.ComponentModel.DataAnnotations;

namespace Cstp.Core.Smtp;

/// <summary>What happens to STARTTLS.</summary>
internal enum StartTlsHandling
{
    /// <summary>The keyword is taken out of the server's offer: all mail crosses the box in clear, and can be protected.</summary>
    Hide,

    /// <summary>The session goes by unseen once TLS begins; such sessions are counted and logged.</summary>
    Pass,

    /// <summary>The box ends TLS at both ends, as the section <c>[tls]</c> says: all mail can be protected, and no connection need be in clear.</summary>
    Terminate,
}

/// <summary>What happens to a line feed without carriage return in content.</summary>
internal enum BareNewline
{
    /// <summary>It becomes CRLF before dots are doubled again.</summary>
    Normalise,

    /// <summary>The message is refused and the connection closed.</summary>
    Refuse,
}

/// <summary>What happens to a NUL in content, away from line ends.</summary>
internal enum NulHandling
{
    /// <summary>The message is refused with 550 5.6.0.</summary>
    Refuse,

    /// <summary>It goes on.</summary>
    Pass,
}

/// <summary>Section <c>[smtp]</c>.</summary>
internal sealed record SmtpOptions
{
    /// <summary>STARTTLS between client and server.</summary>
    public StartTlsHandling Starttls { get; init; } = StartTlsHandling.Hide;

    /// <summary>LF without CR in content.</summary>
    public BareNewline BareNewline { get; init; } = BareNewline.Normalise;

    /// <summary>NUL in content.</summary>
    public NulHandling Nul { get; init; } = NulHandling.Refuse;

    /// <summary>How long to wait for the server to accept the connection and greet (RFC 5321 4.5.3.2.1: 5 minutes).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the client may take for a whole command (RFC 5321 4.5.3.2.7: 5 minutes).</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the server may take for a reply (RFC 5321 4.5.3.2: 5 minutes, and a little, so that the client decides).</summary>
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromSeconds(310);

    /// <summary>How long one block of content may take in either direction (RFC 5321 4.5.3.2.5: 3 minutes).</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromSeconds(190);

    /// <summary>How long the reply to the final dot may take, of several deliveries all of them together (RFC 5321 4.5.3.2.6: 10 minutes).</summary>
    public TimeSpan FinalReplyTimeout { get; init; } = TimeSpan.FromSeconds(610);

    /// <summary>How long a held message may take from the client's final dot to ours, so that it fits into the client's 10 minutes.</summary>
    public TimeSpan TransferTimeout { get; init; } = TimeSpan.FromMinutes(9);

    /// <summary>How long the deliveries of one message may take to be connected and addressed.</summary>
    public TimeSpan PreparationTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often a server that waits while content is held hears a NOOP (half of its 5 minutes would do).</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long sessions in progress have on shutdown.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sessions at once; beyond it 421. The default follows from the limit on open files: two each, and one for a spool.</summary>
    [Range(1, 100_000)]
    public int MaxSessions { get; init; } = OpenFiles.DefaultSessions;

    /// <summary>Recipients a transaction (RFC 5321 4.5.3.1.8: at least 100).</summary>
    [Range(100, 100_000)]
    public int MaxRecipients { get; init; } = 1_000;

    /// <summary>Octets of a command line; AUTH lines have 12,288 (RFC 4954 4).</summary>
    [Range(512, 65_536)]
    public int MaxCommandLine { get; init; } = 4_096;

    /// <summary>Commands that we refused ourselves, before the session is closed.</summary>
    [Range(1, 10_000)]
    public int MaxBadCommands { get; init; } = 20;

    /// <summary>Commands without mail (NOOP, RSET, VRFY and the like) between two messages.</summary>
    [Range(1, 100_000)]
    public int MaxJunkCommands { get; init; } = 100;

    /// <summary>Octets of a header section.</summary>
    [Range(4_096, 16 * 1024 * 1024)]
    public int MaxHeader { get; init; } = 256 * 1024;
}
