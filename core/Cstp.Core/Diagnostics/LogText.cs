namespace Cstp.Core.Diagnostics;

/// <summary>Makes what a peer chose fit for a log line.</summary>
internal static class LogText
{
    /// <summary>Printable ASCII of at most 400 characters; anything else becomes a question mark.</summary>
    /// <param name="text">The text.</param>
    public static string Escape(string text) => string.Create(Math.Min(text.Length, 400), text, static (clean, raw) =>
    {
        for (int i = 0; i < clean.Length; i++)
            clean[i] = raw[i] is >= ' ' and <= '~' ? raw[i] : '?';
    });
}
