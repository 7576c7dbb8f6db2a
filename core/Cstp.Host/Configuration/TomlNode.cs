namespace Cstp.Host.Configuration;

/// <summary>A value of the configuration file, with where it stands. Exactly one of the nested types.</summary>
/// <param name="Line">The line, from 1.</param>
internal abstract record TomlNode(int Line)
{
    /// <summary>A string.</summary>
    internal sealed record Text(int Line, string Value) : TomlNode(Line);

    /// <summary>An integer.</summary>
    internal sealed record Integer(int Line, long Value) : TomlNode(Line);

    /// <summary>A boolean.</summary>
    internal sealed record Boolean(int Line, bool Value) : TomlNode(Line);

    /// <summary>A list.</summary>
    internal sealed record List(int Line, IReadOnlyList<TomlNode> Items) : TomlNode(Line);

    /// <summary>A table: a section, or one in braces.</summary>
    internal sealed record Table(int Line, Dictionary<string, TomlNode> Items) : TomlNode(Line);

    /// <summary>What no setting is: a float or a date.</summary>
    internal sealed record Other(int Line, string Kind) : TomlNode(Line);

    /// <summary>What it is, for messages.</summary>
    public string Description => this switch
    {
        Text => "a string",
        Integer => "an integer",
        Boolean => "true or false",
        List => "a list",
        Table => "a table",
        Other other => other.Kind,
        _ => throw new InvalidOperationException("no such node"),
    };
}
