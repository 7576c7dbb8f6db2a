namespace Cstp.Core.Smtp;

/// <summary>A whole reply of a server, possibly of several lines (RFC 5321 4.2).</summary>
/// <param name="Code">200 to 559; the same on every line.</param>
/// <param name="Lines">The lines without CRLF, one character an octet.</param>
internal sealed record ServerReply(int Code, IReadOnlyList<string> Lines)
{
    /// <summary>The digit that a reply is judged by (RFC 5321 4.3.2).</summary>
    public int FirstDigit => Code / 100;

    /// <summary>Whether the server accepted.</summary>
    public bool IsPositive => FirstDigit == 2;

    /// <summary>The last line's text as printable ASCII, for log and replies of ours.</summary>
    public string Text => new([.. Lines[^1].Select(c => c is >= ' ' and <= '~' ? c : '?')]);
}

/// <summary>A server broke the protocol.</summary>
/// <param name="message">How.</param>
internal sealed class SmtpProtocolException(string message) : Exception(message);

/// <summary>A connection ended or its peer stayed silent.</summary>
/// <param name="message">Which, and when.</param>
internal sealed class ConnectionLostException(string message) : IOException(message);
