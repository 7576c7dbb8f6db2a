using System.Text;

namespace Cstp.Tests.Securing.Table;

/// <summary>What becomes of every combination of some inputs, and as few rows as say the same: each combination stands in exactly one row.</summary>
internal sealed class RuleTable
{
    private readonly string _title;
    private readonly string _introduction;
    private readonly (string Name, string[] Values)[] _inputs;
    private readonly List<(int[] Combination, string Outcome, string Log)> _combinations = [];

    public RuleTable(string title, string introduction, params (string Name, string[] Values)[] inputs)
    {
        _title = title;
        _introduction = introduction;
        _inputs = inputs;
    }

    public int Combinations => _combinations.Count;

    /// <summary>All combinations, each as the places of its values.</summary>
    public IEnumerable<int[]> Walk()
    {
        int[] at = new int[_inputs.Length];
        while (true)
        {
            yield return [.. at];
            int i = at.Length - 1;
            while (i >= 0 && ++at[i] == _inputs[i].Values.Length)
                at[i--] = 0;
            if (i < 0)
                yield break;
        }
    }

    public string Describe(int[] combination) => string.Join(", ", combination.Select((value, i) => $"{_inputs[i].Name}: {_inputs[i].Values[value]}"));

    public void Add(int[] combination, string outcome, string log) => _combinations.Add((combination, outcome, log));

    public void Write(StringBuilder document)
    {
        var rows = new List<Row>();
        foreach (var group in _combinations.GroupBy(c => (c.Outcome, c.Log)))
            rows.AddRange(Merge([.. group.Select(c => new Row([.. c.Combination.Select(value => 1 << value)], c.Outcome, c.Log))]));
        rows.Sort((one, other) => one.Values.Zip(other.Values).Select(pair => pair.First.CompareTo(pair.Second)).FirstOrDefault(order => order != 0));

        document.Append($"## {_title}\n\n{_introduction}\n\n{_combinations.Count} combinations in {rows.Count} rows.\n\n");
        document.Append($"| {string.Join(" | ", _inputs.Select(input => input.Name))} | outcome | log |\n|{string.Concat(Enumerable.Repeat("---|", _inputs.Length + 2))}\n");
        foreach (Row row in rows)
            document.Append($"| {string.Join(" | ", row.Values.Select((set, i) => Names(set, _inputs[i].Values)))} | {row.Outcome} | {row.Log} |\n");
        document.Append('\n');
    }

    /// <summary>Rows that differ in one input alone become one.</summary>
    private List<Row> Merge(List<Row> rows)
    {
        for (int i = _inputs.Length - 1; i >= 0; i--)
        {
            rows = [.. rows.GroupBy(row => string.Join(',', row.Values.Where((_, at) => at != i))).Select(group =>
            {
                Row first = group.First();
                int[] values = [.. first.Values];
                values[i] = group.Aggregate(0, (set, row) => set | row.Values[i]);
                return first with { Values = values };
            })];
        }
        return rows;
    }

    private static string Names(int set, string[] values) =>
        set == (1 << values.Length) - 1 ? "any" : string.Join(" / ", values.Where((_, value) => (set & (1 << value)) != 0));

    private sealed record Row(int[] Values, string Outcome, string Log);
}
