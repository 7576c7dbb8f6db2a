using System.Globalization;

namespace Cstp.Host.Commands;

/// <summary>Makes text of foreign origin safe for a terminal: what steers it, or turns the reading direction, is escaped.</summary>
internal static class Printable
{
    /// <summary>Escapes controls, line ends included.</summary>
    /// <param name="text">The text.</param>
    public static string Text(string text) => string.Concat(text.Select(c => IsHarmless(c) ? c.ToString() : Escaped(c)));

    /// <summary>Escapes controls, but for line ends.</summary>
    /// <param name="text">The text.</param>
    public static string Lines(string text) => string.Concat(text.Select(c => c == '\n' || IsHarmless(c) ? c.ToString() : Escaped(c)));

    private static bool IsHarmless(char c) => char.GetUnicodeCategory(c) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned);

    private static string Escaped(char c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
