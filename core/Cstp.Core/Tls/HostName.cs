namespace Cstp.Core.Tls;

/// <summary>Host names in their A-label form (RFC 5890), with at least one dot.</summary>
internal static class HostName
{
    /// <summary>Whether a text is one; what is none is neither asked for in TLS nor put into certificates.</summary>
    /// <param name="text">The text.</param>
    public static bool IsValid(string text) =>
        text.Length is > 2 and <= 253
        && text.Contains('.', StringComparison.Ordinal)
        && text.Split('.').All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        && !text.All(c => char.IsAsciiDigit(c) || c == '.');
}
