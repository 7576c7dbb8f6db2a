using Cstp.Abstractions;

namespace Cstp.Core.Tls;

/// <summary>Host names in their A-label form (RFC 5890), with at least one dot.</summary>
internal static class HostName
{
    /// <summary>Whether a text is one; what is none is neither asked for in TLS nor put into certificates.</summary>
    /// <param name="text">The text.</param>
    public static bool IsValid(string text) =>
        text.Length <= 253
        && Mailbox.IsDomain(text)
        && text.Contains('.', StringComparison.Ordinal)
        && !text.Contains('_', StringComparison.Ordinal)
        && !text.All(c => char.IsAsciiDigit(c) || c == '.');
}
