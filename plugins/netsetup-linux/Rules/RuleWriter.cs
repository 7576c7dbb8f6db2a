using System.Text;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>Writes nftables rules, a block in each other.</summary>
internal sealed class RuleWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>Writes a line.</summary>
    /// <param name="rule">Without line end.</param>
    public void Line(string rule) => _text.Append('\t', _depth).Append(rule).Append('\n');

    /// <summary>Writes a block.</summary>
    /// <param name="head">What stands before the brace.</param>
    /// <param name="write">Writes what stands in it.</param>
    public void Block(string head, Action write)
    {
        Line(head + " {");
        _depth++;
        write();
        _depth--;
        Line("}");
    }

    /// <summary>A table of ours, replaced as a whole where it is there already.</summary>
    /// <param name="family">Its family.</param>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes what stands in it.</param>
    public void Table(string family, string name, Action write)
    {
        Line($"table {family} {name}");
        Line($"delete table {family} {name}");
        Block($"table {family} {name}", write);
    }

    /// <summary>A chain that hangs in a hook.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="hook">Hook, and device where there is one.</param>
    /// <param name="priority">Its place.</param>
    /// <param name="write">Writes its rules.</param>
    public void Hook(string name, string hook, int priority, Action write) => Block($"chain {name}", () =>
    {
        Line($"type filter hook {hook} priority {priority}; policy accept;");
        write();
    });

    /// <summary>A set of nft without a name.</summary>
    /// <param name="elements">Its elements.</param>
    public static string Set<T>(IEnumerable<T> elements) => $"{{ {string.Join(", ", elements)} }}";

    /// <summary>Names in quotes.</summary>
    /// <param name="names">The names.</param>
    public static string Names(IEnumerable<string> names) => Set(names.Select(name => $"\"{name}\""));

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
