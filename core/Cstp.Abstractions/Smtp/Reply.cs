using System.Globalization;
using System.Text;

namespace Cstp.Abstractions;

/// <summary>A reply of ours to an SMTP client: one line (RFC 5321 4.2, RFC 2034).</summary>
/// <remarks>Immutable. The text names the cause and what to do, and tells an outsider nothing of the inside.</remarks>
public sealed record Reply
{
    /// <summary>Makes a reply.</summary>
    /// <param name="code">200 to 559.</param>
    /// <param name="enhancedStatusCode">For example <c>"5.7.1"</c>, of the same class as the code; null for none.</param>
    /// <param name="text">Printable ASCII; a character beyond ASCII becomes <c>\x{HEX}</c> (RFC 6533 3), a control a question mark. Cut at 400 characters.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code is none, or the classes differ.</exception>
    public Reply(int code, string? enhancedStatusCode, string text)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 559);
        if (enhancedStatusCode is not null && enhancedStatusCode[0] - '0' != code / 100)
            throw new ArgumentOutOfRangeException(nameof(enhancedStatusCode), enhancedStatusCode, "class differs from the reply code's (RFC 2034 4)");
        Code = code;
        EnhancedStatusCode = enhancedStatusCode;
        Text = Ascii.IsValid(text) ? Printable(text) : Printable(string.Concat(text.EnumerateRunes().Select(Escaped)));
    }

    /// <summary>The reply code.</summary>
    public int Code { get; }

    /// <summary>The enhanced status code (RFC 3463), or null.</summary>
    public string? EnhancedStatusCode { get; }

    /// <summary>The text, printable ASCII.</summary>
    public string Text { get; }

    /// <summary>Whether the client may try again later (4yz).</summary>
    public bool IsTransient => Code / 100 == 4;

    /// <summary>The line without CRLF.</summary>
    public override string ToString() => EnhancedStatusCode is null ? $"{Code} {Text}" : $"{Code} {EnhancedStatusCode} {Text}";

    private static string Printable(string text) => string.Create(Math.Min(text.Length, 400), text, static (clean, raw) =>
    {
        for (int i = 0; i < clean.Length; i++)
            clean[i] = raw[i] is >= ' ' and <= '~' ? raw[i] : '?';
    });

    private static string Escaped(Rune rune) => rune.IsAscii ? rune.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X}}}");
}
