using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Cstp.Host.Configuration;

/// <summary>Reads a TOML file into nodes that know their line.</summary>
internal static class TomlFile
{
    /// <summary>Reads it.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="mistakes">Receives what is wrong with its syntax.</param>
    /// <returns>What could be read.</returns>
    public static TomlNode.Table Read(string text, Mistakes mistakes)
    {
        var root = new TomlNode.Table(1, []);
        DocumentSyntax document = SyntaxParser.Parse(text, "", true);
        foreach (DiagnosticMessage diagnostic in document.Diagnostics)
            mistakes.Add(diagnostic.Span.Start.Line + 1, "", null, $"not TOML: {diagnostic.Message}");
        if (document.HasErrors)
            return root;
        AddAll(root, document.KeyValues, mistakes);
        foreach (TableSyntaxBase table in document.Tables)
        {
            int line = LineOf(table);
            string[] keys = table.Name is null ? [] : [.. Keys(table.Name)];
            if ((table is TableArraySyntax ? Append(root, keys, line, mistakes) : Descend(root, keys, line, mistakes)) is { } section)
                AddAll(section, table.Items, mistakes);
        }
        return root;
    }

    /// <summary>One more table of a list, as <c>[[section.list]]</c> writes it.</summary>
    private static TomlNode.Table? Append(TomlNode.Table root, string[] keys, int line, Mistakes mistakes)
    {
        if (Descend(root, keys[..^1], line, mistakes) is not { } section)
            return null;
        var table = new TomlNode.Table(line, []);
        // That it is nothing else already is Tomlyn's to find.
        section.Items[keys[^1]] = section.Items.GetValueOrDefault(keys[^1]) is TomlNode.List list ? new TomlNode.List(list.Line, [.. list.Items, table]) : new TomlNode.List(line, [table]);
        return table;
    }

    private static void AddAll(TomlNode.Table table, IEnumerable<KeyValueSyntax> pairs, Mistakes mistakes)
    {
        foreach (KeyValueSyntax pair in pairs)
        {
            if (pair.Key is null || pair.Value is null)
                continue;
            int line = LineOf(pair);
            string[] keys = [.. Keys(pair.Key)];
            if (Descend(table, keys[..^1], line, mistakes) is { } target && !target.Items.TryAdd(keys[^1], Value(pair.Value, line, mistakes)))
                mistakes.Add(line, "", keys[^1], "given twice");
        }
    }

    private static TomlNode.Table? Descend(TomlNode.Table table, string[] keys, int line, Mistakes mistakes)
    {
        foreach (string key in keys)
        {
            if (!table.Items.TryGetValue(key, out TomlNode? next))
                table.Items[key] = next = new TomlNode.Table(line, []);
            if (next is not TomlNode.Table inner)
            {
                mistakes.Add(line, "", key, "is given as a value and as a table");
                return null;
            }
            table = inner;
        }
        return table;
    }

    private static TomlNode Value(ValueSyntax value, int line, Mistakes mistakes)
    {
        switch (value)
        {
            case StringValueSyntax text:
                return new TomlNode.Text(line, text.Value ?? "");
            case IntegerValueSyntax integer:
                return new TomlNode.Integer(line, integer.Value);
            case BooleanValueSyntax boolean:
                return new TomlNode.Boolean(line, boolean.Value);
            case ArraySyntax list:
                return new TomlNode.List(line, [.. list.Items.Select(item => item.Value).OfType<ValueSyntax>().Select(item => Value(item, LineOf(item), mistakes))]);
            case InlineTableSyntax inline:
                var table = new TomlNode.Table(line, []);
                AddAll(table, inline.Items.Select(item => item.KeyValue).OfType<KeyValueSyntax>(), mistakes);
                return table;
            default:
                return new TomlNode.Other(line, value is FloatValueSyntax ? "a number with a fraction" : "a date or time");
        }
    }

    private static IEnumerable<string> Keys(KeySyntax key)
    {
        yield return Name(key.Key);
        foreach (DottedKeyItemSyntax dotted in key.DotKeys)
            yield return Name(dotted.Key);
    }

    private static string Name(BareKeyOrStringValueSyntax? key) => key switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax text => text.Value ?? "",
        _ => "",
    };

    private static int LineOf(SyntaxNode node) => node.Span.Start.Line + 1;
}
