namespace Cstp.Host.Configuration;

/// <summary>Collects everything that is wrong with a configuration file, to be told at once.</summary>
/// <param name="file">The file, for the messages.</param>
internal sealed class Mistakes(string file)
{
    private readonly List<(int Line, string Text)> _all = [];

    /// <summary>How many there are.</summary>
    public int Count => _all.Count;

    /// <summary>All, by line: <c>file:line: [section] key: what</c>.</summary>
    public IReadOnlyList<string> Lines => [.. _all.OrderBy(mistake => mistake.Line).Select(mistake => mistake.Text).Distinct()];

    /// <summary>Adds one.</summary>
    /// <param name="line">Where it stands.</param>
    /// <param name="section">The section; empty for the file itself.</param>
    /// <param name="key">The key, or null.</param>
    /// <param name="what">What is wrong and what to do.</param>
    public void Add(int line, string section, string? key, string what)
    {
        string place = (section.Length > 0 ? $"[{section}]" : "") + (section.Length > 0 && key is not null ? " " : "") + key;
        _all.Add((line, place.Length > 0 ? $"{file}:{line}: {place}: {what}" : $"{file}:{line}: {what}"));
    }
}
