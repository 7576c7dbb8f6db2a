using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Cstp.Host.Commands;

/// <summary>Writes what a command found: one JSON document, or words.</summary>
/// <param name="parsed">The command line.</param>
internal sealed class CommandOutput(ParseResult parsed)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.Default,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Whether JSON was asked for.</summary>
    public bool IsJson { get; } = parsed.GetResult(CommonOptions.Json) is not null && parsed.GetValue(CommonOptions.Json);

    /// <summary>Writes the JSON document; call once.</summary>
    /// <param name="document">What becomes camelCase JSON.</param>
    public void Json(object document) => parsed.InvocationConfiguration.Output.WriteLine(Serialize(document));

    /// <summary>The JSON document that <see cref="Json"/> writes.</summary>
    /// <param name="document">What becomes camelCase JSON.</param>
    public static string Serialize(object document) => JsonSerializer.Serialize(document, Options);

    /// <summary>Writes a line of the result.</summary>
    /// <param name="text">The text.</param>
    public void Line(string text) => parsed.InvocationConfiguration.Output.WriteLine(Printable.Text(text));

    /// <summary>Writes text of our own making as it is.</summary>
    /// <param name="text">The text, with its line ends.</param>
    public void Raw(string text) => parsed.InvocationConfiguration.Output.Write(text);

    /// <summary>Writes a line for people, beside the result.</summary>
    /// <param name="text">The text.</param>
    public void Notice(string text) => parsed.InvocationConfiguration.Error.WriteLine($"cstp: {Printable.Text(text)}");

    /// <summary>Writes rows.</summary>
    /// <param name="columns">Their heads.</param>
    /// <param name="rows">The rows, a text for each column.</param>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(parsed.InvocationConfiguration.Output) });
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 1_000;   // Rows for another program are never folded.
        var table = new Table { Border = TableBorder.None };
        foreach (string column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        foreach (IReadOnlyList<string> row in rows)
            table.AddRow([.. row.Select(cell => new Text(Printable.Text(cell)))]);
        console.Write(table);
    }
}
